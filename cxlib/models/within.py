"""How an outcome moves with one thing, among cases that are alike in others.

The slope of a regression with one constant per stratum (within, or fixed-effects, estimator): strata in which nothing
differs say nothing. It is the average change per unit over the values that occur, whatever the shape of the relation
(Yitzhaki 1996, Journal of Business & Economic Statistics 14), and rests on sums only.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate, Floats
from cxlib.facts import GROUPS
from cxlib.models.clusters import hidden_if_few, sandwich, student

FEWEST_CLUSTERS = 5
"""With fewer groups of customers their spread cannot be told."""


@dataclass(frozen=True)
class Slope:
    """A slope, outcome per unit, with what each random group of customers adds to its error.

    `estimate.n` counts the cases in strata where there is something to compare, `clusters` the groups that have any
    case; `influence`, shape (64,), sums to zero.
    """

    estimate: Estimate
    influence: Floats
    clusters: int

    @property
    def is_known(self) -> bool:
        return self.estimate.is_known


def within_slope(sums: pd.DataFrame, unit: str = "share difference") -> Slope:
    """Return the slope from sums of deviations from the means of the strata.

    The variance is the sandwich over random groups of customers, or that of independent cases with equal spread where
    that is larger; Student's t with one degree of freedom less than there are groups. `sums` has one row per group:
    `bucket`, `n` cases, `compared` (cases in strata where x differs), `strata` (fractions that add up to the number of
    strata), and the sums `xx`, `xy`, `yy` of products of deviations.
    """
    method = "within strata, clustered"
    n, compared = int(sums["n"].sum()), int(sums["compared"].sum())
    xx, xy, yy = (float(sums[name].sum()) for name in ("xx", "xy", "yy"))
    clusters, freedom = int((sums["n"] > 0).sum()), n - float(sums["strata"].sum()) - 1
    slope = xy / xx if xx > 0 else float("nan")
    unexplained = yy - slope * xy
    influence = np.zeros(GROUPS)
    if not unexplained > 1e-9 * max(yy, 1e-9) or clusters < FEWEST_CLUSTERS or freedom < 1:
        return Slope(Estimate.unknown(compared, unit, method), influence, clusters)
    influence[sums["bucket"].to_numpy(int)] = (sums["xy"] - slope * sums["xx"]).to_numpy(float) / xx
    variance = max(float(sandwich(influence[:, None], clusters)[0, 0]), unexplained / freedom / xx)
    return Slope(hidden_if_few(student(slope, variance, clusters - 1, compared, unit, method)), influence, clusters)


def gap(first: Slope, second: Slope) -> Estimate:
    """Return `first - second`, two slopes from the same customers."""
    one, two = first.estimate, second.estimate
    n, clusters, method = min(one.n, two.n), max(first.clusters, second.clusters), "difference of two slopes, clustered"
    if not (first.is_known and second.is_known):
        return Estimate.unknown(n, one.unit, method)
    variance = float(sandwich((first.influence - second.influence)[:, None], clusters)[0, 0])
    return hidden_if_few(student(one.value - two.value, variance, clusters - 1, n, one.unit, method))
