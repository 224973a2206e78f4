"""What the work costs, what it brought, and what it would have to bring."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate
from cxlib.models.binary import hidden_if_few
from cxlib.models.sensitivity import EValue, e_value
from cxlib.models.weighting import Compared, compared
from cxlib.studies.return_on_investment.books import Year

JUDGED = pd.Timedelta(days=14)
"""After so long it is known whether a solution held; who left before is left out, whatever the solution."""
AFTER = pd.Timedelta(days=180)


def returned(months: Estimate, mrr: float, margin: float, cost: float) -> Estimate:
    """Return (margin of the revenue kept - cost) / cost for one piece of work; NaN where cost or margin is not known.

    Parameters
    ----------
    months : Estimate
        Months kept for each piece of work, weighted by monthly revenue.
    mrr : float
        Mean monthly revenue of those who got the work.
    margin : float
        Share of revenue that delivery leaves.
    cost : float
        Of one piece of work.
    """
    earned = mrr * margin / cost if cost > 0 else np.nan
    if not np.isfinite(earned) or earned <= 0:
        return Estimate.unknown(months.n, "ratio")
    ends = (end * earned - 1 for end in (months.value, months.low, months.high))
    value, low, high = (float(end) for end in ends)
    return hidden_if_few(Estimate(value, low, high, months.n, "ratio", "margin kept over cost, " + months.method))


def margin_kept(months: Estimate, mrr: float, margin: float, currency: str) -> Estimate:
    """Return the margin that one piece of work kept."""
    value, low, high = (float(end * mrr * margin) for end in (months.value, months.low, months.high))
    return replace(months, value=value, low=low, high=high, unit=currency)


def counted_as_saved(books: Year) -> float:
    """Return the return on success work if everybody who ever got any had left without it: the number to distrust."""
    return (books.worked_revenue * books.margin - books.success) / books.success if books.success > 0 else np.nan


def manager_must_keep(books: Year) -> float:
    """Return the share of its customers' revenue that a manager must keep in a year to earn the cost."""
    earned = books.managed_revenue * books.margin
    return books.managers / earned if earned > 0 and books.managers > 0 else np.nan


def manager_cost(books: Year) -> float:
    """Return the cost of a manager for one customer and year."""
    return books.managers / books.managed if books.managed > 0 and books.managers > 0 else np.nan


def per_ticket(books: Year) -> float:
    """Return the cost of support for each ticket."""
    return books.support / books.tickets if books.tickets > 0 else np.nan


def per_solution(books: Year) -> float:
    """Return the cost of support for each ticket that was solved and stayed so."""
    return books.support / books.held if books.held > 0 else np.nan


def solution_must_keep(books: Year) -> float:
    """Return the share of customers that one solution must keep from leaving, each worth a year's margin."""
    worth = books.revenue * books.margin / books.customers if books.customers > 0 else np.nan
    return per_solution(books) / worth if worth > 0 else np.nan


@dataclass(frozen=True)
class Handling:
    """Customers whose first complaint was solved and stayed so, against those whose was not.

    Attributes
    ----------
    found : Compared
        Left within `AFTER` of the day on which it was known.
    strength : EValue or None
        How strong an unknown cause would have to be; None where there is no ratio.
    """

    found: Compared
    strength: EValue | None


def handling(rows: pd.DataFrame, cut: pd.Timestamp) -> Handling:
    """Compare customers by what became of their first complaint, at the same landmark."""
    landmark = rows["created_at"] + JUDGED
    here = ~(rows["ended_at"] <= landmark) & (landmark + AFTER <= cut)
    seen, mark = rows[here], landmark[here]
    known = pd.DataFrame(
        {
            "severity": seen["severity"].astype(object),
            "tier": seen["tier"].astype(object),
            "revenue": np.log(seen["mrr"].to_numpy(float)),
            "region": seen["region"].astype(object),
        }
    ).reset_index(drop=True)
    found = compared((seen["ended_at"] <= mark + AFTER).to_numpy(bool), seen["held"].to_numpy(bool), known)
    ratio = found.ratio
    return Handling(found, e_value(ratio.value, ratio.low, ratio.high) if ratio.is_known else None)


def over_support(success: Estimate, support: Estimate) -> Estimate:
    """Return the difference of two returns; NaN where either is not known. They share no customers' errors."""
    if not (success.is_known and support.is_known):
        return Estimate.unknown(0, "ratio difference")
    value = success.value - support.value
    below = float(np.hypot(success.value - success.low, support.high - support.value))
    above = float(np.hypot(success.high - success.value, support.value - support.low))
    n = min(success.n, support.n)
    return Estimate(value, value - below, value + above, n, "ratio difference", "MOVER of two returns")
