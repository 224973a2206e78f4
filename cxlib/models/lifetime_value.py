"""What a customer is worth over its life, and what all bring to the books; how much more if customers stay longer.

Values are counted in first margins; the first one comes at once and is not discounted, as in the published figures. In
the books revenue less what it costs to serve is followed by the month, and nothing is discounted. `alpha` and `beta`
are those of `cxlib.models.retention_curve`; arrays are broadcast.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cxlib.errors import MeasureError
from cxlib.estimate import Array, Floats
from cxlib.models.retention_curve import log_survival, survival

Reading = Literal["points", "relative", "defections"]
"""What "five per cent more retention" means: five of a hundred customers more stay; retention times 1.05; five per
cent fewer of those who leave do."""
READINGS: tuple[Reading, ...] = ("points", "relative", "defections")

STEP = 0.05
LEAST_CHURN = 1e-6  # churn where a step would take away more than there is: nobody leaves any more
PACES, HALVINGS = (-30.0, 7.0), 50  # logarithms between which a pace is looked for, and how often they are halved
NEGLIGIBLE = 1e-12  # what a period may weigh at most for all later ones to be left out of a whole life


def churn_after(churn: Array, reading: Reading, step: Array = STEP) -> Floats:
    """Return the churn of a period after retention has risen by a step; never below zero.

    >>> [float(churn_after(0.2, reading).round(3)) for reading in READINGS]
    [0.15, 0.16, 0.19]
    """
    before, by = np.asarray(churn, float), np.asarray(step, float)
    after = {"points": before - by, "relative": before - by * (1 - before), "defections": before * (1 - by)}
    return np.asarray(np.maximum(after[reading], LEAST_CHURN), float)


def constant_uplift(retention: Array, discount: Array, reading: Reading, step: float = STEP) -> Floats:
    """Return by which share the value rises of a customer who stays each period with one probability r.

    The value is (1 + d) / (1 + d - r), so five points bring delta / (1 + d - r - delta): a quarter where r = 0.75 + d.

    >>> round(float(constant_uplift(0.85, 0.10, "points")), 6)
    0.25
    """
    rate, stays = 1 + np.asarray(discount, float), np.asarray(retention, float)
    return np.asarray((rate - stays) / (rate - 1 + churn_after(1 - stays, reading, step)) - 1, float)


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


def lifetime_value(alpha: Array, beta: Array, terms: Terms, shape: Array = 1.0, pace: Array = 1.0) -> Floats:
    """Return the value of a new customer in first margins: the sum of S(k) / (1 + d)^k times the margin.

    With a constant margin it is 2F1(1, beta; alpha + beta; 1 / (1 + d)): Fader and Hardie (2010), Marketing Science
    29(1). The sum is taken as it stands: library routines for that function fail where alpha is a whole number.
    """
    a, b, c, by = (np.asarray(part, float)[..., None] for part in (alpha, beta, shape, pace))
    left = survival(a, b, by ** (1 / c) * terms.periods, c)
    return np.asarray((left * terms.weights).sum(axis=-1), float)


def pace_after(
    alpha: Array, beta: Array, reading: Reading, step: Array = STEP, age: Array = 0.0, count: Array = 1.0
) -> Floats:
    """Return the pace at which retention of the next period has risen by a step: what multiplies everybody's risk.

    A customer who stays a period with probability p stays it with p^pace. `age` and `count`, shape (groups,), say how
    long customers have been there, their churn being Beta(alpha, beta + age), and how many they are.

    >>> round(float(pace_after(2e5, 8e5, "points")), 3)  # all stay with 0.8, then with 0.85: log 0.85 / log 0.8
    0.728
    """
    a, b = np.asarray(alpha, float)[..., None], np.asarray(beta, float)[..., None]
    ages, share = np.atleast_1d(np.asarray(age, float)), np.atleast_1d(np.asarray(count, float))
    share = share / share.sum()
    asked = churn_after((a / (a + b + ages)) @ share, reading, step)
    low, high = np.full((2, *asked.shape), np.array(PACES).reshape(2, *[1] * asked.ndim))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        too_fast = -np.expm1(log_survival(a, b + ages, np.exp(middle)[..., None])) @ share > asked
        low, high = np.where(too_fast, low, middle), np.where(too_fast, middle, high)
    return np.asarray(np.exp((low + high) / 2), float)


def uplift(alpha: Array, beta: Array, terms: Terms, pace: Array, shape: Array = 1.0) -> Floats:
    """Return by which share the value rises when everybody's risk is multiplied by a pace."""
    return lifetime_value(alpha, beta, terms, shape, pace) / lifetime_value(alpha, beta, terms, shape) - 1


def scaled_uplift(alpha: Array, beta: Array, terms: Terms, factor: Array) -> Floats:
    """Return the rise of the value when mean churn is multiplied, the polarization held: Fader and Hardie (2010)."""
    total = np.asarray(alpha, float) + np.asarray(beta, float)
    churn = np.maximum(np.asarray(factor, float) * np.asarray(alpha, float) / total, LEAST_CHURN)
    return lifetime_value(churn * total, (1 - churn) * total, terms) / lifetime_value(alpha, beta, terms) - 1


def contribution(
    age: Floats, brings: Floats, coming: Array, alpha: Array, beta: Array, years: int, pace: Array = 1.0
) -> Floats:
    """Return what customers bring in each of the next years, shape (..., years).

    `age` in years and what they bring a year (`brings`), shape (groups,), are of today's customers, whose churn is
    Beta(alpha, beta + age) of the money; `coming`, of those who come in a year, may have the shape (draws, 1).
    Everybody's risk is multiplied by `pace` from today on.
    """
    a, b, by = (np.asarray(part, float)[..., None, None] for part in np.broadcast_arrays(alpha, beta, pace))
    old = survival(a, b + age[:, None], by * (np.arange(12 * years) + 0.5) / 12)
    there = np.einsum("...gm,g->...m", old, brings / 12)
    # those who came this month are there for half of it, those of k months ago with what is left of them by then
    new = np.cumsum(survival(a, b, by * np.arange(12 * years) / 12)[..., 0, :], axis=-1) - 0.5
    monthly = there + np.asarray(coming, float) / 12**2 * new
    return np.asarray(monthly.reshape(*monthly.shape[:-1], years, 12).sum(axis=-1), float)
