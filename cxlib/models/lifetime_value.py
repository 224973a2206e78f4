"""What a customer is worth over its life, and what all bring to the books; how much more if customers stay longer.

Values are counted in first margins: a value of 4.2 is 4.2 times the margin of the first period. The margin of a period
comes at its start, so the first one is certain and not discounted; that is how the published figures are counted.

In the books contribution (revenue less what it costs to serve) is followed month by month for the customers of today
and for those who come; everything else that is spent stays as it is, and amounts are not discounted.

`alpha` and `beta` are those of `cxlib.models.retention_curve`; arrays are broadcast.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.optimize import brentq

from cxlib.errors import MeasureError
from cxlib.estimate import Array, Floats
from cxlib.models.retention_curve import survival, with_mean_churn

Reading = Literal["points", "relative", "defections"]
"""What "five per cent more retention" means: five of a hundred customers more stay; retention times 1.05; five per
cent fewer of those who leave do."""
READINGS: tuple[Reading, ...] = ("points", "relative", "defections")

STEP = 0.05
LEAST_CHURN = 1e-6
"""Churn where a step would take away more than there is: nobody leaves any more."""
NEGLIGIBLE = 1e-12
"""What a period may weigh at most for all later ones to be left out of a whole life."""


def churn_after(churn: Array, reading: Reading, step: float = STEP) -> Floats:
    """Return the churn of a period after retention has risen by a step; never below zero.

    >>> [float(churn_after(0.2, reading).round(3)) for reading in READINGS]
    [0.15, 0.16, 0.19]
    """
    before = np.asarray(churn, float)
    after = {"points": before - step, "relative": before - step * (1 - before), "defections": before * (1 - step)}
    return np.asarray(np.maximum(after[reading], LEAST_CHURN), float)


def constant_value(retention: Array, discount: Array) -> Floats:
    """Return the value of a customer who stays each period with the same probability: (1 + d) / (1 + d - r)."""
    rate = 1 + np.asarray(discount, float)
    return np.asarray(rate / (rate - np.asarray(retention, float)), float)


def constant_uplift(retention: Array, discount: Array, reading: Reading, step: float = STEP) -> Floats:
    """Return by which share the constant value rises.

    Five points bring delta / (1 + d - r - delta): exactly a quarter where r = 0.75 + d.

    >>> round(float(constant_uplift(0.85, 0.10, "points")), 6)
    0.25
    """
    after = 1 - churn_after(1 - np.asarray(retention, float), reading, step)
    return constant_value(after, discount) / constant_value(retention, discount) - 1


def retention_that_brings(uplift: Array, discount: Array, step: float = STEP) -> Floats:
    """Return the constant retention at which a step in points brings a given uplift: 1 + d - step - step / uplift."""
    return np.asarray(1 + np.asarray(discount, float) - step - step / np.asarray(uplift, float), float)


@dataclass(frozen=True)
class Terms:
    """How a life is turned into a value.

    `discount` is a rate a period, `growth` the share by which the margin of a customer rises each period, until it has
    risen `grows_for` times: as long as anybody was seen. Without a `horizon`, in periods, a whole life counts.
    """

    discount: float | Floats = 0.10
    growth: float | Floats = 0.0
    grows_for: int = 0
    horizon: int | None = None

    @property
    def periods(self) -> Floats:
        """All periods that count, from 0; raises MeasureError for a whole life without discount."""
        if self.horizon:
            return np.arange(self.horizon, dtype=float)
        least = float(np.min(self.discount))
        if least <= 0:
            raise MeasureError(
                f"a whole life cannot be valued at a discount rate of {least:g}: give one above 0, or a horizon"
            )
        return np.arange(np.ceil(-np.log(NEGLIGIBLE) / np.log1p(least)), dtype=float)

    @property
    def weights(self) -> Floats:
        """The discounted margin of each period, shape (..., periods)."""
        growth, discount = (np.asarray(part, float)[..., None] for part in (self.growth, self.discount))
        margin = np.maximum(1 + growth, 0.0) ** np.minimum(self.periods, self.grows_for)
        return np.asarray(margin * np.exp(-self.periods * np.log1p(discount)), float)


def lifetime_value(alpha: Array, beta: Array, terms: Terms, shape: Array = 1.0) -> Floats:
    """Return the value of a new customer in first margins: the sum of S(k) / (1 + d)^k times the margin.

    With a constant margin it is 2F1(1, beta; alpha + beta; 1 / (1 + d)): Fader and Hardie (2010), Marketing Science
    29(1). The sum is taken as it stands: library routines for that function fail where alpha is a whole number.
    """
    a, b, c = (np.asarray(part, float)[..., None] for part in (alpha, beta, shape))
    period = terms.periods
    if (c == 1).all():  # by the retention of each period: many times as fast as by beta functions
        stays = np.cumprod((b + period[:-1]) / (a + b + period[:-1]), axis=-1)
        left = np.concatenate([np.ones((*stays.shape[:-1], 1)), stays], axis=-1)
    else:
        left = survival(a, b, period, c)
    return np.asarray((left * terms.weights).sum(axis=-1), float)


def value_uplift(
    alpha: Array, beta: Array, terms: Terms, reading: Reading, step: float = STEP, shape: Array = 1.0
) -> Floats:
    """Return by which share the value rises when the mean churn falls by a step and customers differ as before."""
    churn = np.asarray(alpha, float) / (np.asarray(alpha, float) + np.asarray(beta, float))
    return scaled_uplift(alpha, beta, terms, churn_after(churn, reading, step) / churn, shape)


def scaled_uplift(alpha: Array, beta: Array, terms: Terms, factor: Array, shape: Array = 1.0) -> Floats:
    """Return by which share the value rises when the mean churn is multiplied, customers differing as before."""
    a, b = np.asarray(alpha, float), np.asarray(beta, float)
    churn = np.maximum(np.asarray(factor, float) * a / (a + b), LEAST_CHURN)
    after = lifetime_value(*with_mean_churn(a, b, churn), terms, shape)
    return np.asarray(after / lifetime_value(a, b, terms, shape) - 1, float)


def slowed_uplift(alpha: float, beta: float, terms: Terms, reading: Reading, step: float = STEP) -> float:
    """Return by which share the value rises when everybody's risk falls in the same proportion.

    A customer who stays a period with probability p stays it with p^s, s below 1, so that after t periods as many are
    left as before after s t. It helps those likely to leave, and so brings less later than a like change for all.
    """
    wanted = 1 - float(churn_after(alpha / (alpha + beta), reading, step))
    if wanted >= 1 - 2 * LEAST_CHURN:
        return float(value_uplift(alpha, beta, terms, reading, step))
    slower = float(brentq(lambda pace: float(survival(alpha, beta, pace)) - wanted, 0.0, 1.0))
    before, after = (float(survival(alpha, beta, pace * terms.periods) @ terms.weights) for pace in (1.0, slower))
    return after / before - 1


def share_beyond(alpha: Array, beta: Array, terms: Terms, periods: int) -> Floats:
    """Return the share of a whole life's value that comes after so many periods."""
    seen = lifetime_value(alpha, beta, replace(terms, horizon=periods))
    return np.asarray(1 - seen / lifetime_value(alpha, beta, terms), float)


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


def factor_for(base: Base, alpha: Array, beta: Array, step: float = STEP) -> Floats:
    """Return by what everybody's churn is multiplied when a step more of today's customers stays for a year.

    The churn of those with some years behind them is Beta(alpha, beta + years).
    """
    a, b = np.asarray(alpha, float)[..., None], np.asarray(beta, float)[..., None]
    churn = (a / (a + b + base.age)) @ base.customers / base.customers.sum()
    return np.asarray(np.maximum(1 - step / churn, LEAST_CHURN), float)


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
