"""Existing against new, held to the probabilities of winning that the simulated companies are made with.

An opportunity is won with `win_new`, `win_existing` or `win_returned`, whatever its source, size or time, so the share
won of all that are ever decided is that probability. Of what is lost in the last two months a part is never closed, as
in sales registers, and no data could show it; so the month is one before.
"""

from __future__ import annotations

from dataclasses import replace

from calibrate.case import DEFAULT, Case, Null, of_finding
from company import World
from cxlib.estimate import Estimate
from cxlib.notebook import Study

STUDY = "existing_against_new"
MONTH = "2026-08"


def won_in_time(study: Study) -> Estimate | None:
    """Return the share of opportunities with new buyers that were watched in full and won in that time."""
    if "cohort" not in study.exhibits:
        return None
    found: Estimate = study.exhibits["cohort"].frame.at["New buyers", "Won in that time"]
    return found


def last_of_curve(study: Study) -> Estimate | None:
    """Return the end of the curve of customers; None where nobody was watched for so long."""
    lines = study.exhibits["time"].frame
    mine = lines[(lines["series"] == "Customers, without renewals") & (lines["x"] == study.names["days"])]
    ends = [Estimate(one.value, one.low, one.high, len(lines), "share", "") for one in mine.itertuples()]
    return ends[0] if ends else None


def times(world: World) -> float:
    return world.parameters.revenue.win_existing / world.parameters.revenue.win_new


def in_180_days_new(world: World) -> float:
    """Return the share won within 180 days: decided by then (log-normal, median 45 days, sigma 0.7) and won.

    2.4 % of the opportunities take longer: P(Z > log(180 / 45) / 0.7).
    """
    return world.parameters.revenue.win_new * (1 - 0.0238)


CASES = (
    Case(
        name="existing against new: share won, customers without renewals",
        study=STUDY,
        month=MONTH,
        estimate=of_finding("selling-to-existing"),
        truth=lambda world: world.parameters.revenue.win_existing,
    ),
    Case(
        name="existing against new: share won, new buyers",
        study=STUDY,
        month=MONTH,
        estimate=of_finding("selling-to-new"),
        truth=lambda world: world.parameters.revenue.win_new,
    ),
    Case(
        name="existing against new: share won, former customers",
        study=STUDY,
        month=MONTH,
        estimate=of_finding("selling-to-returned"),
        truth=lambda world: world.parameters.revenue.win_returned,
    ),
    Case(
        name="existing against new: how many times as often",
        study=STUDY,
        month=MONTH,
        estimate=of_finding("selling-existing-over-new"),
        truth=times,
    ),
    Case(
        name="existing against new: how many times as often, alike",
        study=STUDY,
        month=MONTH,
        estimate=of_finding("selling-alike"),
        truth=times,
    ),
    Case(
        name="existing against new: new buyers won within 180 days, watched in full",
        study=STUDY,
        month=MONTH,
        estimate=won_in_time,
        truth=in_180_days_new,
    ),
    Case(
        name="existing against new: customers won within 180 days, open ones seen in part",
        study=STUDY,
        month=MONTH,
        estimate=last_of_curve,
        truth=lambda world: world.parameters.revenue.win_existing,
    ),
)

EQUAL = replace(DEFAULT, revenue=replace(DEFAULT.revenue, win_new=0.35, win_existing=0.35, win_returned=0.35))
HARDER = replace(DEFAULT, revenue=replace(DEFAULT.revenue, win_new=0.45, win_existing=0.25))
NULLS = (
    Null(
        name="existing against new: customers buy less easily",
        study=STUDY,
        month=MONTH,
        parameters=HARDER,
        finding="selling-existing-over-new",
        says=("not-supported",),
    ),
    Null(
        name="existing against new: customers buy no more easily",
        study=STUDY,
        month=MONTH,
        parameters=EQUAL,
        finding="selling-existing-over-new",
    ),
    Null(
        name="existing against new: customers buy no more easily, alike",
        study=STUDY,
        month=MONTH,
        parameters=EQUAL,
        finding="selling-alike",
    ),
)
