"""How many, where most say none and a few say many: means, medians and tails of counts.

Rows of one cluster (as a rule one customer) may depend on each other; clusters are taken as independent.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit
from statsmodels.discrete.count_model import ZeroInflatedNegativeBinomialP
from statsmodels.discrete.discrete_model import NegativeBinomialP

from cxlib.estimate import ALPHA, Array, Estimate, Floats, Ints, design_effect
from cxlib.models.binary import cluster_variance, hidden_if_few

SEED = 20261101
DRAWS = 2_000
METHOD = "cluster bootstrap, studentised"
MOST_CELLS = 4_000_000
"""Most weights held in memory at a time."""


def _places(cluster: Array) -> tuple[Ints, int]:
    groups, place = np.unique(np.asarray(cluster), return_inverse=True)
    return place.astype(np.intp), len(groups)


def _draws(groups: int) -> list[Floats]:
    """Return how often each cluster is drawn, in blocks of draws, always the same for a number of clusters."""
    rng = np.random.default_rng(SEED)
    block = max(1, min(DRAWS, MOST_CELLS // groups))
    sizes = [min(block, DRAWS - start) for start in range(0, DRAWS, block)]
    return [_times_drawn(rng.integers(0, groups, (size, groups))) for size in sizes]


def _times_drawn(drawn: Ints) -> Floats:
    """Return how often each cluster is in each draw."""
    size, groups = drawn.shape
    place = (drawn + groups * np.arange(size)[:, None]).ravel()
    return np.bincount(place, minlength=size * groups).reshape(size, groups).astype(float)


def _studentised(value: float, error: float, drawn: Floats, errors: Floats) -> tuple[float, float]:
    """Return the limits of the bootstrap-t: the drawn values are taken in units of their own error.

    Efron (1982), *The Jackknife, the Bootstrap and Other Resampling Plans*, ch. 10; of the bootstrap intervals the one
    that holds best for means of skewed data (Hesterberg 2015, The American Statistician 69). A limit is infinite where
    many draws have no spread at all.
    """
    if error <= 1e-12 * max(abs(value), 1.0):
        return value, value
    gap = drawn - value
    with np.errstate(divide="ignore", invalid="ignore"):
        turned = np.where(errors > 1e-12, gap / errors, np.sign(gap) * np.inf)
    least, most = np.quantile(turned[~np.isnan(turned)], [ALPHA / 2, 1 - ALPHA / 2], method="inverted_cdf")
    return float(value - most * error), float(value - least * error)


@dataclass(frozen=True)
class _Sums:
    """Sums and numbers of rows by cluster, and the squares that the error of their ratio needs."""

    y: Floats
    rows: Floats

    def mean(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return the mean of each draw, and the sum of squares of its residuals by cluster over the rows squared."""
        rows = weights @ self.rows
        with np.errstate(invalid="ignore", divide="ignore"):
            value = weights @ self.y / rows
            squares = (
                weights @ self.y**2 - 2 * value * (weights @ (self.y * self.rows)) + value**2 * (weights @ self.rows**2)
            )
            return value, np.maximum(squares, 0.0) / rows**2


def _by_cluster(y: Floats, place: Ints, groups: int) -> _Sums:
    return _Sums(np.bincount(place, y, groups).astype(float), np.bincount(place, minlength=groups).astype(float))


def mean(counts: Array, cluster: Array, unit: str = "people") -> Estimate:
    """Return the mean with a bootstrap interval in which whole clusters are drawn (bootstrap-t).

    Parameters
    ----------
    counts, cluster : array_like, shape (rows,)
    unit : str
        What is counted.
    """
    y = np.asarray(counts, float)
    if len(y) == 0:
        return Estimate.unknown(0, unit, "cluster bootstrap")
    place, groups = _places(cluster)
    value = float(y.mean())
    if groups < 2:
        return _one_cluster(value, len(y), unit)
    sums = _by_cluster(y, place, groups)
    drawn = [sums.mean(weights) for weights in _draws(groups)]
    values, variances = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    error = float(np.sqrt(sums.mean(np.ones((1, groups)))[1][0]))
    low, high = _studentised(value, error, values, np.sqrt(variances))
    low = max(low, 0.0) if y.min() >= 0 else low
    return hidden_if_few(Estimate(value, low, high, len(y), unit, METHOD))


