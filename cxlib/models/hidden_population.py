"""How many there are of whom only some are seen: from the overlap of lists, and from how often each was seen."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
import statsmodels.api as sm
from scipy import optimize, special, stats

from cxlib.errors import MeasureError
from cxlib.estimate import ALPHA, Floats, Z

PAIRS = ((0, 1), (0, 2), (1, 2))
HISTORIES = tuple(product((1, 0), (1, 0), (1, 0)))[:-1]  # on which of three lists somebody is: (1, 1, 1), … (0, 0, 1)
ENDLESS = 1e6  # a hidden number more than this many times what was seen is no estimate: the model does not determine it
AS_GOOD = 2.0  # models whose AIC lies so near the best are as good: Burnham and Anderson (2002), *Model Selection*, 2.6


@dataclass(frozen=True)
class PopulationSize:
    """An estimated number of people, `seen` of them on a list: `low` is never below. NaN where nothing can be told."""

    seen: int
    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    variance: float = np.nan


def chapman(first: int, second: int, both: int) -> PopulationSize:
    """Return the size of a population from the numbers of people on two lists, and on both of them.

    Chapman's (1951) form of the Lincoln–Petersen estimate, variance of Seber (1970), interval of Sadinle (2009), which
    holds for small lists too. Where the same people tend to be on both lists, the true number is larger. Raises
    MeasureError if `both` is above either.
    """
    if not 0 <= both <= min(first, second):
        raise MeasureError(f"two lists: {both} on both, but {first} on the first and {second} on the second")
    seen = first + second - both
    if min(first, second) == 0:
        return PopulationSize(seen)
    value = (first + 1) * (second + 1) / (both + 1) - 1
    variance = (first + 1) * (second + 1) * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    only_first, only_second, common = first - both + 0.5, second - both + 0.5, both + 0.5
    spread = Z * np.sqrt(1 / common + 1 / only_first + 1 / only_second + common / (only_first * only_second))
    low, high = (seen - 0.5 + only_first * only_second / common * float(np.exp(side)) for side in (-spread, spread))
    return PopulationSize(seen, value, min(max(low, seen), value), max(high, value), variance)


def stratified_chapman(strata: Sequence[tuple[int, int, int]]) -> PopulationSize:
    """Return the sum of Chapman's estimates over strata within which all are equally likely to be listed.

    The variances add up; the interval is log-normal in the number not seen. Strata, as `chapman` takes them, in which
    one list is empty are left out when nobody is on the other either; else the sum cannot be told.
    """
    parts = [chapman(*stratum) for stratum in strata if sum(stratum[:2])]
    seen = sum(part.seen for part in parts)
    if not parts or any(np.isnan(part.value) for part in parts):
        return PopulationSize(seen)
    return above_seen(seen, sum(part.value for part in parts) - seen, sum(part.variance for part in parts))


def above_seen(seen: int, hidden: float, variance: float) -> PopulationSize:
    """Return a size whose number not seen is log-normal: Chao (1987), Biometrics 43(4)."""
    if hidden <= 0:
        return PopulationSize(seen, seen, seen, seen, variance)
    spread = float(np.exp(Z * np.sqrt(np.log1p(variance / hidden**2))))
    return PopulationSize(seen, seen + hidden, seen + hidden / spread, seen + hidden * spread, variance)


def chao_lower_bound(once: int, twice: int, seen: int, everybody: float = np.inf) -> PopulationSize:
    """Return the least size of a population of which each was seen once, twice, more often, or never.

    Chao (1987), bias-corrected as in Chao (2005): never seen are at least f1 (f1 - 1) / (2 (f2 + 1)). A floor of those
    who could have been seen, unless being seen makes it more likely again; never more than `everybody`, NaN where
    nobody was seen twice. Raises MeasureError if `once + twice` is more than `seen`, or these more than everybody.
    """
    if min(once, twice) < 0 or once + twice > seen or seen > everybody:
        raise MeasureError(
            f"{once} seen once and {twice} seen twice are more than the {seen} seen at all, or these than {everybody:g}"
        )
    if twice == 0:
        return PopulationSize(seen)
    hidden, more = once * (once - 1) / (2 * (twice + 1)), 4 * (twice + 1) ** 2
    variance = (
        hidden + once * (2 * once - 1) ** 2 / more + once**2 * twice * (once - 1) ** 2 / (more * (twice + 1) ** 2)
    )
    size = above_seen(seen, hidden, variance)
    value, low, high = (min(end, everybody) for end in (size.value, size.low, size.high))
    return PopulationSize(seen, value, low, high, variance)


def three_lists(counts: Mapping[tuple[int, int, int], int]) -> PopulationSize:
    """Return the size of a population from the people on each of three lists, such as {(1, 0, 1): 17}.

    Log-linear Poisson models (Fienberg 1972, Biometrika 59(3)), the saturated one left out as it fits any counts,
    compete by AIC; limits are the widest profile likelihood's (Cormack 1992, Biometrics 48(2)) within `AS_GOOD` of the
    best, as the same data chose it (Regal and Hook 1991, Statistics in Medicine 10(5)). Assumes that the lists do not
    all depend on each other at once. Raises MeasureError if no two lists have anybody in common.
    """
    seen = np.array([counts.get(history, 0) for history in HISTORIES], float)
    fits = log_linear(seen)
    if not fits:
        raise MeasureError("three lists: too little overlap between the lists to say how many are on none of them")
    best = min(fits.values(), key=lambda fit: (fit.aic, len(fit.params)))
    as_good = {pairs: fit for pairs, fit in fits.items() if fit.aic <= best.aic + AS_GOOD}
    lows, highs = zip(*(_profile_limits(seen, pairs, _hidden(fit)) for pairs, fit in as_good.items()), strict=True)
    value = float(seen.sum()) + _hidden(best)
    return PopulationSize(int(seen.sum()), value, min(*lows, value), max(*highs, value))


def log_linear(seen: Floats) -> dict[tuple[tuple[int, int], ...], Any]:
    """Return statsmodels' fits, by the pairs of lists that depend on each other, that determine the hidden number."""
    lists, fits = np.array(HISTORIES, float), {}
    for pairs in (pairs for size in range(len(PAIRS)) for pairs in combinations(PAIRS, size)):
        design = np.column_stack([np.ones(len(lists)), lists, *(lists[:, a] * lists[:, b] for a, b in pairs)])
        with warnings.catch_warnings():
            # an empty overlap sends its interaction to minus infinity, which is the right fit
            warnings.simplefilter("ignore")
            fit = sm.GLM(seen, design, family=sm.families.Poisson()).fit(maxiter=200)
        if _hidden(fit) <= ENDLESS * max(seen.sum(), 1.0):
            fits[pairs] = fit
    return fits


