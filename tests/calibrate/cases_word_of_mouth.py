"""Word of mouth, held to how many people the simulated customers are made to tell, and to who refers whom."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from calibrate.case import DEFAULT, Case, Null, of_finding, of_row
from company import World
from company.parameters import BySeverity
from cxlib.tables import SEVERITIES

STUDY = "word_of_mouth"
MOST = 60
"""Nobody of the simulated customers says a larger number."""

CUT = pd.Timestamp("2026-10-31 21:00")
YEAR = pd.Timedelta(days=365)


@cache
def expected(mean: float, shape: float) -> float:
    """Return the mean of a gamma mixture of Poissons (a negative binomial), numbers above the most said cut to it."""
    told = np.arange(MOST)
    chance = stats.nbinom.pmf(told, shape, shape / (shape + mean))
    return float(told @ chance + MOST * (1 - chance.sum()))


def by_severity(world: World) -> dict[str, float]:
    """Return the mean number of people told after the worst problem that is remembered, by how bad it was."""
    told = world.parameters.surveys
    means = told.people_told.array()
    return {name: expected(float(m), told.people_told_shape) for name, m in zip(SEVERITIES, means, strict=True)}


def mean_of_the_answers(world: World) -> float:
    """Return the mean for the problems that this company's customers remembered and answered about.

    How bad these were is taken as it is, so an interval that counts it as drawn holds the mean more often than it says.
    """
    answers = world.surveys[world.surveys["severity"].notna() & (world.surveys["answered_at"] < CUT)]
    return float(answers["severity"].astype(str).map(by_severity(world)).mean())


def worse(world: World) -> float:
    means = by_severity(world)
    return means["severe"] - means["minor"]


def referring(world: World) -> pd.DataFrame:
    """Return the answers seen for a year, with the `chance` that each had to bring a customer in it.

    Given who answered what and how satisfied each customer was from month to month: a referral falls on a customer of
    the month with odds by satisfaction, so its chance of falling on one is known, and of falling on none of them too.
    """
    months = world.customer_months
    odds = np.exp(world.parameters.customers.referral_satisfaction * months["satisfaction"])
    chance = (odds / odds.groupby(months["month"]).transform("sum")).to_numpy()
    per_month = pd.DataFrame(
        {"customer_id": months["customer_id"].astype(str), "month": months["month"], "chance": chance}
    )
    brought = world.customers[world.customers["referred_by"].notna()]["created_at"]
    answers = world.surveys[(world.surveys["survey"] == "relationship") & (world.surveys["answered_at"] < CUT)]
    answers = answers[~answers["former"]]
    rows = pd.DataFrame(
        {
            "customer_id": answers["customer_id"].astype(str),
            "at": answers["answered_at"],
            "score": answers["score"].astype(float),
        }
    ).reset_index(drop=True)
    none = np.zeros(len(rows))
    begins = np.sort(per_month["month"].unique())
    table = per_month.pivot_table(index="customer_id", columns="month", values="chance", fill_value=0.0)
    chances = table.reindex(rows["customer_id"]).fillna(0.0)
    for moment in brought:
        month = begins[np.searchsorted(begins, np.datetime64(moment), side="right") - 1]
        within = ((rows["at"] < moment) & (moment <= rows["at"] + YEAR)).to_numpy()
        none += np.where(within, np.log1p(-chances[month].to_numpy()), 0.0)
    seen = (rows["at"] + YEAR <= CUT).to_numpy()
    return rows.assign(chance=1 - np.exp(none))[seen]


def referring_apart(world: World) -> float:
    """Return the chance that promoters bring a customer within a year of an answer, less that of detractors."""
    rows = referring(world)
    means = [rows.loc[kind, "chance"].mean() for kind in (rows["score"] >= 9, rows["score"] <= 6)]
    return float(means[0] - means[1])


def referring_by_a_point(world: World) -> float:
    """Return how many times as likely a point makes a referral: log(-log(1 - chance)) is a line in the score.

    The chances are the true ones of each answer, so nothing is drawn; the slope is that of proportional hazards
    (Prentice and Gloeckler 1978, Biometrics 34).
    """
    rows = referring(world)
    family = sm.families.Binomial(link=sm.families.links.CLogLog())
    return float(np.exp(sm.GLM(rows["chance"], sm.add_constant(rows[["score"]]), family).fit().params["score"]))


CASES = (
    Case(
        name="word of mouth: people told on average, of those who answered",
        study=STUDY,
        estimate=of_finding("told-people-mean"),
        truth=mean_of_the_answers,
    ),
    *(
        Case(
            name=f"word of mouth: people told after a {severity} problem",
            study=STUDY,
            estimate=of_row("severity", f"After a {severity} problem"),
            truth=lambda world, severity=severity: by_severity(world)[severity],
        )
        for severity in SEVERITIES
    ),
    Case(
        name="word of mouth: more people told after a severe problem than after a minor one",
        study=STUDY,
        estimate=of_finding("told-more-when-worse"),
        truth=worse,
    ),
    Case(
        name="word of mouth: promoters who refer less detractors who do",
        study=STUDY,
        estimate=of_finding("referrals-apart"),
        truth=referring_apart,
    ),
    Case(
        name="word of mouth: times as likely to refer with each point of the score",
        study=STUDY,
        estimate=of_finding("referrals-by-satisfaction"),
        truth=referring_by_a_point,
    ),
)

NULLS = (
    Null(
        name="word of mouth: as many told whatever happened",
        study=STUDY,
        parameters=replace(DEFAULT, surveys=replace(DEFAULT.surveys, people_told=BySeverity(3.0, 3.0, 3.0))),
        finding="told-more-when-worse",
    ),
    Null(
        name="word of mouth: the satisfied refer no more",
        study=STUDY,
        parameters=replace(DEFAULT, customers=replace(DEFAULT.customers, referral_satisfaction=0.0)),
        finding="referrals-by-satisfaction",
    ),
)
