"""What `retention_and_profit` lays before the reader about the books: margins, profit, costs, segments by quarter."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, Value, verdict_above
from cxlib.models.lifetime_value import READINGS, constant_uplift, retention_that_brings
from cxlib.studies.evidence import Curves, Evidence, Forest, Row, Sheet
from cxlib.studies.retention_and_profit.books import keep_or_win, price_and_tenure, profit_after
from cxlib.studies.retention_and_profit.firm import Firm
from cxlib.studies.retention_and_profit.results import LABELS, QUARTER, Results
from cxlib.studies.retention_and_profit.swings import profit_assumptions
from cxlib.studies.retention_and_profit.value import DISCOUNT


def of_the_books(found: Results) -> Iterator[tuple[str, Evidence]]:
    """Return the pieces about the company that the data can bring, and the arithmetic, which needs none."""
    if found.ageing is not None and found.ageing.revenue.is_known:
        yield "ageing", _ageing(found)
    if len(found.by_tenure) > 1:
        yield "margin", _margin(found)
    if isinstance(found.firm, Firm):
        yield "profit", _profit(found, found.firm)
    if isinstance(found.firm, Firm) and found.firm.uplift(1) is not None:
        yield "profit_assumptions", profit_assumptions(found, found.firm)
    if found.keep is not None:
        yield "costs", _costs(found)
    if found.quarters is not None:
        yield "quarters", _quarters(found)
    yield "textbook", _textbook()


def _ageing(found: Results) -> Forest:
    old = found.ageing
    assert old is not None
    labels = (
        ("What it leaves after the cost of serving it", old.margin if found.company.is_margin else None),
        ("What it pays", old.revenue),
        ("Seats", old.seats if old.has_seats else None),
        ("Price per seat", old.price if old.has_seats else None),
        ("Tickets", old.tickets if old.tickets.is_known else None),
    )
    return Forest(
        caption="How one and the same customer changes with each year it stays ({prices}).",
        values={"prices": found.prices},
        rows=tuple(Row(label, estimate) for label, estimate in labels if estimate is not None),
        reference=0.0,
        reference_label="no change",
        says=price_and_tenure(found),
    )


def _margin(found: Results) -> Curves:
    table = found.by_tenure
    lines = [
        pd.DataFrame({"series": name, "x": table["year"] + 1.0, "value": table[column], "low": np.nan, "high": np.nan})
        for name, column in (("the same customers followed", "followed"), ("whoever is there", "there"))
    ]
    last = table.iloc[-1]
    sentence = (
        "In their year {year} customers bring {there} times what customers bring in their first; followed one by one, "
        "the same customers bring {followed} times. What lies between the two is who is still there, not what staying "
        "does."
    )
    values: dict[str, Value] = {
        "year": int(last["year"]) + 1,
        "there": Quantity(float(last["there"]), "ratio"),
        "followed": Quantity(float(last["followed"]), "ratio"),
    }
    says = Finding("retention-survivors-look-richer", sentence, values)
    return Curves(
        caption="What a customer brings by year as a customer, first year = 1.",
        frame=pd.concat(lines, ignore_index=True),
        x_label="year as a customer",
        x_unit="years",
        unit="ratio",
        reference=1.0,
        says=says,
    )


def _profit(found: Results, firm: Firm) -> Sheet:
    rows = []
    for years, label in ((1, "Profit of one year"), (3, "Profit of three years"), (5, "Profit of five years")):
        profit = firm.profit(years)
        money = (Quantity(profit, found.currency), Quantity(profit + firm.extra(years), found.currency))
        rows.append((label, (*money, firm.uplift(years) or "no sure profit to rise")))
    return Sheet(
        caption="The books carried on from today ({prices}): the customers of today and those who come leave as "
        "fitted, or five points fewer do; new customers, prices and all other costs stay as in the last twelve months.",
        values={"prices": found.prices},
        headers=("", "As it is", "Five points more", "Rise"),
        rows=tuple(rows),
        says=profit_after(found, 5),
    )


def _costs(found: Results) -> Sheet:
    keep = found.keep
    assert keep is not None
    rows: list[tuple[str, tuple[Estimate | Quantity, ...]]] = [
        ("Success work per customer kept for a year", (keep.keep,)),
        ("Sales and marketing per new customer", (keep.win,)),
        ("Keeping over winning", (keep.ratio,)),
    ]
    if keep.with_support is not None:
        rows.append(("Keeping over winning, with support counted as keeping", (keep.with_support,)))
    return Sheet(
        caption="What keeping and winning a customer cost in the last twelve months ({prices}).",
        values={"prices": found.prices},
        headers=("", "Cost"),
        rows=tuple(rows),
        says=keep_or_win(found),
    )


BEYOND = {
    "supported": "Where a segment kept one point more of its customers in a quarter, it kept {same} points more of "
    "their revenue ({same_interval}). That is more than the one point that is arithmetic.",
    "not-supported": "Where a segment kept one point more of its customers in a quarter, it kept {same} points more of "
    "their revenue ({same_interval}). One point is arithmetic, since those who stay go on paying: beyond that nothing "
    "shows.",
    "few": "Where a segment kept one point more of its customers in a quarter, it kept {same} points more of their "
    "revenue ({same_interval}), of which one point is arithmetic. From {units} segments it cannot be told whether "
    "there is more.",
    "placebo": "Where a segment kept one point more of its customers in a quarter, it kept {same} points more of their "
    "revenue ({same_interval}). But the next quarter's retention goes with it as well ({ahead}, {ahead_interval}), "
    "which it cannot have caused: something else moves both.",
}


def _quarters(found: Results) -> Sheet:
    seen = found.quarters
    assert seen is not None
    values: dict[str, Value] = {"same": seen.same, "ahead": seen.ahead, "units": seen.units}
    verdict, key = verdict_above(seen.same, 1.0), ""
    if "few-clusters" in seen.same.flags:
        verdict, key = "cannot-tell", "few"
    elif seen.ahead.low > 0 or seen.ahead.high < 0:
        verdict, key = "cannot-tell", "placebo"
    says = Finding(
        "retention-by-quarter",
        BEYOND[key or verdict],
        values,
        verdict,
        seen.same,
        needed="Retention raised on purpose in some segments and not in others, by lot, would tell.",
    )
    return Sheet(
        caption="Points of revenue kept per point of customers kept, {units} segments compared with themselves over "
        "{quarters} quarters, what moved all of them taken out.",
        values={"units": seen.units, "quarters": seen.quarters},
        headers=("", "Points of revenue"),
        rows=(
            ("Customers kept in the same quarter", (seen.same,)),
            ("What arithmetic alone brings", (Quantity(1.0, "ratio"),)),
            ("Customers kept in the next quarter, which cannot have brought it", (seen.ahead,)),
        ),
        says=says,
    )


def _textbook() -> Sheet:
    levels = (0.50, 0.60, 0.70, 0.80, 0.85, 0.90, 0.94)
    rows = tuple(
        (
            label,
            tuple(Quantity(float(constant_uplift(level, DISCOUNT, reading)), "share") for reading in READINGS),
        )
        for level, label in zip(levels, ("50%", "60%", "70%", "80%", "85%", "90%", "94%"), strict=True)
    )
    needed = float(retention_that_brings(QUARTER, DISCOUNT))
    says = Finding(
        "retention-textbook",
        "Where customers are all alike and bring the same each year, five points are worth exactly a quarter at a "
        "retention of {needed}, and nowhere else, at a discount rate of {rate}.",
        {"needed": Quantity(needed, "share"), "rate": Quantity(DISCOUNT, "share")},
    )
    return Sheet(
        caption="The arithmetic behind the promise: rise of a customer's value by retention before, if all customers "
        "are alike and bring the same each year.",
        headers=("Retention before", *(LABELS[reading] for reading in READINGS)),
        rows=rows,
        says=says,
    )