def _hidden(fit: Any) -> float:
    """Return the estimated number on no list."""
    return float(np.exp(np.clip(fit.params[0], -50, 50)))


def _profile_limits(seen: Floats, pairs: Sequence[tuple[int, int]], near: float) -> tuple[float, float]:
    """Return the sizes at which twice the log-likelihood has come down by the 95 % point of chi-squared."""
    total, drop = float(seen.sum()), float(stats.chi2.ppf(1 - ALPHA, 1)) / 2

    def likelihood(hidden: float) -> float:
        """Of a size, with all other parameters at their best: the completed table is multinomial."""
        counts = np.append(seen, hidden)
        size = total + hidden
        inner = special.xlogy(counts, np.maximum(expected(counts, pairs) / size, 1e-300)).sum()
        return float(special.gammaln(size + 1) - special.gammaln(hidden + 1) + inner)

    bounds = (np.log(near + 0.5) - 3, np.log(near + 0.5) + 3)
    peak = optimize.minimize_scalar(lambda log: -likelihood(np.exp(log)), bounds=bounds, method="bounded")
    top, best = -float(peak.fun), float(np.exp(peak.x))

    def below(hidden: float) -> float:
        return likelihood(hidden) - top + drop

    low = 0.0 if below(0.0) >= 0 else float(optimize.brentq(below, 0.0, best, xtol=1e-4))
    # infinite where it does not come down within a thousand times the best
    reaches = (reach for reach in (2 * best + 1) * 2.0 ** np.arange(10) if reach <= 1e3 * (best + 1))
    reach = next((reach for reach in reaches if below(reach) <= 0), np.inf)
    high = float(optimize.brentq(below, best, reach, xtol=1e-4)) if np.isfinite(reach) else np.inf
    return total + low, total + high


def expected(counts: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    """Return fitted counts of all eight histories, at most two pairs depending: Bishop and others (1975), 3.4."""
    table = counts.reshape(2, 2, 2)
    size = max(float(table.sum()), 1e-300)
    of = [table.sum(axis=tuple({0, 1, 2} - {axis}), keepdims=True) for axis in range(3)]
    joint = [table.sum(axis=3 - a - b, keepdims=True) for a, b in pairs]
    if not joint:
        fitted = of[0] * of[1] * of[2] / size**2
    elif len(joint) == 1:
        fitted = joint[0] * of[3 - sum(pairs[0])] / size
    else:
        (common,) = set(pairs[0]) & set(pairs[1])
        fitted = joint[0] * joint[1] / np.maximum(of[common], 1e-300)
    return np.asarray(fitted, float).ravel()
