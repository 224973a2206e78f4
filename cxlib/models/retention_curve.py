"""How many customers are left after t periods, when customers differ in how likely they are to go.

Every customer stays each period with a probability of its own, 1 - theta, and theta follows a beta distribution over
customers: the shifted-beta-geometric model of Fader and Hardie (2007), Journal of Interactive Marketing 21(1). Then

    S(t) = B(alpha, beta + t^c) / B(alpha, beta)

with c = 1; the beta-discrete-Weibull model of Fader, Hardie, Liu, Davin and Steenburgh (2018), same journal 43, lets
each customer's own risk rise (c > 1) or fall (c < 1) with time. `alpha / (alpha + beta)` is the mean churn of the first
period and `1 / (alpha + beta + 1)` the polarization: 0 where all customers are alike, 1 where they stay for ever or go
at once. Retention rises with tenure although nobody grows more loyal, because those likely to go go first.

`spells` are counted in periods (years) from their beginning, one row per spell or kind of spell. It came under
observation when `entry` periods were behind it (0 where its beginning was seen), was still there at `after` and gone at
`by`, infinite where it was last seen at `after`; `count` is how many it stands for, or what it weighs, be it negative.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaln, expit

from cxlib.errors import MeasureError
from cxlib.estimate import Array, Floats, Ints

TIMES = ["entry", "after", "by"]
LIMITS = ((-15.0, 15.0), (float(np.log(0.02)), float(np.log(1e4))), (-float(np.log(4)), float(np.log(4))))
"""Of logit mean churn, log(alpha + beta) and log c; where the second is highest, customers are as good as alike."""
AROUND, TOTALS = np.arange(-2.0, 2.01, 0.025), np.linspace(*LIMITS[1], 40)
"""Where curves of resampled spells are looked for: logit mean churn around the fitted one, and log(alpha + beta)."""


@dataclass(frozen=True)
class RetentionCurve:
    """A fitted curve: its parameters (`shape` is c), and the log-likelihood of the `n` spells that say something."""

    alpha: float
    beta: float
    shape: float
    log_likelihood: float
    n: int

    @property
    def mean_churn(self) -> float:
        """Share of new customers that goes in the first period."""
        return self.alpha / (self.alpha + self.beta)

    def survival(self, time: Array) -> Floats:
        return survival(self.alpha, self.beta, time, self.shape)

    def retention(self, period: Array) -> Floats:
        """Return the share that stays through the period (1 = the first) of those who began it."""
        last = np.asarray(period, float)
        return self.survival(last) / self.survival(last - 1)


@dataclass(frozen=True)
class Drawn:
    """A curve fitted to spells, one row each, and `alpha` and `beta` of it and then of draws, shape (1 + draws,)."""

    spells: pd.DataFrame
    curve: RetentionCurve
    alpha: Floats
    beta: Floats

    @classmethod
    def of(cls, spells: pd.DataFrame, seed: int, count: int) -> Self:
        """Fit, and fit again to so many resamples; one seed resamples the same spells, in whatever way they count.

        Bayesian bootstrap (Rubin 1981, Annals of Statistics 9), the best of a grid: unlike a normal approximation it
        knows that a few large spells decide a weighted curve. Raises MeasureError as `fit_sbg` does.
        """
        curve, (rows, place) = fit_sbg(spells), _alike(spells)
        near, total = (part.ravel() for part in np.meshgrid(AROUND, np.exp(TOTALS)))
        churn = expit(near + np.log(curve.alpha / curve.beta))
        alpha, beta = churn * total, (1 - churn) * total
        weight = np.random.default_rng(seed).exponential(size=(count, len(place))) * spells["count"].to_numpy()
        sums = np.stack([np.bincount(place, one, len(rows)) for one in weight])
        best = np.argmax(sums @ _log_likelihood(rows)(alpha[:, None], beta[:, None]).T, axis=1)
        return cls(spells, curve, np.append(curve.alpha, alpha[best]), np.append(curve.beta, beta[best]))

    @cached_property
    def bent(self) -> RetentionCurve:
        """The Weibull curve of the same spells."""
        return fit_sbg(self.spells, size=3)


def log_survival(alpha: Array, beta: Array, time: Array, shape: Array = 1.0) -> Floats:
    """Return log S(t); all arguments are broadcast, time may be a fraction of a period."""
    a, b = np.asarray(alpha, float), np.asarray(beta, float)
    with np.errstate(over="ignore"):
        aged = b + np.asarray(time, float) ** np.asarray(shape, float)
    return np.asarray(betaln(a, aged) - betaln(a, b), float)


def survival(alpha: Array, beta: Array, time: Array, shape: Array = 1.0) -> Floats:
    """Return the share still there after `time` periods; all arguments are broadcast."""
    return np.exp(log_survival(alpha, beta, time, shape))


def fit_sbg(spells: pd.DataFrame, size: int = 2) -> RetentionCurve:
    """Fit the shifted-beta-geometric model by maximum likelihood; with c as a third parameter, the Weibull one.

    A spell counts for what happened to it given that it had lasted until it came under observation. Raises MeasureError
    if nobody, or everybody at the first chance, left.
    """
    sound = (spells["entry"] >= 0) & (spells["after"] >= spells["entry"]) & (spells["by"] > spells["after"])
    if not sound.all():
        raise MeasureError(
            f"{(~sound).sum()} of {len(spells)} spells were not under observation from entry to end: "
            "count a customer only in periods that were seen whole"
        )
    says = (np.isfinite(spells["by"]) | (spells["after"] > spells["entry"])) & (spells["count"] != 0)
    rows, _ = _alike(spells[says])
    entry, after, by, weight = rows.to_numpy().T
    ended, count = np.isfinite(by), float(weight.sum())
    periods = float((weight * (np.where(ended, by, after) - entry)).sum())
    lost = float(weight[ended].sum())
    if lost <= 0 or lost >= periods:
        raise MeasureError(
            f"{lost:g} of {count:g} spells ended in {periods:g} periods under observation: a retention curve needs "
            "some that end and some that last"
        )

    likelihood = _log_likelihood(rows)

    def cost(point: Floats) -> float:
        return -float(likelihood(*_natural(point)) @ weight) / count

    begin = np.array([np.log(lost / (periods - lost)), 2.0, 0.0])[:size]
    close = {"xatol": 1e-9, "fatol": 1e-15, "maxiter": 5_000, "maxfev": 5_000}
    found = minimize(cost, begin, method="Nelder-Mead", bounds=LIMITS[:size], options=close)
    best = np.asarray(found.x, float)
    return RetentionCurve(*_natural(best), -cost(best) * count, round(count))


def _natural(point: Floats) -> tuple[float, float, float]:
    """Return alpha, beta and shape from logit mean churn, log(alpha + beta) and log shape."""
    total = float(np.exp(point[1]))
    return float(expit(point[0])) * total, float(expit(-point[0])) * total, float(np.exp(point[2:]).prod())


def _alike(spells: pd.DataFrame) -> tuple[pd.DataFrame, Ints]:
    """Return spells that are alike in one row, with their counts added up, and the row of each."""
    kinds, place = np.unique(spells[TIMES].to_numpy(float), axis=0, return_inverse=True)
    count = np.bincount(place.ravel(), spells["count"]).astype(float)
    return pd.DataFrame(kinds, columns=TIMES).assign(count=count), place.ravel()


def _log_likelihood(rows: pd.DataFrame) -> Callable[..., Floats]:
    """Return the log-likelihood of each row, its count left out, as a function of alpha, beta and shape."""
    # rows are many and times are few: survival is asked for once a time
    times, place = np.unique(rows[TIMES].to_numpy().T, return_inverse=True)
    (entry, after, by), ended = place.reshape(3, -1), np.isfinite(rows["by"].to_numpy())

    def of(alpha: Array, beta: Array, shape: Array = 1.0) -> Floats:
        left = log_survival(alpha, beta, times, shape)
        lost = np.maximum(-np.expm1(np.minimum(left[..., by] - left[..., after], 0.0)), 1e-300)
        return np.asarray(left[..., after] - left[..., entry] + np.where(ended, np.log(lost), 0.0), float)

    return of
