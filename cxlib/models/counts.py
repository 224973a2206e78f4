"""How many, where most say none and a few say many: means, medians and tails of counts, one row per count."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy import stats
from scipy.special import expit
from statsmodels.discrete.count_model import ZeroInflatedNegativeBinomialP
from statsmodels.discrete.discrete_model import NegativeBinomialP

from cxlib.estimate import ALPHA, Array, Estimate, Floats, Ints, Z
from cxlib.models.clusters import estimated, from_draws, hidden_if_few, share_effect

SEED = 20261101
DRAWS = 2_000
METHOD = "cluster bootstrap, studentised"
MOST_CELLS = 4_000_000  # most weights held in memory at a time


def _places(cluster: Array) -> tuple[Ints, int]:
    groups, place = np.unique(np.asarray(cluster), return_inverse=True)
    return place.astype(np.intp), len(groups)


def _draws(groups: int) -> Iterator[Floats]:
    """Give how often each cluster is in each draw, in blocks of draws, always the same for a number of clusters."""
    rng = np.random.default_rng(SEED)
    block = max(1, min(DRAWS, MOST_CELLS // groups))
    for start in range(0, DRAWS, block):
        size = min(block, DRAWS - start)
        place = (rng.integers(0, groups, (size, groups)) + groups * np.arange(size)[:, None]).ravel()
        yield np.bincount(place, minlength=size * groups).reshape(size, groups).astype(float)


def _bootstrapped(sides: Sequence[tuple[Array, Array]], unit: str) -> Estimate:
    """Return the mean of one side (counts and clusters), less that of another if given, with bootstrap-t limits.

    In units of each draw's own error (Efron 1982, *The Jackknife, the Bootstrap and Other Resampling Plans*, ch. 10),
    which holds best for means of skewed data (Hesterberg 2015). Infinite where many draws have no spread; draws without
    a row on a side are left out.
    """
    counts = [np.asarray(y, float) for y, _ in sides]
    n = min(len(y) for y in counts)
    if n == 0:
        return Estimate.unknown(0, unit, "cluster bootstrap")
    value = float(counts[0].mean() - sum(y.mean() for y in counts[1:]))
    place, groups = _places(np.concatenate([np.asarray(cluster) for _, cluster in sides]))
    if groups < 2:
        return _one_cluster(value, n, unit)
    places = np.split(place, [len(counts[0])])
    sums = [
        (np.bincount(at, y, groups), np.bincount(at, minlength=groups)) for at, y in zip(places, counts, strict=False)
    ]

    def drawn(weights: Floats) -> tuple[Floats, Floats]:
        """Return the value and its error in each draw; what a cluster has on both sides counts together."""
        values, moved = np.zeros(len(weights)), np.zeros(weights.shape)
        for sign, (y, rows) in zip((1.0, -1.0), sums, strict=False):
            size = weights @ rows
            mean = weights @ y / size
            values += sign * mean
            moved += sign * (y - mean[:, None] * rows) / size[:, None]
        return values, np.sqrt((weights * moved**2).sum(axis=1))

    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [drawn(weights) for weights in (np.ones((1, groups)), *_draws(groups))]
        values, errors = (np.concatenate(part) for part in zip(*parts, strict=True))
        usable = np.isfinite(values)
        if usable.mean() < 0.5:
            return _one_cluster(value, n, unit)
        error, gap, errors = errors[0], values[usable][1:] - value, errors[usable][1:]
        turned = np.where(errors > 1e-12, gap / errors, np.sign(gap) * np.inf)
    limits = np.full(2, value)
    if error > 1e-12 * max(abs(value), 1.0):
        ends = np.quantile(turned[~np.isnan(turned)], [1 - ALPHA / 2, ALPHA / 2], method="inverted_cdf")
        limits = value - ends * error
    return estimated((value, *limits), n, unit, METHOD)


def mean(counts: Array, cluster: Array, unit: str = "people") -> Estimate:
    """Return the mean with a bootstrap interval in which whole clusters are drawn (bootstrap-t)."""
    found = _bootstrapped([(counts, cluster)], unit)
    return replace(found, low=0.0) if found.low < 0 <= np.min(counts) else found


def mean_difference(first: Array, second: Array, first_cluster: Array, second_cluster: Array, unit: str) -> Estimate:
    """Return the mean of the first rows less that of the second; a cluster may have rows in both."""
    return _bootstrapped([(first, first_cluster), (second, second_cluster)], unit)


def median(counts: Array, cluster: Array, unit: str = "people") -> Estimate:
    """Return the (lower) median with the interval between two order statistics.

    Ranks of the exact binomial interval (Hahn and Meeker 1991, *Statistical Intervals*, ch. 5), set further apart by
    the design effect of "at or below the median" (Woodruff 1952, JASA 47).
    """
    rows = np.asarray(counts, float)
    y, n = np.sort(rows), len(rows)
    if n == 0:
        return Estimate.unknown(0, unit, "order statistics")
    value = float(y[(n + 1) // 2 - 1])  # the lower of two middle ones: half of the rows are at most this
    trials = max(int(n / share_effect((rows <= value).astype(float), cluster) + 1e-6), 1)
    rank = int(stats.binom.ppf(ALPHA / 2, trials, 0.5) / trials * n)
    # with too few rows no order statistic lies far enough out
    limits = (y[rank - 1], y[n - rank]) if rank > 0 else (0.0, np.inf)
    return estimated((value, *limits), n, unit, "order statistics")


def share_of_top(counts: Array, cluster: Array, top: float = 0.1) -> Estimate:
    """Return which share of the total the largest `top` of the counts bring; rows are ranked anew in each draw."""
    y = np.asarray(counts, float)
    if len(y) == 0 or y.sum() == 0:
        return Estimate.unknown(0, "share", "cluster bootstrap")
    place, groups = _places(cluster)
    order = np.argsort(-y, kind="stable")
    descending, place = y[order], place[order]
    value = float(_top(np.ones((1, len(y))), descending, top)[0])
    if groups < 2:
        return _one_cluster(value, len(y), "share")
    drawn = np.concatenate([_top(weights[:, place], descending, top) for weights in _draws(groups)])
    return from_draws(np.append(value, drawn), len(y), "share", "cluster bootstrap, percentile")


def _top(weights: Floats, descending: Floats, top: float) -> Floats:
    """Return the share of the weighted total that the first `top` of the weight brings, one value per draw."""
    before = np.cumsum(weights, axis=1) - weights
    taken = np.clip(top * weights.sum(axis=1, keepdims=True) - before, 0.0, weights)
    with np.errstate(invalid="ignore"):
        return np.asarray((taken @ descending) / (weights @ descending), float)


def _one_cluster(value: float, n: int, unit: str) -> Estimate:
    return hidden_if_few(Estimate(value, np.nan, np.nan, n, unit, "no interval (one cluster)"))


def zeros(counts: Array) -> tuple[Estimate, float]:
    """Return which share never tells, as more say "none" than chance would bring, and the share of zeros expected.

    The first is that of a zero-inflated negative binomial (Lambert 1992, Technometrics 34), not known where it is no
    better by Akaike's criterion, does not converge or ends at the edge; the second that of a plain one, NaN if that
    fails too.
    """
    y = np.asarray(counts, float)
    method = "zero-inflated negative binomial"
    nothing = Estimate.unknown(0, "share", method)
    constant = np.ones((len(y), 1))
    plain = None
    if len(y) >= 30 and y.max() > y.min() and y.var() > y.mean():
        plain = _fit(NegativeBinomialP(y, constant), [np.log(y.mean()), 1.0])
    if plain is None:
        return nothing, float("nan")
    rate, spread = float(np.exp(plain.params[0])), float(plain.params[1])
    expected = (1 + spread * rate) ** (-1 / spread)
    larger = ZeroInflatedNegativeBinomialP(y, constant, exog_infl=constant, p=2)
    inflated = _fit(larger, [-1.0, np.log(y[y > 0].mean()), max(spread / 2, 0.1)])
    if inflated is None or inflated.aic >= plain.aic:
        return nothing, expected
    half = Z * np.sqrt(inflated.cov_params()[0, 0])
    value, low, high = (float(end) for end in expit(inflated.params[0] + np.array([0.0, -half, half])))
    return Estimate(value, low, high, len(y), "share", f"{method}, delta method on the logit"), expected


def _fit(model: NegativeBinomialP, start: list[float]) -> NegativeBinomialP | None:
    """Return a fit whose parameters and errors are sound, or nothing."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # what they would say is asked below
        try:
            fit = model.fit(start_params=np.array(start), method="bfgs", maxiter=500, disp=False)
            covariance = np.asarray(fit.cov_params(), float)
        except (np.linalg.LinAlgError, ValueError):
            return None
    sound = fit.mle_retvals["converged"] and np.isfinite(fit.params).all()
    sound = sound and np.isfinite(covariance).all() and (np.diag(covariance) > 0).all() and fit.params[-1] > 0
    return fit if sound else None
