"""How many there are of whom only some are seen: from the overlap of lists, and from how often each was seen.

Every estimate rests on an assumption that lists alone cannot prove; each docstring names it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import statsmodels.api as sm
from scipy import optimize, special, stats

from cxlib.errors import MeasureError
from cxlib.estimate import ALPHA, Floats, Z

Counts = npt.ArrayLike
PAIRS = ((0, 1), (0, 2), (1, 2))
HISTORIES = tuple((a, b, c) for a in (1, 0) for b in (1, 0) for c in (1, 0))[:-1]
"""On which of three lists somebody is, in the order (1, 1, 1), (1, 1, 0), … (0, 0, 1)."""

ENDLESS = 1e6
"""A hidden number more than this many times what was seen is no estimate: the model does not determine it."""


AS_GOOD = 2.0
"""Models whose AIC lies so near the best are as good: Burnham and Anderson (2002), *Model Selection*, 2.6."""


@dataclass(frozen=True)
class PopulationSize:
    """An estimated number of people: `value` with its limits, of whom `seen` are on a list.

    `low` is never below `seen`. NaN where nothing can be estimated.
    """

    value: float
    low: float
    high: float
    seen: int
    variance: float


def _nothing(seen: int) -> PopulationSize:
    unknown = float("nan")
    return PopulationSize(unknown, unknown, unknown, seen, unknown)


def chapman(first: int, second: int, both: int) -> PopulationSize:
    """Return the size of a population from two lists.

    Chapman's (1951) nearly unbiased form of the Lincoln–Petersen estimate with the variance of Seber (1970); the
    interval is Sadinle's (2009) transformed logit, which holds also for small lists (Communications in Statistics,
    Simulation and Computation 38(9)). Assumes that being on one list says nothing about being on the other; where
    the same people tend to be on both, the true number is larger.

    Parameters
    ----------
    first, second, both : int
        People on the first list, on the second, and on both.

    Raises
    ------
    MeasureError
        If more are on both than on either list.
    """
    if not 0 <= both <= min(first, second):
        raise MeasureError(f"two lists: {both} on both, but {first} on the first and {second} on the second")
    seen = first + second - both
    if seen == 0 or min(first, second) == 0:
        return _nothing(seen)
    value = (first + 1) * (second + 1) / (both + 1) - 1
    variance = (first + 1) * (second + 1) * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    only_first, only_second, common = first - both + 0.5, second - both + 0.5, both + 0.5
    spread = Z * np.sqrt(1 / common + 1 / only_first + 1 / only_second + common / (only_first * only_second))
    hidden = only_first * only_second / common
    low, high = seen - 0.5 + hidden * np.exp(-spread), seen - 0.5 + hidden * np.exp(spread)
    return PopulationSize(value, min(max(float(low), seen), value), max(float(high), value), seen, variance)


def stratified_chapman(strata: Sequence[tuple[int, int, int]]) -> PopulationSize:
    """Return the sum of Chapman's estimates over strata within which all are equally likely to be listed.

    The variances add up; the interval is log-normal in the number not seen (Chao 1987, Biometrics 43(4)). Strata in
    which one list is empty are left out when nobody is on the other either; else the sum cannot be told.

    Parameters
    ----------
    strata : sequence of (first, second, both)
        As `chapman` takes them.
    """
    parts = [chapman(*stratum) for stratum in strata if sum(stratum[:2])]
    seen = sum(part.seen for part in parts)
    if not parts or any(np.isnan(part.value) for part in parts):
        return _nothing(seen)
    return above_seen(seen, sum(part.value for part in parts) - seen, sum(part.variance for part in parts))


def above_seen(seen: int, hidden: float, variance: float) -> PopulationSize:
    """Return a size whose number not seen is log-normal: Chao (1987), Biometrics 43(4)."""
    if hidden <= 0:
        return PopulationSize(float(seen), float(seen), float(seen), seen, variance)
    spread = float(np.exp(Z * np.sqrt(np.log1p(variance / hidden**2))))
    return PopulationSize(seen + hidden, seen + hidden / spread, seen + hidden * spread, seen, variance)


def chao_lower_bound(once: int, twice: int, seen: int) -> PopulationSize:
    """Return the least size of a population of which each was seen some number of times, or never.

    Chao (1987) in the bias-corrected form of Chao (2005), *Encyclopedia of Statistical Sciences*: never seen are at
    least f1 (f1 - 1) / (2 (f2 + 1)). A floor whatever the differences between people; it counts only those who could
    have been seen, and fails as a floor where being seen makes being seen again more likely.

    Parameters
    ----------
    once, twice, seen : int
        People seen exactly once, exactly twice, and at all.

    Raises
    ------
    MeasureError
        If `once + twice` is more than `seen`.
    """
    if min(once, twice) < 0 or once + twice > seen:
        raise MeasureError(f"{once} seen once and {twice} seen twice are more than the {seen} seen at all")
    if seen == 0:
        return _nothing(seen)
    hidden = once * (once - 1) / (2 * (twice + 1))
    variance = (
        hidden
        + once * (2 * once - 1) ** 2 / (4 * (twice + 1) ** 2)
        + once**2 * twice * (once - 1) ** 2 / (4 * (twice + 1) ** 4)
    )
    return above_seen(seen, hidden, variance)


@dataclass(frozen=True)
class LogLinear:
    """One log-linear model of three lists.

    Parameters
    ----------
    pairs : tuple of (int, int)
        Pairs of lists that may depend on each other.
    hidden : float
        Estimated number on no list.
    deviance : float
        Distance from the observed counts, on `freedom` degrees of freedom.
    aic : float
        Akaike's criterion; the smallest is chosen.
    """

    pairs: tuple[tuple[int, int], ...]
    hidden: float
    deviance: float
    freedom: int
    aic: float

    @property
    def fits(self) -> bool:
        """Whether the counts are such as the model would give, at 5 %."""
        return self.freedom > 0 and float(stats.chi2.sf(self.deviance, self.freedom)) >= ALPHA


@dataclass(frozen=True)
class ThreeLists:
    """The size of a population from three lists, and the models it was chosen from, best first."""

    size: PopulationSize
    chosen: LogLinear
    models: tuple[LogLinear, ...]


def three_lists(counts: Mapping[tuple[int, int, int], int]) -> ThreeLists:
    """Return the size of a population from three lists by log-linear Poisson models.

    Fienberg (1972), Biometrika 59(3); Bishop, Fienberg and Holland (1975), *Discrete Multivariate Analysis*, ch. 6.
    The seven models without the saturated one compete by AIC: the saturated one fits any seven counts and so cannot
    be found wrong. Intervals are the profile likelihood's (Cormack 1992, Biometrics 48(2)); as one model's interval
    is too narrow when the model was chosen by the same data (Regal and Hook 1991, Statistics in Medicine 10(5)), the
    limits are the widest of all models within `AS_GOOD` of the best AIC. Assumes that the three lists do not all
    depend on each other at once.

    Parameters
    ----------
    counts : mapping
        People by the lists they are on, such as {(1, 0, 1): 17}; histories that are not there count as 0.

    Raises
    ------
    MeasureError
        If no two lists have anybody in common: then nothing says how many are on none.
    """
    seen = np.array([counts.get(history, 0) for history in HISTORIES], float)
    models = sorted(_candidates(seen), key=lambda model: (model.aic, len(model.pairs)))
    if not models:
        raise MeasureError("three lists: too little overlap between the lists to say how many are on none of them")
    best = models[0]
    limits = [_profile_limits(seen, model) for model in models if model.aic <= best.aic + AS_GOOD]
    low, high = min(limit[0] for limit in limits), max(limit[1] for limit in limits)
    total = int(seen.sum())
    value = total + best.hidden
    variance = ((high - low) / (2 * Z)) ** 2 if np.isfinite(high) else float("inf")
    return ThreeLists(PopulationSize(value, min(low, value), max(high, value), total, variance), best, tuple(models))


def saturated(counts: Mapping[tuple[int, int, int], int]) -> float:
    """Return the size by the model in which every pair of lists may depend on each other, in closed form.

    NaN where a pair of lists has nobody in common beside the third.
    """
    n = {history: counts.get(history, 0) for history in HISTORIES}
    below = n[1, 1, 0] * n[1, 0, 1] * n[0, 1, 1]
    above = n[1, 1, 1] * n[1, 0, 0] * n[0, 1, 0] * n[0, 0, 1]
    return sum(n.values()) + above / below if below else float("nan")


def _candidates(seen: Floats) -> list[LogLinear]:
    fits = []
    for size in range(len(PAIRS)):
        for pairs in combinations(PAIRS, size):
            fit = _fit(seen, pairs)
            hidden = float(np.exp(np.clip(fit.params[0], -50, 50)))
            if np.isfinite(hidden) and hidden <= ENDLESS * max(seen.sum(), 1.0):
                freedom = len(seen) - 4 - size
                fits.append(LogLinear(pairs, hidden, float(fit.deviance), freedom, float(fit.aic)))
    return fits


def _fit(counts: Floats, pairs: Sequence[tuple[int, int]]) -> sm.genmod.generalized_linear_model.GLMResults:
    lists = np.array(HISTORIES, float)
    design = np.column_stack([np.ones(len(lists)), lists, *(lists[:, a] * lists[:, b] for a, b in pairs)])
    with warnings.catch_warnings():
        # an empty overlap sends its interaction to minus infinity, which is the right fit
        warnings.simplefilter("ignore")
        return sm.GLM(counts, design, family=sm.families.Poisson()).fit(maxiter=200)


def _profile_limits(seen: Floats, model: LogLinear) -> tuple[float, float]:
    """Return the sizes at which twice the log-likelihood has come down by the 95 % point of chi-squared."""
    total, drop = float(seen.sum()), float(stats.chi2.ppf(1 - ALPHA, 1)) / 2

    def likelihood(hidden: float) -> float:
        """Of a size, with all other parameters at their best: the completed table is multinomial."""
        counts = np.append(seen, hidden)
        size = total + hidden
        inner = special.xlogy(counts, np.maximum(expected(counts, model.pairs) / size, 1e-300)).sum()
        return float(special.gammaln(size + 1) - special.gammaln(hidden + 1) + inner)

    peak = optimize.minimize_scalar(
        lambda log: -likelihood(np.exp(log)), bounds=(np.log(model.hidden + 0.5) - 3, np.log(model.hidden + 0.5) + 3),
        method="bounded",
    )  # fmt: skip
    top, best = -float(peak.fun), float(np.exp(peak.x))

    def below(hidden: float) -> float:
        return likelihood(hidden) - top + drop

    low = 0.0 if below(0.0) >= 0 else float(optimize.brentq(below, 0.0, best, xtol=1e-4))
    return total + low, total + _upper(below, best)


def expected(counts: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    """Return the fitted counts of all eight histories, none of the lists last, when all eight are known.

    Models with fewer than three pairs have a closed form: Bishop, Fienberg and Holland (1975), section 3.4.

    Parameters
    ----------
    counts : ndarray, shape (8,)
        In the order of `HISTORIES`, then those on no list.
    pairs : sequence of (int, int)
        Pairs of lists that depend on each other, at most two.
    """
    table = counts.reshape(2, 2, 2)
    size = max(float(table.sum()), 1e-300)
    of = [table.sum(axis=tuple(other for other in range(3) if other != axis), keepdims=True) for axis in range(3)]
    if not pairs:
        return np.asarray(of[0] * of[1] * of[2] / size**2, float).ravel()
    joint = [table.sum(axis=3 - a - b, keepdims=True) for a, b in pairs]
    if len(pairs) == 1:
        alone = 3 - sum(pairs[0])
        return np.asarray(joint[0] * of[alone] / size, float).ravel()
    common = of[next(iter(set(pairs[0]) & set(pairs[1])))]
    return np.asarray(joint[0] * joint[1] / np.maximum(common, 1e-300), float).ravel()


def _upper(below: Callable[[float], float], best: float) -> float:
    """Return where `below` crosses zero above `best`; infinite where it does not within a thousand times it."""
    reach = 2 * best + 1
    while below(reach) > 0:
        reach *= 2
        if reach > 1e3 * (best + 1):
            return float("inf")
    return float(optimize.brentq(below, best, reach, xtol=1e-4))
