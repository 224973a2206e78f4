"""How an outcome moves with something among what is alike: cases of a stratum, or one unit seen again and again.

A slope is the average change per unit over the values that occur (Yitzhaki 1996, J Bus Econ Stat 14). Errors of one
cluster may hang together: Liang and Zeger (1986); Arellano (1987), Oxford Bulletin of Economics and Statistics 49.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm

from cxlib.errors import MeasureError
from cxlib.estimate import ALPHA, Array, Estimate, Floats, Ints
from cxlib.facts import GROUPS
from cxlib.models.clusters import hidden_if_few, sandwich, student

FEWEST_GROUPS = 5  # with fewer groups of customers their spread cannot be told
FEWEST_CLUSTERS, FEW_CLUSTERS = 3, 20  # with fewer errors cannot be told, or are too small: Cameron and Miller (2015)


@dataclass(frozen=True)
class Slope:
    """A slope (n: cases with something to compare), the `influence` of each group of customers, how many have cases."""

    estimate: Estimate
    influence: Floats
    clusters: int


def within_slope(sums: pd.DataFrame) -> Slope:
    """Return the slope of a share with one constant per stratum, from sums of deviations from the strata's means.

    The variance is the sandwich over random groups of customers, or that of independent cases where it is larger;
    Student's t with one less than there are groups. `sums` has one row per group: `bucket`, `n` cases, `compared`
    (cases in strata where x differs), `strata` (fractions that add up to their number), and the sums `xx`, `xy`, `yy`.
    """
    unit, method = "share difference", "within strata, clustered"
    n, strata, xx, xy, yy = (float(sums[name].sum()) for name in ("n", "strata", "xx", "xy", "yy"))
    compared, clusters, freedom = int(sums["compared"].sum()), int((sums["n"] > 0).sum()), n - strata - 1
    slope = xy / xx if xx > 0 else float("nan")
    unexplained = yy - slope * xy
    influence = np.zeros(GROUPS)
    if not unexplained > 1e-9 * max(yy, 1e-9) or clusters < FEWEST_GROUPS or freedom < 1:
        return Slope(Estimate.unknown(compared, unit, method), influence, clusters)
    influence[sums["bucket"].to_numpy(int)] = (sums["xy"] - slope * sums["xx"]).to_numpy(float) / xx
    variance = max(float(sandwich(influence, clusters)), unexplained / freedom / xx)
    return Slope(hidden_if_few(student(slope, variance, clusters - 1, compared, unit, method)), influence, clusters)


def gap(first: Slope, second: Slope) -> Estimate:
    """Return `first - second`, two slopes from the same customers."""
    one, two = first.estimate, second.estimate
    n, clusters, method = min(one.n, two.n), max(first.clusters, second.clusters), "difference of two slopes, clustered"
    if not (one.is_known and two.is_known):
        return Estimate.unknown(n, one.unit, method)
    variance = float(sandwich(first.influence - second.influence, clusters))
    return hidden_if_few(student(one.value - two.value, variance, clusters - 1, n, one.unit, method))


def two_way(
    y: Array,
    regressors: Mapping[str, Array],
    unit: Array,
    time: Array | None = None,
    weight: Array | None = None,
    cluster: Array | None = None,
) -> dict[str, Estimate]:
    """Regress y on the regressors with an effect of each unit and, where given, of each time; errors by unit.

    All arrays have the shape (rows,). Where given, errors hang together within each `cluster` instead; Student's t with
    one less than there are. Flagged "few-clusters" below 20 of them, NaN below 3 or where nothing is left of a
    regressor. Raises MeasureError if rows hold no number.
    """
    places, _ = pd.factorize(np.asarray(unit), use_na_sentinel=False)
    groups, names = pd.factorize(np.asarray(unit if cluster is None else cluster), use_na_sentinel=False)
    rows, method = len(places), "fixed effects, clustered"
    outcome, weights = np.asarray(y, float), np.ones(rows) if weight is None else np.asarray(weight, float)
    columns = [np.asarray(part, float) for part in regressors.values()]
    _check(outcome, *columns, weights)
    if time is not None:
        columns += list(pd.get_dummies(np.asarray(time), drop_first=True).to_numpy(float).T)
    design = np.column_stack([_within(column, places, weights) for column in columns])
    if len(names) < FEWEST_CLUSTERS or np.linalg.matrix_rank(design) < design.shape[1]:
        return dict.fromkeys(regressors, Estimate.unknown(rows, "ratio", method))
    fit = sm.WLS(_within(outcome, places, weights), design, weights).fit(
        cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
    )
    flags = ("few-clusters",) if len(names) < FEW_CLUSTERS else ()
    return {
        name: Estimate(float(value), float(low), float(high), rows, "ratio", method, flags)
        for name, value, (low, high) in zip(regressors, fit.params, fit.conf_int(ALPHA), strict=False)
    }


@dataclass(frozen=True)
class Growth:
    """By which share something grows within `units` that were seen at both times, and its error; NaN without any."""

    value: float
    error: float
    units: int
    freedom: float

    def estimate(self) -> Estimate:
        """Return the growth with Student's t limits."""
        method = "ratio of sums within units, clustered"
        if not np.isfinite(self.value + self.error):
            return Estimate.unknown(self.units, "share", method)
        return student(self.value, self.error**2, self.freedom, self.units, "share", method)


def paired_growth(y: Array, unit: Array, time: Array, lag: int) -> Growth:
    """Return by which share the sum of y grows over `lag` times (whole numbers), over units that are there at both.

    Every pair of rows of one unit that lie `lag` apart counts, with its size; so who comes, goes, or is seen for longer
    cannot look like growth. Jackknife over units: Cochran (1977), *Sampling Techniques*, 6.17; Satterthwaite's degrees
    of freedom, as if spread grew with size: Bell and McCaffrey (2002), Survey Methodology 28(2).
    """
    rows = pd.DataFrame({"y": np.asarray(y, float), "unit": np.asarray(unit), "time": np.asarray(time, int)})
    _check(rows["y"].to_numpy())
    pairs = rows.merge(rows.assign(time=rows["time"] - lag), on=["unit", "time"], suffixes=("", "_later"))
    sums = pairs.groupby("unit")[["y", "y_later"]].sum()
    before, gained = sums["y"].to_numpy(float), (sums["y_later"] - sums["y"]).to_numpy(float)
    count, total = len(sums), float(before.sum())
    if count < 2 or total <= 0:
        return Growth(np.nan, np.nan, count, 1.0)
    value = float(gained.sum()) / total
    # what the ratio would move by without the unit; one that is all there is leaves nothing
    rest = 1 - before / total
    moved = np.where(rest > 0, (gained - value * before) / np.where(rest > 0, rest, 1.0), np.inf) / total
    size = before**2
    freedom = max(float(size.sum() ** 2 / (size @ size)) - 1, 1.0)
    return Growth(value, float(np.sqrt(moved @ moved * (count - 1) / count)), count, freedom)


def _within(values: Floats, places: Ints, weights: Floats) -> Floats:
    """Return the deviations from the weighted mean of each unit."""
    total = np.bincount(places, weights)
    return values - (np.bincount(places, weights * values) / np.where(total > 0, total, 1.0))[places]


def _check(*columns: Floats) -> None:
    empty = int((~np.isfinite(np.column_stack(columns))).any(axis=1).sum())
    if empty:
        raise MeasureError(
            f"{empty} of {len(columns[0])} rows hold no number: leave them out, and say how many they are"
        )
