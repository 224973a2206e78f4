"""Silent complainers: ratios by severity, hidden customers, and worlds in which there is nothing to find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from calibrate.case import Case, Confounded, Null, of_finding, of_row
from company import Parameters, World
from company.parameters import BySeverity
from company.truth import silent_per_complainer

STUDY = "silent_complainers"
USUAL = Parameters()
HALF_TELL = replace(USUAL, experience=replace(USUAL.experience, complain=BySeverity(0.5, 0.5, 0.5)))
HARMLESS = replace(
    USUAL,
    experience=replace(USUAL.experience, drop=BySeverity(0, 0, 0)),
    leaving=replace(USUAL.leaving, hurt=BySeverity(0, 0, 0)),
)
RECALL_DAYS, ROUND_DAYS = 92, 45


def of_the_asked(world: World) -> pd.DataFrame:
    """Return for everyone asked, answering or not, the chance that a problem is remembered and that it was told.

    The survey asks for the worst problem of the last 92 days that is remembered; a problem of a severity counts as
    told with the share of those that were.
    """
    asked = world.surveys[world.surveys["survey"] == "relationship"].reset_index(drop=True)
    people = asked[["customer_id", "sent_at"]].astype({"customer_id": str}).assign(place=asked.index)
    lived = people.merge(world.problems.astype({"customer_id": str}), on="customer_id")
    age = lived["sent_at"] - lived["occurred_at"]
    lived = lived[(age >= pd.Timedelta(0)) & (age < pd.Timedelta(days=RECALL_DAYS))]
    nothing_worse, problem, told = np.ones(len(asked)), np.zeros(len(asked)), np.zeros(len(asked))
    recall = world.parameters.surveys.recall.array()
    for severity in (2, 1, 0):
        mine = lived[lived["severity"].cat.codes == severity].groupby("place")["told"].agg(["size", "sum"])
        happened, heard = mine.reindex(asked.index, fill_value=0).to_numpy(float).T
        worst = nothing_worse * (1 - (1 - recall[severity]) ** happened)
        problem, told = problem + worst, told + worst * heard / np.maximum(happened, 1)
        nothing_worse = nothing_worse - worst
    return pd.DataFrame({"sent_at": asked["sent_at"], "problem": problem, "told": told})


def remembered_ratio(world: World) -> float:
    """Return the ratio of the problems that this company did have.

    An interval that counts the problems as drawn holds it more often than it says.
    """
    asked = of_the_asked(world)
    return float(asked["problem"].sum() / asked["told"].sum() - 1)


def hidden_customers(world: World) -> float:
    asked = of_the_asked(world)
    last = asked[asked["sent_at"] > asked["sent_at"].max() - pd.Timedelta(days=ROUND_DAYS)]
    return float((last["problem"] - last["told"]).sum())


def per_problem(severity: str) -> Callable[[World], float]:
    return lambda world: silent_per_complainer(world.parameters)[severity]


CASES = (
    *(
        Case(
            name=f"silent per complainer, {severity}",
            study=STUDY,
            estimate=of_finding(f"silent-per-complainer-{severity}"),
            truth=per_problem(severity),
        )
        for severity in ("minor", "moderate")
    ),
    *(
        Case(
            name=f"silent per complainer, {severity}, by logged incidents",
            study=STUDY,
            estimate=of_row(severity, "Logged incidents"),
            truth=per_problem(severity),
        )
        for severity in ("minor", "moderate", "severe")
    ),
    Case(
        name="silent per complainer, any problem remembered",
        study=STUDY,
        estimate=of_finding("silent-per-complainer"),
        truth=remembered_ratio,
    ),
    Case(
        name="silent per complainer where half tell",
        study=STUDY,
        parameters=HALF_TELL,
        estimate=of_finding("silent-per-complainer"),
        truth=per_problem("any"),
    ),
    Case(
        name="times as likely to leave in the half year after silence, where problems hurt nobody",
        study=STUDY,
        parameters=HARMLESS,
        estimate=of_finding("silent-leave-more"),
        truth=lambda world: 1.0,
    ),
)

CONFOUNDED = (
    Confounded(
        name="silent per complainer, severe; the usual weights",
        study=STUDY,
        estimate=of_finding("silent-per-complainer-severe"),
        truth=per_problem("severe"),
        naive=of_finding("silent-usual-weights"),
    ),
    Confounded(
        name="customers with an untold problem; without weights",
        study=STUDY,
        estimate=of_finding("silent-hidden-customers"),
        truth=hidden_customers,
        naive=of_finding("silent-hidden-unweighted"),
    ),
)

NULLS = (
    Null(
        name="26 to one where half tell",
        study=STUDY,
        parameters=HALF_TELL,
        finding="silent-per-complainer",
        says=("not-supported",),
    ),
    Null(
        name="severity changes nothing where half tell of each",
        study=STUDY,
        parameters=HALF_TELL,
        finding="silent-depends-on-severity",
    ),
    Null(
        name="silence costs nothing where problems hurt nobody",
        study=STUDY,
        parameters=HARMLESS,
        finding="silent-leave-more",
    ),
    Null(
        name="different ways of counting agree",
        study=STUDY,
        finding="silent-estimators-agree",
        says=("supported",),
    ),
)
