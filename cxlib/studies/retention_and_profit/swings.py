"""How far each assumption moves the two headline numbers of `retention_and_profit`."""

from __future__ import annotations

import numpy as np

from cxlib.finding import Finding, Quantity
from cxlib.models.lifetime_value import value_uplift
from cxlib.studies.evidence import Swing, Tornado
from cxlib.studies.retention_and_profit.books import worth_spending
from cxlib.studies.retention_and_profit.firm import Firm
from cxlib.studies.retention_and_profit.results import QUARTER, Results
from cxlib.studies.retention_and_profit.value import DISCOUNT, DISCOUNTS, Valuation, life_in_margins

HALF = 0.5
"""What an additional customer brings against an average one, where those who are held back bring less."""
EFFORT = 0.05
"""Share of every customer's margin that keeping the five more in a hundred takes, at the dear end."""
SHORT = 5
"""Years, where only what can be planned for is counted."""
FIXED = 0.2


def assumptions(found: Results, value: Valuation) -> Tornado:
    """Return what becomes of the rise of a customer's value, one assumption at a time."""
    base = _points(value)
    rows = [*_of_counting(value, base), *_of_who_stays(found, value, base)]
    widest = max(rows, key=lambda row: abs(row.high - row.low))
    crossing = sum((min(row.low, row.high) < QUARTER) != (max(row.low, row.high) < QUARTER) for row in rows)
    says = Finding(
        "retention-hinges-on",
        "The assumption that matters most is “{label}”: it moves the rise between {low} and {high}. Of the {count} "
        "looked at, {crossing} can by themselves carry it across a quarter.",
        {
            "label": widest.label,
            "low": Quantity(min(widest.low, widest.high), "share"),
            "high": Quantity(max(widest.low, widest.high), "share"),
            "count": len(rows),
            "crossing": crossing,
        },
    )
    return Tornado(
        caption="Rise of a customer's value by five points more retention, one assumption changed at a time. Line: as "
        "answered above.",
        base=base,
        unit="share",
        rows=tuple(rows),
        says=says,
    )


def _points(
    value: Valuation, discount: float = DISCOUNT, horizon: int | None = None, growth: float | None = None
) -> float:
    terms = value.terms(discount, horizon, growth)
    return float(value_uplift(value.curve.alpha, value.curve.beta, terms, "points"))


def _of_counting(value: Valuation, base: float) -> list[Swing]:
    """Return how the value is counted: discount, horizon, growth, form of the curve, what it costs."""
    low, high = DISCOUNTS
    before, after = life_in_margins(value), life_in_margins(value, "points")
    rows = [
        Swing(
            "How much a later year counts",
            _points(value, high),
            _points(value, low),
            "discounted at 15% a year",
            "at 5%",
        ),
        Swing("How far ahead is counted", _points(value, horizon=SHORT), base, "five years", "a whole life"),
        Swing("What keeping them costs", after * (1 - EFFORT) / before - 1, base, "5% of margins", "nothing"),
    ]
    risen = value.risen
    bent = float(value_uplift(risen.alpha, risen.beta, value.terms(), "points", shape=risen.shape))
    rows.append(Swing("The form of the curve", base, bent, "risk of its own fixed", "free to change"))
    if np.isfinite(value.growth.error):
        estimate = value.growth.estimate()
        most = _points(value, growth=estimate.high)
        rows.append(Swing("What a customer's margin does", _points(value, growth=0.0), most, "stays", "upper limit"))
    return rows


def _of_who_stays(found: Results, value: Valuation, base: float) -> list[Swing]:
    """Return who the additional customers are."""
    rows = [
        Swing("What the additional customers bring", base * HALF, base, "half as much", "as much as others"),
        Swing("Whose risk falls", found.alike, base, "everybody's in proportion", "customers differ as before"),
        Swing("Whom the five points are measured on", base, found.of_base, "new customers", "today's customers"),
    ]
    if found.money is not None:
        alike, points = (estimate.value for estimate in found.money)
        rows.append(
            Swing("Counted in all customers' money", alike, points, "five in a hundred", "five points of their money")
        )
    if found.keep is not None:
        won = found.keep.win.value
        before, after = (part * value.first for part in (life_in_margins(value), life_in_margins(value, "points")))
        if before > won:
            rows.append(
                Swing(
                    "What winning the customer cost", base, (after - before) / (before - won), "left out", "taken off"
                )
            )
    return rows


def profit_assumptions(found: Results, firm: Firm) -> Tornado:
    """Return what becomes of the rise of the first year's profit, one assumption at a time."""
    profit, extra = firm.profit(1), firm.extra(1)
    base, fixed = extra / profit, FIXED * firm.fixed
    effort = EFFORT * float(firm.before[0])
    rows = [
        Swing("What the additional customers bring", HALF * base, base, "half as much", "as much as others"),
        Swing("What keeping them costs", (extra - effort) / profit, base, "5% of margins", "nothing"),
        Swing("When those who stay would have left", base, firm.bound, "through the year", "all on the first day"),
    ]
    if profit - fixed > 0:
        rows.append(
            Swing(
                "Costs that customers do not change",
                extra / (profit + fixed),
                extra / (profit - fixed),
                "a fifth lower",
                "a fifth higher",
            )
        )
    says = Finding(
        "retention-worth-spending",
        "In the first year the gain is {extra}: spread over today's customers that is {per_customer} for each, which "
        "is the most that keeping five in a hundred more may cost before it loses money within the year.",
        {
            "extra": Quantity(extra, found.currency),
            "per_customer": Quantity(worth_spending(firm), found.currency),
        },
    )
    return Tornado(
        caption="Rise of the next year's profit by five points more retention, one assumption changed at a time. Line: "
        "as answered above.",
        base=base,
        unit="share",
        rows=tuple(rows),
        says=says,
    )
