"""What a customer is worth over its life, and how much more if customers stay longer.

Values are counted in first margins: a value of 4.2 is 4.2 times the margin of the first period. The margin of a period
comes at its start, so the first one is certain and not discounted; that is how the published figures are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    r, d = np.asarray(retention, float), np.asarray(discount, float)
    return np.asarray((1 + d) / (1 + d - r), float)


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


def constant_elasticity(retention: Array, discount: Array) -> Floats:
    """Return by how many per cent the value rises with one per cent more retention: r / (1 + d - r).

    Gupta, Lehmann and Stuart (2004), Journal of Marketing Research 41(1).
    """
    r = np.asarray(retention, float)
    return np.asarray(r / (1 + np.asarray(discount, float) - r), float)


def discounted_lifetime(alpha: Array, beta: Array, discount: Array) -> Floats:
    """Return the discounted expected lifetime of a new customer, in periods: the sum of S(k) / (1 + d)^k.

    It is the hypergeometric function 2F1(1, beta; alpha + beta; 1 / (1 + d)) of Fader and Hardie (2010), Marketing
    Science 29(1). The sum is taken as it stands: it converges fast, and library routines for the function fail where
    alpha is a whole number.
    """
    return lifetime_value(alpha, beta, Terms(np.asarray(discount, float)))


def discounted_residual_lifetime(alpha: Array, beta: Array, renewals: Array, discount: Array) -> Floats:
    """Return the discounted expected residual lifetime just before a customer's next renewal decision.

    The customer has renewed `renewals` times; what it pays at the coming renewal, if it renews, is not discounted.
    Same source as `discounted_lifetime`.
    """
    a, n = np.asarray(alpha, float), np.asarray(renewals, float)
    b = np.asarray(beta, float) + n
    return np.asarray(b / (a + b) * discounted_lifetime(a, b + 1, discount), float)


@dataclass(frozen=True)
class Terms:
    """How a life is turned into a value.

    Parameters
    ----------
    discount : float or ndarray
        Discount rate a period.
    growth : float or ndarray
        By which share the margin of one and the same customer rises each period.
    grows_for : int
        Periods after which it rises no further: as long as anybody was seen.
    horizon : int or None
        Periods that are counted; None counts a whole life.
    """

    discount: float | Floats = 0.10
    growth: float | Floats = 0.0
    grows_for: int = 0
    horizon: int | None = None


def lifetime_value(alpha: Array, beta: Array, terms: Terms, shape: Array = 1.0) -> Floats:
    """Return the value of a new customer in first margins, of the shape of all arguments broadcast."""
    parts = np.broadcast_arrays(alpha, beta, shape, terms.growth, terms.discount)
    a, b, c, growth, discount = (np.asarray(part, float)[..., None] for part in parts)
    period = np.arange(terms.horizon or _whole_life(discount), dtype=float)
    left = _left(a, b, period) if (c == 1).all() else survival(a, b, period, c)
    weight = left * np.exp(-period * np.log1p(discount))
    return np.asarray((weight * _margin(growth, period, terms.grows_for)).sum(axis=-1), float)


def _whole_life(discount: Array) -> int:
    """Return after how many periods nothing counts any more."""
    least = float(np.min(discount))
    if least <= 0:
        raise MeasureError(
            f"a whole life cannot be valued at a discount rate of {least:g}: give one above 0, or a horizon"
        )
    return int(np.ceil(-np.log(NEGLIGIBLE) / np.log1p(least)))


def _left(alpha: Floats, beta: Floats, period: Floats) -> Floats:
    """Return S(0), S(1), … by the retention of each period: many times as fast as by beta functions."""
    stays = (beta + period[:-1]) / (alpha + beta + period[:-1])
    return np.concatenate([np.ones((*stays.shape[:-1], 1)), np.cumprod(stays, axis=-1)], axis=-1)


def _margin(growth: Floats, period: Floats, grows_for: int) -> Floats:
    return np.asarray(np.maximum(1 + growth, 0.0) ** np.minimum(period, grows_for), float)


def value_uplift(
    alpha: Array, beta: Array, terms: Terms, reading: Reading, step: float = STEP, shape: Array = 1.0
) -> Floats:
    """Return by which share the value rises when the mean churn falls and customers differ as before."""
    a, b = np.asarray(alpha, float), np.asarray(beta, float)
    after = with_mean_churn(a, b, churn_after(a / (a + b), reading, step))
    return np.asarray(lifetime_value(*after, terms, shape) / lifetime_value(a, b, terms, shape) - 1, float)


def scaled_uplift(alpha: Array, beta: Array, terms: Terms, factor: Array) -> Floats:
    """Return by which share the value rises when the mean churn is multiplied, customers differing as before."""
    a, b = np.asarray(alpha, float), np.asarray(beta, float)
    churn = np.maximum(np.asarray(factor, float) * a / (a + b), LEAST_CHURN)
    return np.asarray(lifetime_value(*with_mean_churn(a, b, churn), terms) / lifetime_value(a, b, terms) - 1, float)


def slowed_uplift(alpha: float, beta: float, terms: Terms, reading: Reading, step: float = STEP) -> float:
    """Return by which share the value rises when everybody's risk falls in the same proportion.

    A customer who stays a period with probability p stays it with p^s, s below 1, so that after t periods as many are
    left as before after s t. It helps those likely to leave, and so brings less later than a change that leaves
    customers as unlike as they were.
    """
    churn = alpha / (alpha + beta)
    wanted = 1 - float(churn_after(churn, reading, step))
    if wanted >= 1 - 2 * LEAST_CHURN:
        return float(value_uplift(alpha, beta, terms, reading, step))
    slower = float(brentq(lambda pace: float(survival(alpha, beta, pace)) - wanted, 0.0, 1.0))
    period = np.arange(terms.horizon or _whole_life(terms.discount), dtype=float)
    weight = _margin(np.asarray(terms.growth, float), period, terms.grows_for) / (1 + terms.discount) ** period
    before, after = (float(survival(alpha, beta, pace * period) @ weight) for pace in (1.0, slower))
    return after / before - 1


def share_beyond(alpha: Array, beta: Array, terms: Terms, periods: int) -> Floats:
    """Return the share of a whole life's value that comes after so many periods."""
    seen = Terms(terms.discount, terms.growth, terms.grows_for, periods)
    return np.asarray(1 - lifetime_value(alpha, beta, seen) / lifetime_value(alpha, beta, terms), float)
