"""How two things move together within units that are seen again and again: customers, or segments by quarter.

What does not change in a unit (its size, its trade) cannot disturb the comparison: every unit is compared with itself.
The two-way model takes out what happened to all units at once as well. Errors of one unit, or cluster, may hang
together: Liang and Zeger (1986), Biometrika 73; Arellano (1987), Oxford Bulletin of Economics and Statistics 49.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm

from cxlib.errors import MeasureError
from cxlib.estimate import ALPHA, Array, Estimate, Floats, Ints
from cxlib.models.clusters import student

FEW_CLUSTERS = 20
"""With fewer clusters the errors come out too small: Cameron and Miller (2015), Journal of Human Resources 50(2), call
fewer than 20 to 50 few."""
FEWEST_CLUSTERS = 3


def two_way(
    y: Array, regressors: Mapping[str, Array], unit: Array, time: Array | None = None, weight: Array | None = None
) -> dict[str, Estimate]:
    """Regress y on the regressors with an effect of each unit and, where given, of each time; errors by unit.

    All arrays have the shape (rows,). The slopes have Student's t limits with one degree of freedom less than there are
    units. They are flagged "few-clusters" below 20 units; NaN, flagged "no-data", where there are fewer than 3 or
    nothing is left of a regressor once the effects are taken out. Raises MeasureError if rows hold no number.
    """
    places, names = pd.factorize(np.asarray(unit), use_na_sentinel=False)
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
        cov_type="cluster", cov_kwds={"groups": places}, use_t=True
    )
    flags = ("few-clusters",) if len(names) < FEW_CLUSTERS else ()
    return {
        name: Estimate(float(value), float(low), float(high), rows, "ratio", method, flags)
        for name, value, (low, high) in zip(regressors, fit.params, fit.conf_int(ALPHA), strict=False)
    }


@dataclass(frozen=True)
class Growth:
    """By which share something grows within units from one time to a later one, and its standard error.

    NaN where nobody was seen at both times, as `units` were. The degrees of freedom fall where some of them are large.
    """

    value: float
    error: float
    units: int
    freedom: float

    def estimate(self, unit: str = "share") -> Estimate:
        """Return the growth with Student's t limits."""
        method = "ratio of sums within units, clustered"
        if not np.isfinite(self.value + self.error):
            return Estimate.unknown(self.units, unit, method)
        return student(self.value, self.error**2, self.freedom, self.units, unit, method)


def paired_growth(y: Array, unit: Array, time: Array, lag: int) -> Growth:
    """Return by which share the sum of y grows over `lag` times (whole numbers), over units that are there at both.

    Every pair of rows of one unit that lie `lag` apart counts, with its size; so a unit that comes, goes, or is seen
    for longer than others cannot look like growth. There is one row per unit and time. The error of the ratio is the
    jackknife's, over units: Cochran (1977), *Sampling Techniques*, 3rd ed., section 6.17. The degrees of freedom are
    Satterthwaite's, as if the spread of a unit grew with its size: Bell and McCaffrey (2002), Survey Methodology 28(2).
    """
    rows = pd.DataFrame({"y": np.asarray(y, float), "time": np.asarray(time, int)})
    _check(rows["y"].to_numpy())
    rows["unit"] = pd.factorize(np.asarray(unit), use_na_sentinel=False)[0]
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
