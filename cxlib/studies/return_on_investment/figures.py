"""What `return_on_investment` lays before the reader of money, of picked customers and of long histories."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity
from cxlib.studies.evidence import Content, Curves, Forest, Row, Sheet
from cxlib.studies.return_on_investment.aside import history_is_accurate, picked_the_worst, support_return
from cxlib.studies.return_on_investment.found import Found
from cxlib.studies.return_on_investment.money import (
    counted_as_saved,
    manager_cost,
    manager_must_keep,
    margin_kept,
    per_solution,
    per_ticket,
)

NO_INTERVAL = "full count, no interval"
COSTS = {"Onboarding": "Onboarding: cost of one", "The follow-up call": "Follow-up call: cost of one"}
KEPT = {
    "Onboarding": "Onboarding: margin that one kept",
    "The follow-up call": "Follow-up call: margin that one kept",
}
RETURNS = {
    "Onboarding": "Onboarding: return for each unit of money",
    "The follow-up call": "Follow-up call: return for each unit of money",
}


def money(found: Found) -> Sheet | None:
    """Return what success work costs and kept."""
    books = found.books
    if books is None:
        return None
    currency = found.currency
    rows: list[tuple[str, tuple[Content, ...]]] = []
    if found.success:
        its = found.success
        rows += [
            (COSTS[its.work], (Quantity(its.cost, currency),)),
            (KEPT[its.work], (its.kept,)),
            (RETURNS[its.work], (its.value,)),
        ]
    if np.isfinite(cost := manager_cost(books)):
        rows.append(("Success manager: cost of a customer and year", (Quantity(cost, currency),)))
    if np.isfinite(must := manager_must_keep(books)):
        rows.append(("Success manager: revenue that must be kept to earn it", (Quantity(must, "share"),)))
    if found.trial and found.trial.gain and np.isfinite(books.margin):
        kept = margin_kept(found.trial.gain.months, found.trial.mean_mrr, books.margin, currency)
        rows.append(("Follow-up: margin kept by a draw for the call in half a year", (kept,)))
    if not rows:
        return None
    return Sheet(
        caption="What success work costs, and what it kept or would have to keep",
        headers=("", "Amount"),
        rows=tuple(rows),
        says=_saved(found),
    )


def _saved(found: Found) -> Finding | None:
    assert found.books is not None
    every = counted_as_saved(found.books)
    if not np.isfinite(every):
        return None
    return Finding(
        "success-return-counted-as-saved",
        "If every customer who ever got success work counted as saved by it, the return would come to {every} for each "
        "unit of money spent in a year. That is how the figure is usually made, and it says nothing: it takes for "
        "granted that all of them would have left.",
        {"every": Quantity(every, "ratio")},
    )


def support(found: Found) -> Sheet | None:
    """Return what support costs."""
    books = found.books
    if books is None or not np.isfinite(books.support) or not books.tickets:
        return None
    rows: list[tuple[str, tuple[Content, ...]]] = [
        ("Cost of support in twelve months", (Quantity(books.support, found.currency),)),
        ("Tickets", (books.tickets,)),
        ("Solved within a week, and stayed solved", (books.held,)),
        ("Cost of a ticket", (Quantity(per_ticket(books), found.currency),)),
    ]
    if books.held:
        rows.append(("Cost of a ticket that stayed solved", (Quantity(per_solution(books), found.currency),)))
    its = found.handling
    if its and its.found.difference.is_known:
        rows += [
            ("Left within half a year, first complaint stayed solved", (its.found.treated,)),
            ("Left within half a year, first complaint did not, made alike", (its.found.control,)),
            ("Difference", (its.found.difference,)),
        ]
    return Sheet(
        caption="What support costs for what it brings",
        headers=("", "Amount"),
        rows=tuple(rows),
        says=support_return(found),
    )


def picked(found: Found) -> Forest | None:
    """Return how the customers with the lowest scores moved."""
    its = found.picked
    if its is None or not its.observed.is_known:
        return None
    chance = Estimate(its.first.value + its.expected, np.nan, np.nan, its.first.n, "ratio", NO_INTERVAL)
    return Forest(
        caption="Mean score of the customers who were lowest, without any success work",
        rows=(
            Row("When they were lowest", its.first),
            Row("At the next survey", its.second),
            Row("What chance alone would give", chance),
        ),
        says=picked_the_worst(found),
    )


def history(found: Found) -> Curves | None:
    """Return how exact a longer history makes the figures."""
    its = found.history
    if its is None:
        return None
    law = its.half[-1] * np.sqrt(its.months[-1] / its.months)
    parts = [_line("Yearly retention", its.months, its.half), _line("Law of the square root", its.months, law)]
    if len(found.narrowing) > 1:
        parts.append(_line("Effect of follow-up", found.narrowing["months"], found.narrowing["half"]))
    return Curves(
        caption="Half the width of the 95% interval, by months of history",
        frame=pd.concat(parts, ignore_index=True),
        x_label="Months of history",
        x_unit="customers",
        unit="share",
        says=history_is_accurate(found),
    )


def _line(series: str, x: object, value: object) -> pd.DataFrame:
    return pd.DataFrame({"series": series, "x": x, "value": value, "low": np.nan, "high": np.nan})


def balance(found: Found) -> Sheet | None:
    """Return how alike newcomers with and without a manager are."""
    if found.managers is None or found.managers.found.balance.empty:
        return None
    rows = found.managers.found.balance
    return Sheet(
        caption="Newcomers with a manager less newcomers without, in standard deviations, before and after they were "
        "made alike",
        headers=("What was known at the start", "Before", "After"),
        rows=tuple(
            (str(name), (Quantity(float(before), "ratio"), Quantity(float(after), "ratio")))
            for name, before, after in zip(rows["covariate"], rows["before"], rows["after"], strict=True)
        ),
    )
