"""How many customers are left after t periods, when customers differ in how likely they are to go.

Every customer stays each period with a probability of its own, 1 - theta, and theta follows a beta distribution over
customers: the shifted-beta-geometric model of Fader and Hardie (2007), Journal of Interactive Marketing 21(1). Then

    S(t) = B(alpha, beta + t^c) / B(alpha, beta)

with c = 1; the beta-discrete-Weibull model of Fader, Hardie, Liu, Davin and Steenburgh (2018), same journal 43, lets
each customer's own risk rise (c > 1) or fall (c < 1) with time. `alpha / (alpha + beta)` is the mean churn of the first
period and `1 / (alpha + beta + 1)` the polarization: 0 where all customers are alike, 1 where they stay for ever or go
at once. Retention rises with tenure although nobody grows more loyal, because those likely to go go first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit

from cxlib.errors import MeasureError
from cxlib.estimate import Array, Floats

LIMITS = ((-15.0, 15.0), (float(np.log(0.02)), float(np.log(1e4))), (-float(np.log(4)), float(np.log(4))))
"""Of logit mean churn, log(alpha + beta) and log c; where the second is highest, customers are as good as alike."""
EDGE = 1e-3
"""A parameter this close to its limit counts as at the limit: it is taken as known there."""
STEP = 1e-5
WIDEST = 3.0
"""Standard deviation, on the log scale, given to a direction in which the likelihood is flat."""


@dataclass(frozen=True)
class Spells:
    """Spells of customers, counted in periods (years) from their beginning; one row per spell or kind of spell.

    A row came under observation when `entry` periods were behind it (0 where its beginning was seen), was still there
    at `after` and gone at `by`, which is infinite where it was last seen at `after`. `count` is how many spells it
    stands for, or what it weighs. Raises MeasureError if a row was never under observation, or runs backwards.
    """

    entry: Floats
    after: Floats
    by: Floats
    count: Floats

    def __post_init__(self) -> None:
        wrong = ~((self.entry >= 0) & (self.after >= self.entry) & (self.by > self.after) & (self.count >= 0))
        if wrong.any():
            raise MeasureError(
                f"{int(wrong.sum())} of {len(wrong)} spells were not under observation from entry to end: "
                "count a customer only in periods that were seen whole"
            )


@dataclass(frozen=True)
class RetentionCurve:
    """A fitted curve: its parameters (`shape` is c), and the log-likelihood of the `n` spells that say something.

    `covariance` is that of log alpha, log beta and, where fitted, log c: zero for what lies at the edge of the model.
    """

    alpha: float
    beta: float
    shape: float
    log_likelihood: float
    covariance: Floats
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

    def draws(self, rng: np.random.Generator, count: int) -> Floats:
        """Draw parameters, shape (3, count), asymptotically normal on the log scale, within the model's limits."""
        size = len(self.covariance)
        centre = np.log([self.alpha, self.beta, self.shape])[:size]
        values, vectors = np.linalg.eigh(self.covariance)
        spread = vectors * np.sqrt(np.maximum(values, 0.0))
        drawn = np.exp(centre + rng.standard_normal((count, size)) @ spread.T).T
        total = drawn[0] + drawn[1]
        drawn[:2] *= np.clip(total, *np.exp(LIMITS[1])) / total
        return drawn if size == 3 else np.vstack([drawn, np.full(count, self.shape)])


def log_survival(alpha: Array, beta: Array, time: Array, shape: Array = 1.0) -> Floats:
    """Return log S(t); all arguments are broadcast, time may be a fraction of a period."""
    a, b = np.asarray(alpha, float), np.asarray(beta, float)
    with np.errstate(over="ignore"):
        aged = b + np.asarray(time, float) ** np.asarray(shape, float)
    return np.asarray(betaln(a, aged) - betaln(a, b), float)


def survival(alpha: Array, beta: Array, time: Array, shape: Array = 1.0) -> Floats:
    """Return the share still there after `time` periods; all arguments are broadcast."""
    return np.exp(log_survival(alpha, beta, time, shape))


def with_mean_churn(alpha: Array, beta: Array, churn: Array) -> tuple[Floats, Floats]:
    """Return alpha and beta with another mean churn and the same polarization, so that customers differ as before.

    Why retention cannot be moved without saying how customers differ: Fader and Hardie (2010), Marketing Science 29(1).
    Raises MeasureError if the churn asked for is not between 0 and 1.
    """
    asked = np.asarray(churn, float)
    if not ((asked > 0) & (asked < 1)).all():
        raise MeasureError(
            f"a mean churn of {asked.min():.3f} to {asked.max():.3f} cannot be: it lies between 0 and 1; "
            "ask for a smaller step"
        )
    total = np.asarray(alpha, float) + np.asarray(beta, float)
    return asked * total, (1 - asked) * total


def fit_bdw(spells: Spells) -> RetentionCurve:
    """Fit the beta-discrete-Weibull model; see `fit_sbg`."""
    return fit_sbg(spells, size=3)


