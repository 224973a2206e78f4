"""What a company earns over the next years if its customers go on leaving as they do, and if fewer leave.

Contribution (revenue less what it costs to serve) is followed month by month for the customers of today and for those
who come; everything else that is spent stays as it is. Amounts are not discounted: this is profit as it is booked.
`alpha` and `beta` are those of the retention curve of new customers.
"""

from dataclasses import dataclass

import numpy as np

from cxlib.estimate import Array, Floats
from cxlib.models.lifetime_value import LEAST_CHURN, STEP
from cxlib.models.retention_curve import survival, with_mean_churn


@dataclass(frozen=True)
class Base:
    """Today's customers by years behind them, and those who come.

    `age` in years, `customers`, and the `contribution` they bring a year have the shape (groups,); `arrivals`, the new
    customers a year, and `arrival_contribution`, what one of them brings a year, may have that of (draws, 1).
    """

    age: Floats
    customers: Floats
    contribution: Floats
    arrivals: float | Floats
    arrival_contribution: float | Floats


def churn_of(base: Base, alpha: Array, beta: Array) -> Floats:
    """Return the share of today's customers that leaves within a year, their churn being Beta(alpha, beta + years)."""
    a, b = np.asarray(alpha, float)[..., None], np.asarray(beta, float)[..., None]
    return np.asarray((a / (a + b + base.age)) @ base.customers / base.customers.sum(), float)


def factor_for(base: Base, alpha: Array, beta: Array, step: float = STEP) -> Floats:
    """Return by what everybody's churn is multiplied when a step more of today's customers stays for a year."""
    return np.asarray(np.maximum(1 - step / churn_of(base, alpha, beta), LEAST_CHURN), float)


def contribution(base: Base, alpha: Array, beta: Array, years: int, factor: Array = 1.0) -> Floats:
    """Return what customers bring in each of the next years, shape (..., years).

    The mean churn of everybody is multiplied by `factor` from today on, customers differing as before.
    """
    a, b, by = (np.asarray(part, float)[..., None] for part in np.broadcast_arrays(alpha, beta, factor))
    middle = (np.arange(12 * years) + 0.5) / 12
    old = _left(a, b + base.age, by, middle)
    there = np.einsum("...gm,g->...m", old, base.contribution / 12)
    # those who came this month are there for half of it, those of k months ago with what is left of them by then
    new = np.cumsum(_left(a, b, by, np.arange(12 * years) / 12)[..., 0, :], axis=-1) - 0.5
    coming = np.asarray(base.arrivals, float) / 12 * np.asarray(base.arrival_contribution, float) / 12
    monthly = there + coming * new
    return np.asarray(monthly.reshape(*monthly.shape[:-1], years, 12).sum(axis=-1), float)


def _left(alpha: Floats, beta: Floats, factor: Floats, time: Floats) -> Floats:
    """Return the share left after each time of customers of each group, shape (..., groups, times)."""
    churn = np.clip(factor * alpha / (alpha + beta), LEAST_CHURN, 1 - LEAST_CHURN)
    a, b = with_mean_churn(alpha, beta, churn)
    return survival(a[..., None], b[..., None], time)


def first_year_bound(base: Base, profit: float, step: float = STEP) -> float:
    """Return the most that a step can add to the first year's profit: as if all who stay had left on the first day."""
    return step * float(base.contribution.sum()) / profit
