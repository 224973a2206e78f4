"""Headline measures, held to what is to be expected of such a company.

The truth is counted from what happened in the simulated companies, in plain words of its own, and averaged over all
others than the one that is looked at; so an interval must hold what a month lived again would show on average. How much
slower support makes things is the same company lived twice, once with slow support and once without.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from calibrate.case import DEFAULT, Case, Effect, Null, of_finding, twin
from calibrate.measured import AFTER, NAME, SLOW_REGION
from company import World
from cxlib.estimate import Estimate
from cxlib.metrics import METRICS
from cxlib.notebook import Study

ZONE = pd.Timedelta(hours=3)
"""The reports' time zone is three hours ahead all year."""
IN_EURO = {"EUR": 1.0, "USD": 0.92, "TRY": 0.024}
SEPTEMBER, OCTOBER, YEAR_AGO = (pd.Timestamp(day) - ZONE for day in ("2026-10-01", "2026-11-01", "2025-11-01"))
"""Ends of months, in UTC."""
NEVER_SLOW = replace(
    DEFAULT,
    support=replace(DEFAULT.support, slow_from="2026-10"),
    experience=replace(DEFAULT.experience, launch_factor=1.0),
)


def inside(times: pd.Series, begins: pd.Timestamp = SEPTEMBER, ends: pd.Timestamp = OCTOBER) -> pd.Series:
    return (times >= begins) & (times < ends)


def opened(world: World) -> float:
    return float(inside(world.tickets["created_at"]).sum())


def open_at_the_end(world: World) -> float:
    tickets = world.tickets
    closed = tickets["last_solved_at"] < OCTOBER
    return float(((tickets["created_at"] < OCTOBER) & ~closed).sum())


def median_wait(tickets: pd.DataFrame) -> float:
    """Return the median minutes until the first answer; those still waiting come last."""
    minutes = (tickets["first_replied_at"] - tickets["created_at"]).dt.total_seconds() / 60
    return float(np.median(minutes.fillna(np.inf)))


def first_reply(world: World) -> float:
    return median_wait(world.tickets[inside(world.tickets["created_at"])])


def rated_good(tickets: pd.DataFrame) -> float:
    rating = tickets["satisfaction"].astype(str)
    return float((rating == "good").sum() / rating.isin(["good", "bad"]).sum())


def satisfied(world: World) -> float:
    return rated_good(world.tickets[inside(world.tickets["last_solved_at"])])


def score(survey: str, filed_under: str) -> Callable[[World], float]:
    """Return what finds promoters less detractors of a survey's answers of the month."""

    def found(world: World) -> float:
        asked = world.surveys[(world.surveys["survey"] == survey) & inside(world.surveys[filed_under])]
        given = asked["score"].astype(float).dropna()
        return 100 * float((given >= 9).mean() - (given <= 6).mean())

    return found


def paying(world: World, at: pd.Timestamp) -> pd.Series:
    """Return what each customer pays a month at an instant, in euro; 0 for who does not."""
    terms = world.subscriptions
    begins = terms["trial_ends_at"].fillna(terms["started_at"])
    runs = (begins < at) & ~(terms["ended_at"] < at) & ~(terms["ended_at"] <= terms["trial_ends_at"])
    amount = terms["monthly_amount"] * terms["currency"].astype(str).map(IN_EURO)
    return amount.where(runs, 0.0).groupby(terms["customer_id"].astype(str)).sum()


def kept(world: World) -> float:
    before, now = paying(world, YEAR_AGO), paying(world, OCTOBER)
    return float((now[before > 0] > 0).mean())


def revenue_kept(capped: bool) -> Callable[[World], float]:
    def found(world: World) -> float:
        before, now = paying(world, YEAR_AGO), paying(world, OCTOBER)
        now = now.clip(upper=before) if capped else now
        return float(now[before > 0].sum() / before.sum())

    return found


def moved(which: Callable[[pd.Series, pd.Series], pd.Series]) -> Callable[[World], float]:
    """Return what adds up the change of what customers pay over the month, of those that `which` finds."""

    def found(world: World) -> float:
        before, now = paying(world, SEPTEMBER), paying(world, OCTOBER)
        return float((now - before).abs()[which(before, now)].sum())

    return found


def never_before(before: pd.Series, now: pd.Series) -> pd.Series:
    return (before == 0) & (now > 0)


def a_customer(metric: str) -> Callable[[Study], Estimate | None]:
    """Return what finds a count or an amount by customer: an interval speaks of the customers there are."""

    def found(study: Study) -> Estimate | None:
        one, many = (study.finding(name).estimate for name in (metric, "customers_active"))
        if one is None or many is None:
            return None
        value, low, high = (line / many.value for line in (one.value, one.low, one.high))
        return replace(one, value=value, low=low, high=high)

    return found


def there(world: World) -> int:
    return int((paying(world, OCTOBER) > 0).sum())


def _expected(metric: str, truth: Callable[[World], float]) -> Case:
    shared = {"study": NAME, "expected": True}
    if METRICS[metric].kind in ("count", "stock", "total"):
        name, each = f"measure: {metric} by customer", lambda world: truth(world) / there(world)
        return Case(name=name, estimate=a_customer(metric), truth=each, **shared)
    return Case(name=f"measure: {metric}", estimate=of_finding(metric), truth=truth, **shared)


# of contractions there are four a month, fewer than are told
TRUTHS: dict[str, Callable[[World], float]] = {
    "tickets_created": opened,
    "backlog": open_at_the_end,
    "first_reply_calendar_minutes_median": first_reply,
    "csat": satisfied,
    "nps_relationship": score("relationship", "sent_at"),
    "nps_touchpoint": score("touchpoints", "answered_at"),
    "logo_retention": kept,
    "gross_revenue_retention": revenue_kept(capped=True),
    "net_revenue_retention": revenue_kept(capped=False),
    "mrr_expansion": moved(lambda before, now: (before > 0) & (now > before)),
    "mrr_churn": moved(lambda before, now: (before > 0) & (now == 0)),
}


def slower(of: Callable[[pd.DataFrame], float], column: str) -> Callable[[World], float]:
    """Return what compares a month of slow support with the same month of the same company without it."""
    ends = [pd.Timestamp(month.first_day) - ZONE for month in (AFTER, AFTER.previous().previous())]
    begins, ends_at = ends[0], ends[0] + pd.DateOffset(months=1)

    def in_region(world: World) -> float:
        people = world.customers[world.customers["region"] == SLOW_REGION["region"]]["customer_id"]
        tickets = world.tickets[world.tickets["customer_id"].astype(str).isin(set(people))]
        return of(tickets[inside(tickets[column], begins, ends_at)])

    return lambda world: in_region(world) - in_region(twin(world.seed, NEVER_SLOW))


CASES = (
    *(_expected(metric, truth) for metric, truth in TRUTHS.items()),
    Case(
        name="change: median wait where support became slow",
        study=NAME,
        estimate=of_finding("reply-slower"),
        truth=slower(median_wait, "created_at"),
        expected=True,
    ),
)
EFFECTS = (
    Effect(
        name="change: the wait rose where support became slow",
        study=NAME,
        finding="reply-slower",
        size="hours longer",
        says=("rose",),
    ),
)
NULLS = tuple(
    Null(
        name=f"change: {finding} where nothing happened",
        study=NAME,
        finding=finding,
        parameters=NEVER_SLOW,
        says=("no-measurable-change", "cannot-tell"),
    )
    for finding in ("reply-slower", "rating-worse")
)
