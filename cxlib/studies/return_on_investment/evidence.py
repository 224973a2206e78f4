"""What `return_on_investment` lays before the reader."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, Value
from cxlib.studies.evidence import Content, Curves, Evidence, Forest, Row, Sheet
from cxlib.studies.return_on_investment.answers import told_above
from cxlib.studies.return_on_investment.aside import managers_keep
from cxlib.studies.return_on_investment.figures import NO_INTERVAL, balance, history, money, picked, support
from cxlib.studies.return_on_investment.found import Found

BANDS = ["series", "x", "value", "low", "high"]


def evidence(found: Found) -> Mapping[str, Evidence]:
    """Return the pieces that the exports can bring, in the order of the page."""
    pieces: dict[str, Evidence | None] = {
        "designs": _designs(found),
        "money": money(found),
        "trial": _trial(found),
        "kept": _kept(found),
        "growth": _growth(found),
        "tickets": _tickets(found),
        "tickets_compared": _tickets_compared(found),
        "support": support(found),
        "picked": picked(found),
        "history": history(found),
        "balance": balance(found),
    }
    return {name: piece for name, piece in pieces.items() if piece is not None}


def _designs(found: Found) -> Sheet | None:
    rows: list[tuple[str, tuple[Content, ...]]] = []
    if found.trial:
        count = found.trial.treated.n + found.trial.control.n
        rows.append(("Follow-up call", ("a lot", "customers drawn for no call", count)))
    if found.onboarding:
        its = found.onboarding
        count = int(len(its.after.weight) + len(its.before.weight))
        rows.append(("Onboarding", ("a programme with a beginning", "customers who began before it", count)))
    if found.managers:
        count = int(found.managers.found.overlap.kept.sum())
        rows.append(("Success manager", ("somebody's choice", "like newcomers without a manager", count)))
    if found.tickets:
        rows.append(
            ("Success manager, tickets", ("somebody's choice", "customers without one yet", found.tickets.effect.n))
        )
    if not rows:
        return None
    return Sheet(
        caption="How each kind of success work was given, and what its customers are compared with",
        headers=("Success work", "Who got it was decided by", "Compared with", "Customers"),
        rows=tuple(rows),
    )


def _trial(found: Found) -> Curves | None:
    if found.trial is None or found.trial.curves.empty:
        return None
    return Curves(
        caption="Customers who had left, by days since the lot was drawn",
        frame=found.trial.curves,
        x_label="Days since the draw",
        x_unit="customers",
        unit="share",
        steps=True,
        says=_trial_size(found),
    )


def _trial_size(found: Found) -> Finding | None:
    its = found.trial
    if its is None or not its.needed:
        return None
    values: dict[str, Value] = {
        "treated": its.treated.n,
        "control": its.control.n,
        "needed": its.needed,
        "pace": Quantity(its.pace, "customers"),
        "years": Quantity(max(2 * its.needed / its.pace / 12, 0.0), "years"),
    }
    enough = min(its.treated.n, its.control.n) >= its.needed
    sentence = (
        "With {treated} customers drawn for a call and {control} for none, one leaver in four prevented would be seen "
        "in four of five such trials."
        if enough
        else "{treated} customers were drawn for a call and {control} for none. To see one leaver in four prevented in "
        "four of five such trials, {needed} are needed in each group; at {pace} a month that takes {years} years of "
        "drawing."
    )
    return Finding("follow-up-size", sentence, values)


def _kept(found: Found) -> Forest | None:
    rows: list[Row] = []
    if found.managers:
        its = found.managers
        rows += [
            Row("Manager, customers as they are", its.naive),
            *(Row(f"… {level}", gap) for level, gap in its.naive_levels),
            Row("Manager, newcomers made alike", its.found.difference),
        ]
    if found.onboarding:
        rows.append(Row("Onboarding, newcomers as they are", found.onboarding.naive))
        if found.onboarding.horizon >= 12:
            rows.append(Row("Onboarding, before and after it began", _turned(found.onboarding.customers.share[11])))
    if found.trial:
        rows.append(Row("Follow-up call, drawn by lot, half a year", found.trial.effect))
    rows = [row for row in rows if row.estimate.is_known]
    if not rows:
        return None
    return Forest(
        caption="Difference in the share lost within a year, with the work less without it; left of zero the work kept "
        "customers.",
        rows=tuple(rows),
        reference=0.0,
        reference_label="no difference",
        says=managers_keep(found),
    )


def _turned(gain: Estimate) -> Estimate:
    """Return a gain in customers kept as a difference in customers lost."""
    return Estimate(-gain.value, -gain.high, -gain.low, gain.n, gain.unit, gain.method, gain.flags)


def _growth(found: Found) -> Curves | None:
    its = found.onboarding
    if its is None:
        return None
    rows = [
        ("Additional customers kept", month, gain.value, gain.low, gain.high)
        for month, gain in enumerate(its.customers.share, 1)
    ]
    values: dict[str, Value] = {"months": its.horizon, "gained": its.customers.months}
    gained = its.customers.months
    sentences = {
        "supported": "Over {months} months, each onboarded customer stayed {gained} months longer for it "
        "({gained_interval}).",
        "not-supported": "Over {months} months, onboarded customers stayed less long for it: {gained} months "
        "({gained_interval}).",
        "cannot-tell": "Over {months} months, onboarding did not measurably change how long a customer stays: "
        "{gained} months ({gained_interval}).",
    }
    return Curves(
        caption="Customers that onboarding kept, by months since the first payment",
        frame=pd.DataFrame(rows, columns=BANDS),
        x_label="Months since the first payment",
        x_unit="customers",
        unit="share difference",
        reference=0.0,
        says=Finding("success-onboarding-keeps", sentences[told_above(gained)], values, estimate=gained),
    )


def _tickets(found: Found) -> Curves | None:
    its = found.tickets
    if its is None:
        return None
    rows = []
    for event in its.found.within(-12, 12):
        half = 1.96 * float(np.sqrt(its.found.covariance([event])[0, 0]))
        rows.append(
            (
                "Tickets a month",
                event,
                its.found.value[event],
                its.found.value[event] - half,
                its.found.value[event] + half,
            )
        )
    values: dict[str, Value] = {"rise": its.rise, "level": Quantity(its.level, "ratio")}
    rose = its.rise.is_known and its.rise.low > 0
    sentence = (
        "In the half year before they got a manager these customers already wrote more than usual ({rise} a month, "
        "{rise_interval}): they were picked while they had trouble, and part of the fall afterwards would have come by "
        "itself."
        if rose
        else "In the half year before they got a manager these customers did not write measurably more than usual "
        "({rise} a month, {rise_interval})."
    )
    return Curves(
        caption="Tickets a customer and month against the customer's own level until half a year before, less the "
        "same for customers without a manager yet",
        frame=pd.DataFrame(rows, columns=BANDS),
        x_label="Months since the manager came",
        x_unit="customers",
        unit="ratio",
        reference=0.0,
        says=Finding("success-tickets-before", sentence, values, estimate=its.rise) if its.rise.is_known else None,
    )


def _tickets_compared(found: Found) -> Forest | None:
    its = found.tickets
    if its is None:
        return None
    naive = Estimate(its.naive.value, np.nan, np.nan, its.effect.n, its.effect.unit, NO_INTERVAL)
    rows = (
        Row("All tickets", its.effect),
        Row("Tickets that are no complaint", its.questions),
        Row("Regression with fixed effects, to compare", naive),
    )
    return Forest(
        caption="Change in tickets a customer and month in the year after a manager came.",
        rows=tuple(row for row in rows if row.estimate.is_known),
        reference=0.0,
        reference_label="no change",
    )
