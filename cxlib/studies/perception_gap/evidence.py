"""What `perception_gap` lays before the reader: both sides, wave by wave, and how customers answered each statement."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity
from cxlib.period import Month
from cxlib.studies.evidence import Bars, Content, Evidence, Sheet
from cxlib.studies.perception_gap.data import CUSTOMER, OWNER, Answers, Views
from cxlib.studies.perception_gap.said import (
    CUSTOMERS_FIRST,
    EXPECTATIONS,
    OWNERS_FIRST,
    PUTS_CUSTOMERS_FIRST,
    statement_of,
)

SIDES = {OWNER: "Managers", CUSTOMER: "Customers"}
POINTS = 5
COLUMNS = ["group", "label", "value", "low", "high", "n"]
SCALE = "1 = disagree strongly, 5 = agree strongly"
ASKED_OF = {
    (OWNER, PUTS_CUSTOMERS_FIRST): "Managers: the company puts its customers first",
    (OWNER, "experience_is_first_priority"): "Managers: experience is the first priority",
    (CUSTOMER, PUTS_CUSTOMERS_FIRST): "Customers: the company puts its customers first",
    (CUSTOMER, "profit_before_customers"): "Customers: the company cares more for its profit",
    (CUSTOMER, "expects_to_be_known"): "Customers: expect to be known",
    (CUSTOMER, "expects_action_on_feedback"): "Customers: expect action on feedback",
    (CUSTOMER, "speed_matters_most"): "Customers: speed matters most",
    (CUSTOMER, "wants_empathy"): "Customers: want a friendly person",
    (CUSTOMER, "prefers_everyday_channels"): "Customers: prefer everyday channels",
}


def evidence(views: Views, said: Mapping[str, Finding]) -> dict[str, Evidence]:
    """Return all pieces, in the order of the page; one that there are no answers for says so.

    Parameters
    ----------
    said : mapping of str to Finding
        The sentence under each statement, by the id of its finding.
    """
    pieces: dict[str, Evidence] = {
        "both_sides": _both_sides(views, said[CUSTOMERS_FIRST.finding]),
        "points": _points_of_both(views, said[OWNERS_FIRST.finding]),
    }
    for name, item in EXPECTATIONS.items():
        answers = views.latest(item.respondent, item.question)
        pieces[name] = Bars(
            caption="How customers answered: “{statement}”",
            frame=_bars([] if answers is None else [("Customers", answers)]),
            unit="share",
            x_label=SCALE,
            values={"statement": statement_of(item.question)},
            says=said[item.finding],
        )
    return {**pieces, "asked": _asked(views)}


def _both_sides(views: Views, says: Finding) -> Bars:
    rows = [
        _bar(SIDES[side], _month(answers), answers.agree)
        for side in (OWNER, CUSTOMER)
        for answers in views.waves(side, PUTS_CUSTOMERS_FIRST)
        if answers.agree.is_known
    ]
    return Bars(
        caption="Share that agrees, in each wave: “{statement}”",
        frame=pd.DataFrame(rows, columns=COLUMNS),
        unit="share",
        values={"statement": statement_of(PUTS_CUSTOMERS_FIRST)},
        says=says,
    )


def _points_of_both(views: Views, says: Finding) -> Bars:
    latest = {side: views.latest(side, PUTS_CUSTOMERS_FIRST) for side in (OWNER, CUSTOMER)}
    return Bars(
        caption="How both sides answered in the last wave: “{statement}”",
        frame=_bars([(SIDES[side], answers) for side, answers in latest.items() if answers is not None]),
        unit="share",
        x_label=SCALE,
        values={"statement": statement_of(PUTS_CUSTOMERS_FIRST)},
        says=says,
    )


def _bars(sides: list[tuple[str, Answers]]) -> pd.DataFrame:
    """Return one row per side and point of the scale."""
    rows = [
        _bar(side, f"{point:g}", answers.of(answers.rows["score"] == point))
        for side, answers in sides
        if len(answers.rows) >= POINTS
        for point in _scale(answers)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _scale(answers: Answers) -> list[float]:
    """Return the points of the scale, or those that were given where the scale is long."""
    low, high = answers.rows["scale_min"].min(), answers.rows["scale_max"].max()
    points = [low + step for step in range(int(high - low) + 1)]
    return points if len(points) <= 2 * POINTS + 1 else sorted(answers.rows["score"].unique())


def _bar(side: str, label: str, share: Estimate) -> tuple[object, ...]:
    return side, label, share.value, share.low, share.high, share.n


def _month(answers: Answers) -> str:
    return str(Month(answers.when.year, answers.when.month))


def _asked(views: Views) -> Sheet:
    """Return who was asked what, who answered, and how many answers the weighted ones are worth."""
    rows = []
    for (side, question), label in ASKED_OF.items():
        answers = views.latest(side, question)
        if answers is not None:
            known = answers.rate.is_known
            asked: tuple[Content, ...] = (
                (len(answers.asked), Quantity(answers.rate.value, "share")) if known else ("not known", "not known")
            )
            rows.append((label, (_month(answers), *asked, len(answers.rows), answers.agree)))
    return Sheet(
        caption="Who was asked, who answered, and how many agree. Where the list of those asked is known, customers "
        "are weighted to it.",
        headers=("Statement", "Last answers", "Asked", "Response rate", "Answers", "Agree"),
        rows=tuple(rows),
    )