def mean_difference(first: Array, second: Array, first_cluster: Array, second_cluster: Array, unit: str) -> Estimate:
    """Return the mean of the first rows less that of the second, with a cluster bootstrap interval (bootstrap-t).

    A cluster may have rows in both: it is drawn with all of them. Draws without a row in one of the two are left
    out.
    """
    one, two = np.asarray(first, float), np.asarray(second, float)
    if len(one) == 0 or len(two) == 0:
        return Estimate.unknown(0, unit, "cluster bootstrap")
    place, groups = _places(np.concatenate([np.asarray(first_cluster), np.asarray(second_cluster)]))
    n, value = min(len(one), len(two)), float(one.mean() - two.mean())
    if groups < 2:
        return _one_cluster(value, n, unit)
    sums = (_by_cluster(one, place[: len(one)], groups), _by_cluster(two, place[len(one) :], groups))
    drawn = [_gap(*sums, weights) for weights in (np.ones((1, groups)), *_draws(groups))]
    values, errors = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    usable = np.isfinite(values)
    if usable.mean() < 0.5:
        return _one_cluster(value, n, unit)
    low, high = _studentised(value, float(errors[0]), values[usable][1:], errors[usable][1:])
    return hidden_if_few(Estimate(value, low, high, n, unit, METHOD))


