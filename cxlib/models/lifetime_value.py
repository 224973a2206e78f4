"""What a customer is worth over its life, and how much more if customers stay longer.

Values are counted in first margins: a value of 4.2 is 4.2 times the margin of the first period. The margin of a period
comes at its start, so the first one is certain and not discounted; that is how the published figures are counted.
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


def _uplift(alpha: Array, beta: Array, churn: Array, terms: Terms, shape: Array = 1.0) -> Floats:
    after = lifetime_value(*with_mean_churn(alpha, beta, churn), terms, shape)
    return np.asarray(after / lifetime_value(alpha, beta, terms, shape) - 1, float)


def value_uplift(
    alpha: Array, beta: Array, terms: Terms, reading: Reading, step: float = STEP, shape: Array = 1.0
) -> Floats:
    """Return by which share the value rises when the mean churn falls by a step and customers differ as before."""
    a, b = np.asarray(alpha, float), np.asarray(beta, float)
    return _uplift(a, b, churn_after(a / (a + b), reading, step), terms, shape)


def scaled_uplift(alpha: Array, beta: Array, terms: Terms, factor: Array) -> Floats:
    """Return by which share the value rises when the mean churn is multiplied, customers differing as before."""
    a, b = np.asarray(alpha, float), np.asarray(beta, float)
    return _uplift(a, b, np.maximum(np.asarray(factor, float) * a / (a + b), LEAST_CHURN), terms)


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
