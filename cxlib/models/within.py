"""How an outcome moves with one thing, among cases that are alike in others.

The slope of a regression with one constant per stratum (within, or fixed-effects, estimator): strata in which nothing
differs say nothing. It is the average change per unit over the values that occur, whatever the shape of the relation
(Yitzhaki 1996, Journal of Business & Economic Statistics 14), and rests on sums only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.estimate import ALPHA, Estimate, Floats
from cxlib.facts import GROUPS
from cxlib.models.binary import hidden_if_few

FEWEST_CLUSTERS = 5
"""With fewer groups of customers their spread cannot be told."""


@dataclass(frozen=True)
class Slope:
    """A slope with what each random group of customers adds to its error.

    Parameters
    ----------
    estimate : Estimate
        Outcome per unit; n counts the cases in strata where there is something to compare.
    influence : ndarray, shape (64,)
        Sums to zero.
    clusters : int
        Groups that have any case.
    """

    estimate: Estimate
    influence: Floats
    clusters: int

    @property
    def is_known(self) -> bool:
        return self.estimate.is_known


def within_slope(sums: pd.DataFrame, unit: str = "share difference") -> Slope:
    """Return the slope from sums of deviations from the means of the strata.

    The variance is the sandwich over random groups of customers (Liang and Zeger 1986, Biometrika 73), or that of
    independent cases with equal spread where that is larger; Student's t with one degree of freedom less than there
    are groups.

    Parameters
    ----------
    sums : DataFrame
        One row per group: `bucket`, `n` cases, `compared` (cases in strata where x differs), `strata` (fractions
        that add up to the number of strata), and the sums `xx`, `xy`, `yy` of products of deviations.
    unit : str
        Unit of the slope.
    """
    method = "within strata, clustered"
    n, compared = int(sums["n"].sum()), int(sums["compared"].sum())
    xx, xy, yy = (float(sums[name].sum()) for name in ("xx", "xy", "yy"))
    clusters, freedom = int((sums["n"] > 0).sum()), n - float(sums["strata"].sum()) - 1
    slope = xy / xx if xx > 0 else float("nan")
    unexplained = yy - slope * xy
    if not unexplained > 1e-9 * max(yy, 1e-9) or clusters < FEWEST_CLUSTERS or freedom < 1:
        nothing = Estimate.unknown(compared, unit, method)
        return Slope(nothing, np.zeros(GROUPS), clusters)
    influence = np.zeros(GROUPS)
    influence[sums["bucket"].to_numpy(int)] = (sums["xy"] - slope * sums["xx"]).to_numpy(float) / xx
    variance = max(_spread(influence, clusters), unexplained / freedom / xx)
    return Slope(_with_limits(slope, variance, clusters, compared, unit, method), influence, clusters)


def gap(first: Slope, second: Slope) -> Estimate:
    """Return `first - second`, two slopes from the same customers."""
    one, two = first.estimate, second.estimate
    clusters, method = max(first.clusters, second.clusters), "difference of two slopes, clustered"
    if not (first.is_known and second.is_known):
        return Estimate.unknown(min(one.n, two.n), one.unit, method)
    variance = _spread(first.influence - second.influence, clusters)
    return _with_limits(one.value - two.value, variance, clusters, min(one.n, two.n), one.unit, method)


def _spread(influence: Floats, clusters: int) -> float:
    return float(influence @ influence) * clusters / (clusters - 1)


def _with_limits(value: float, variance: float, clusters: int, n: int, unit: str, method: str) -> Estimate:
    half = float(stats.t.ppf(1 - ALPHA / 2, clusters - 1)) * variance**0.5
    return hidden_if_few(Estimate(value, value - half, value + half, n, unit, method))
