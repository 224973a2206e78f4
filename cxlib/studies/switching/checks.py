"""What would show that cases and others are not alike: comparisons in which nothing should be found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.estimate import Floats
from cxlib.studies.switching.compare import Comparison, again, compared_with, plainly
from cxlib.studies.switching.data import (
    GOOD_ANSWERS,
    HARMLESS_ANSWERS,
    MONTHS,
    OF_SURVEYS,
    OF_TICKETS,
    Data,
    Episodes,
    episodes,
)

ANSWER_COUNTS_FOR_DAYS = 60.0
"""How long after a harmless answer somebody may stand beside one who gave a bad one."""

MONTHS_BEFORE = 3


def ever_against_never(data: Data) -> Comparison:
    """Compare plainly those who had a bad experience at any time with those who never had, from when first seen.

    It misleads, and is shown for that: whoever leaves soon has had little time for a bad experience (immortal time:
    Suissa 2008, American Journal of Epidemiology 167).
    """
    spells = data.spells.assign(at=data.spells["begins"], followed_until=data.spells["ends"])
    times = spells.reset_index().merge(data.of(data.told)[["customer", "at"]], on="customer", suffixes=("", "_bad"))
    had = times.loc[(times["at_bad"] >= times["begins"]) & (times["at_bad"] < times["ends"]), "index"]
    ever = spells.index.isin(had)
    return plainly(spells[ever], spells[~ever])


def after_a_good_answer(data: Data) -> Comparison:
    """Compare those whose question was answered well, with nothing bad in the months before, with like customers.

    A contact that went well should make nobody leave: what is found here comes from who gets in touch.
    """
    good = data.frame(GOOD_ANSWERS, handling=data.book.engine.fact("ticket_handling")).assign(
        kind="good", severity=np.nan
    )
    both = pd.concat([data.of(OF_TICKETS)[["customer", "at", "kind", "severity"]], good], ignore_index=True)
    found = episodes(data.spells, both, data.seen_from["tickets"])
    return compared_with(found.cases[found.cases["kind"] == "good"], found.stretches)


def of_a_survey(data: Data, kind: str) -> Comparison:
    """Compare those who gave a bad answer with those who had lately given a good one to the same question."""
    cases = episodes(data.spells, data.of([kind]), data.seen_from[kind]).cases
    good = data.frame(HARMLESS_ANSWERS, instrument=OF_SURVEYS[kind])
    good["until"] = np.minimum(
        good.groupby("customer")["at"].shift(-1).fillna(np.inf), good["at"] + ANSWER_COUNTS_FOR_DAYS
    )
    asked = data.spells.merge(good, on="customer")
    asked = asked[(asked["begins"] <= asked["at"]) & (asked["at"] < asked["ends"])]
    base = asked.assign(
        begins=asked["at"], ends=np.minimum(asked["until"], asked["ends"]), followed_until=asked["ends"]
    )
    stretches = episodes(base.drop(columns=["at", "until"]), data.of([kind]), data.seen_from[kind]).stretches
    return compared_with(cases, stretches)


def month_number(days: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the month (UTC) that days since 1970 lie in, counted from 1970-01."""
    whole = np.floor(np.asarray(days, float)).astype("datetime64[D]")
    month: npt.NDArray[np.int64] = whole.astype("datetime64[M]").astype(np.int64)
    return month


@dataclass(frozen=True)
class Earlier:
    """What is known of rows in the months before their moment, shape (rows,); NaN where they were no customers.

    Attributes
    ----------
    mrr : ndarray
        At the end of the month before.
    tickets : ndarray
        In the three months before.
    spent_less : ndarray
        1 where the amount a month had fallen over the three months before.
    """

    mrr: Floats
    tickets: Floats
    spent_less: Floats


def earlier(months: pd.DataFrame, customer: pd.Series, at: npt.ArrayLike) -> Earlier:
    """Look up the months before a moment, for each row."""
    table = months.set_index(["customer", "month"])
    this_month = month_number(at)
    back = [
        table.reindex(pd.MultiIndex.from_arrays([customer.to_numpy(object), this_month - k]))
        for k in range(1, MONTHS_BEFORE + 2)
    ]
    mrr, before = (back[k]["mrr"].to_numpy(float) for k in (0, MONTHS_BEFORE))
    tickets = np.sum([line["tickets"].fillna(0).to_numpy(float) for line in back[:MONTHS_BEFORE]], axis=0)
    known = (mrr > 0) & (before > 0)
    return Earlier(mrr, tickets, np.where(known, (mrr < 0.995 * before).astype(float), np.nan))


@dataclass(frozen=True)
class Likeness:
    """How like cases and others were before: means on both sides, and their difference in standard deviations."""

    cases: float
    others: float
    standardised: float


@dataclass(frozen=True)
class Before:
    """The months before the moment of the cases.

    Attributes
    ----------
    likeness : mapping of str to Likeness
        "months", "mrr" and "tickets".
    spent_less : Comparison
        Share whose amount a month had fallen over the three months before, at `days` 1.
    """

    likeness: dict[str, Likeness]
    spent_less: Comparison


def before(data: Data, comparison: Comparison) -> Before:
    """Look at both sides before the moment of the cases, when nothing bad had happened yet."""
    months = data.frame(MONTHS, months=data.book.engine.fact("customer_month"))
    months["month"] = month_number(months["month"])
    months["mrr"], months["tickets"] = months["mrr"].astype(float), months["tickets"].astype(float)
    cases, pairs = comparison.cases, comparison.pairs
    at = cases["at"].reindex(pairs["case"]).to_numpy(float)
    mine, theirs = earlier(months, cases["customer"], cases["at"]), earlier(months, pairs["customer"], at)
    weight = pairs["weight"].to_numpy(float)
    stay = (cases["at"] - cases["started"]).to_numpy(float), at - pairs["started"].to_numpy(float)
    likeness = {
        "months": _likeness(stay[0] / 30.4375, stay[1] / 30.4375, weight),
        "mrr": _likeness(mine.mrr, theirs.mrr, weight),
        "tickets": _likeness(mine.tickets, theirs.tickets, weight),
    }
    return Before(likeness, again(comparison, mine.spent_less, theirs.spent_less))


def _likeness(cases: Floats, others: Floats, weight: Floats) -> Likeness:
    known = np.isfinite(others)
    mine, theirs, weight = cases[np.isfinite(cases)], others[known], weight[known]
    if len(mine) == 0 or len(theirs) == 0:
        return Likeness(np.nan, np.nan, np.nan)
    mean = float(np.average(theirs, weights=weight))
    spread = np.sqrt((mine.var() + np.average((theirs - mean) ** 2, weights=weight)) / 2)
    gap = float(mine.mean()) - mean
    return Likeness(float(mine.mean()), mean, gap / float(spread) if spread > 0 else 0.0)


def with_quiet(data: Data, quiet: float) -> Episodes:
    """Return the episodes where another number of quiet days must lie before."""
    return episodes(data.spells, data.of(data.told), data.seen_from["tickets"], quiet)