def fit_sbg(spells: Spells, robust: bool = False, size: int = 2) -> RetentionCurve:
    """Fit the shifted-beta-geometric model by maximum likelihood; with c as a third parameter, the Weibull one.

    A spell counts for what happened to it given that it had lasted until it came under observation. If `robust`,
    `count` are weights; then each row is one spell, and the covariance the sandwich of White (1982), Econometrica 50.
    Raises MeasureError if nobody, or everybody at the first chance, left.
    """
    here = (np.isfinite(spells.by) | (spells.after > spells.entry)) & (spells.count > 0)  # rows that say something
    rows = Spells(*(part[here] for part in (spells.entry, spells.after, spells.by, spells.count)))
    ended, count = np.isfinite(rows.by), float(rows.count.sum())
    periods = float((rows.count * (np.where(ended, rows.by, rows.after) - rows.entry)).sum())
    lost = float(rows.count[ended].sum())
    if lost <= 0 or lost >= periods:
        raise MeasureError(
            f"{lost:g} of {count:g} spells ended in {periods:g} periods under observation: a retention curve needs "
            "some that end and some that last"
        )
    share = rows.count / count

    def cost(point: Floats) -> tuple[float, Floats]:
        value, scores = _likelihood(point, rows)
        return -float(value @ share), -(scores @ share)

    begin = np.array([np.log(lost / (periods - lost)), 2.0, 0.0])[:size]
    close = {"ftol": 1e-14, "maxiter": 500}
    found = minimize(cost, begin, jac=True, method="SLSQP", bounds=LIMITS[:size], options=close)
    best, many = np.asarray(found.x, float), len(rows.entry) if robust else round(count)
    return RetentionCurve(*_natural(best), -cost(best)[0] * count, _covariance(best, rows, robust), many)


def _natural(point: Floats) -> tuple[float, float, float]:
    """Return alpha, beta and shape from logit mean churn, log(alpha + beta) and log shape."""
    total = float(np.exp(point[1]))
    return float(expit(point[0])) * total, float(expit(-point[0])) * total, float(np.exp(point[2:]).prod())


def _likelihood(point: Floats, rows: Spells) -> tuple[Floats, Floats]:
    """Return the log-likelihood of each row, its count left out, and its gradient, shape (parameters, rows)."""
    ended = np.isfinite(rows.by)
    there, there_by = _log_survival(point, rows.after)
    gone, gone_by = _log_survival(point, np.where(ended, rows.by, rows.after + 1))
    before, before_by = _log_survival(point, rows.entry)
    kept = np.exp(np.minimum(gone - there, 0.0))
    lost = np.maximum(1 - kept, 1e-300)
    value = there + np.where(ended, np.log(lost), 0.0) - before
    return value, np.where(ended, (there_by - kept * gone_by) / lost, there_by) - before_by


def _log_survival(point: Floats, time: Floats) -> tuple[Floats, Floats]:
    """Return log S(t) and its gradient along the parameters of `_natural`."""
    alpha, beta, shape = _natural(point)
    aged = time**shape
    by_alpha = digamma(alpha + beta) - digamma(alpha + beta + aged)
    by_aged = digamma(beta + aged) - digamma(alpha + beta + aged)
    by_beta = by_aged - digamma(beta) + digamma(alpha + beta)
    churn = alpha / (alpha + beta)
    by_churn = alpha * (1 - churn) * by_alpha - beta * churn * by_beta
    gradient = [by_churn, alpha * by_alpha + beta * by_beta, by_aged * aged * shape * np.log(np.maximum(time, 1e-300))]
    return log_survival(alpha, beta, time, shape), np.array(gradient[: len(point)])


def _covariance(point: Floats, rows: Spells, robust: bool) -> Floats:
    """Return the covariance of log alpha, log beta and log shape; what lies at an edge is taken as known."""
    low, high = np.array(LIMITS[: len(point)]).T
    free = (low + EDGE < point) & (point < high - EDGE)
    count = float(rows.count.sum())
    share = rows.count / count

    def scores(step: Floats) -> Floats:
        return _likelihood(point + step, rows)[1]

    bent = [(scores(-step) - scores(step)) @ share / (2 * STEP) for step in STEP * np.eye(len(point))[free]]
    information = count * np.array(bent).reshape(-1, len(point))[:, free]
    values, vectors = np.linalg.eigh((information + information.T) / 2)
    inverse = (vectors / np.maximum(values, WIDEST**-2)) @ vectors.T
    if robust:
        weighted = count * share * scores(np.zeros(len(point)))[free]
        inverse = inverse @ (weighted @ weighted.T) @ inverse
    covariance, to_logs, churn = np.zeros((len(point),) * 2), np.eye(len(point)), float(expit(point[0]))
    covariance[np.ix_(free, free)] = inverse
    to_logs[:2, :2] = [[1 - churn, 1.0], [-churn, 1.0]]
    return np.asarray(to_logs @ covariance @ to_logs.T, float)