def _gap(one: _Sums, two: _Sums, weights: Floats) -> tuple[Floats, Floats]:
    """Return the difference of the two means in each draw, and its error with what clusters in both have in common."""
    (first, first_variance), (second, second_variance) = one.mean(weights), two.mean(weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        shared = (
            weights @ (one.y * two.y)
            - second * (weights @ (one.y * two.rows))
            - first * (weights @ (one.rows * two.y))
            + first * second * (weights @ (one.rows * two.rows))
        ) / ((weights @ one.rows) * (weights @ two.rows))
    return first - second, np.sqrt(np.maximum(first_variance + second_variance - 2 * shared, 0.0))


def median(counts: Array, cluster: Array, unit: str = "people") -> Estimate:
    """Return the (lower) median with the interval between two order statistics.

    The ranks are those of the exact binomial interval (Hahn and Meeker 1991, *Statistical Intervals*, ch. 5), set
    further apart by the design effect of "at or below the median" (Woodruff 1952, JASA 47). On whole numbers the
    interval covers at least as often as it says.
    """
    y = np.sort(np.asarray(counts, float))
    n = len(y)
    if n == 0:
        return Estimate.unknown(0, unit, "order statistics")
    value = float(y[(n + 1) // 2 - 1])  # the lower of two middle ones: half of the rows are at most this
    at_most = np.asarray(counts, float) <= value
    p = float(at_most.mean())
    simple = p * (1 - p) / max(n - 1, 1)
    effect = float(design_effect(cluster_variance((at_most - p) / n, cluster), simple))
    trials = max(int(n / effect + 1e-6), 1)
    rank = int(stats.binom.ppf(ALPHA / 2, trials, 0.5) / trials * n)
    # with too few rows no order statistic lies far enough out
    low, high = (float(y[rank - 1]), float(y[n - rank])) if rank > 0 else (0.0, np.inf)
    return hidden_if_few(Estimate(value, low, high, n, unit, "order statistics"))


def share_of_top(counts: Array, cluster: Array, top: float = 0.1) -> Estimate:
    """Return which share of the total the largest counts bring, by default those of the tenth that counts most.

    A fraction of a row counts as a fraction. Interval by the cluster bootstrap (percentiles, rows re-ranked in
    each draw by their weights).
    """
    y = np.asarray(counts, float)
    if len(y) == 0 or y.sum() == 0:
        return Estimate.unknown(0, "share", "cluster bootstrap")
    place, groups = _places(cluster)
    order = np.argsort(-y, kind="stable")
    sorted_y, sorted_place = y[order], place[order]
    value = _top(np.ones((1, len(y))), sorted_y, top)[0]
    if groups < 2:
        return _one_cluster(float(value), len(y), "share")
    drawn = np.concatenate([_top(weights[:, sorted_place], sorted_y, top) for weights in _draws(max(groups, 1))])
    low, high = np.nanquantile(drawn, [ALPHA / 2, 1 - ALPHA / 2])
    return hidden_if_few(
        Estimate(float(value), float(low), float(high), len(y), "share", "cluster bootstrap, percentile")
    )


def _top(weights: Floats, descending: Floats, top: float) -> Floats:
    """Return the share of the weighted total that the first `top` of the weight brings, one value per draw."""
    before = np.cumsum(weights, axis=1) - weights
    wanted = top * weights.sum(axis=1, keepdims=True)
    taken = np.clip(wanted - before, 0.0, weights)
    with np.errstate(invalid="ignore"):
        return np.asarray((taken @ descending) / (weights @ descending), float)


@dataclass(frozen=True)
class Zeros:
    """Whether more say "none" than chance would bring among people who tell.

    Parameters
    ----------
    model : str
        "zero-inflated", "negative binomial" or "none": what describes the counts better by Akaike's criterion.
    never : Estimate
        Share that the zero-inflated model takes for people who never tell; NaN where it was not needed.
    expected_zeros : float
        Share of zeros that the negative binomial expects; NaN without a model.
    dispersion : float
        Variance is mean + dispersion x mean squared; NaN without a model.
    """

    model: str
    never: Estimate
    expected_zeros: float
    dispersion: float


def zeros(counts: Array) -> Zeros:
    """Fit a negative binomial and a zero-inflated one (Lambert 1992, Technometrics 34) and keep the better.

    Both through statsmodels. Where the larger model does not converge, or its inflation ends at the edge, the
    smaller stands; where that does not converge either (all counts equal, too few), there is no model.
    """
    y = np.asarray(counts, float)
    nothing = Estimate.unknown(0, "share", "zero-inflated negative binomial")
    if len(y) < 30 or y.max() == y.min() or y.var() <= y.mean():
        return Zeros("none", nothing, float("nan"), float("nan"))
    constant = np.ones((len(y), 1))
    plain = _fit(NegativeBinomialP(y, constant), np.array([np.log(y.mean()), 1.0]))
    if plain is None:
        return Zeros("none", nothing, float("nan"), float("nan"))
    rate, spread = float(np.exp(plain.params[0])), float(plain.params[1])
    expected = (1 + spread * rate) ** (-1 / spread)
    inflated = _fit(
        ZeroInflatedNegativeBinomialP(y, constant, exog_infl=constant, p=2),
        np.array([-1.0, np.log(y[y > 0].mean()), max(spread / 2, 0.1)]),
    )
    if inflated is None or inflated.aic >= plain.aic:
        return Zeros("negative binomial", nothing, expected, spread)
    logit, error = float(inflated.params[0]), float(np.sqrt(inflated.cov_params()[0, 0]))
    ends = logit + np.array([0.0, *stats.norm.ppf([ALPHA / 2, 1 - ALPHA / 2])]) * error
    value, low, high = (float(end) for end in expit(ends))
    never = Estimate(value, low, high, len(y), "share", "zero-inflated negative binomial, delta method on the logit")
    return Zeros("zero-inflated", never, expected, float(inflated.params[2]))


def _fit(model: NegativeBinomialP, start: Floats) -> NegativeBinomialP | None:
    """Return a fit whose parameters and errors are sound, or nothing."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # what they would say is asked below
        try:
            fit = model.fit(start_params=start, method="bfgs", maxiter=500, disp=False)
            covariance = np.asarray(fit.cov_params(), float)
        except (np.linalg.LinAlgError, ValueError):
            return None
    sound = fit.mle_retvals["converged"] and np.isfinite(fit.params).all()
    sound = sound and np.isfinite(covariance).all() and (np.diag(covariance) > 0).all() and fit.params[-1] > 0
    return fit if sound else None


def _one_cluster(value: float, n: int, unit: str) -> Estimate:
    """Return a value whose spread nobody can tell, because all rows belong together."""
    return hidden_if_few(Estimate(value, np.nan, np.nan, n, unit, "one cluster: no interval"))
