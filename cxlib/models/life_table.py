"""How long something lasts, from spells that are seen only in part: the life table of Kaplan and Meier.

A spell is seen from `entry` (0 where its beginning was seen; later where it could have been lost before anybody
looked: delayed entry) to `exit`, at which it ended or was last seen running. It is at risk at time t where
entry < t <= exit. Kaplan and Meier (1958), JASA 53; limits on the scale log(-log): Collett (2015), *Modelling Survival
Data in Medical Research*, 3rd ed., 2.2. Spells are independent; `incidence` has clusters, weights and competing ends.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.errors import MeasureError
from cxlib.estimate import ALPHA, Array, Floats, Interval, Z
from cxlib.models.incidence import at_risk


@dataclass(frozen=True)
class LifeTable:
    """One element per distinct time at which a spell ended or was last seen, ascending, in the unit of the spells.

    At risk are the spells under observation just before; `events` ended then and `censored` were last seen running;
    `hazard` is the share of those at risk that ends, `survival` the share that outlasts the time, with 95 % limits.
    Where nobody has gone yet the lower limit is the exact binomial one; where everybody has, the upper limit stays
    what it was before. `error` is Greenwood's; 0 before the first end, NaN where everybody has gone.
    """

    time: Floats
    at_risk: Floats
    events: Floats
    censored: Floats
    hazard: Floats
    survival: Floats
    low: Floats
    high: Floats
    error: Floats

    def at(self, times: Array) -> Interval:
        """Return the survival at given times; NaN after the last one that anybody was seen at."""
        asked = np.atleast_1d(np.asarray(times, float))
        last = self.time.max(initial=-np.inf) if self.survival.all() else np.inf
        place = np.searchsorted(self.time, asked, side="right")
        ends = (np.append(1.0, line)[place] for line in (self.survival, self.low, self.high))
        return Interval(*(np.where(asked <= last, line, np.nan) for line in ends))

    def seen_at(self, times: Array) -> Floats:
        """Return how many spells were under observation at given times."""
        return np.append(self.at_risk, 0.0)[np.searchsorted(self.time, np.asarray(times, float))]


def life_table(exit: Array, ended: Array, entry: Array | None = None, count: Array | None = None) -> LifeTable:
    """Return the Kaplan–Meier curve of spells, single or already counted, each array of shape (spells,).

    `count` is how many spells a row stands for. Raises MeasureError for rows without a number or never observed.
    """
    out, over = np.asarray(exit, float), np.asarray(ended, bool)
    came = np.zeros(len(out)) if entry is None else np.asarray(entry, float)
    many = np.ones(len(out)) if count is None else np.asarray(count, float)
    _check(out, came, many)
    time, place = np.unique(out, return_inverse=True)
    events, leaving = (np.bincount(place, weight, len(time)).astype(float) for weight in (many * over, many))
    risk = at_risk(time, out, came, many)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        hazard = np.where(risk > 0, events / risk, 0.0)
        log_survival = np.cumsum(np.log1p(-np.minimum(hazard, 1.0)))
        spread = np.sqrt(np.cumsum(np.where(events > 0, events / (risk * (risk - events)), 0.0)))
        low, high = (np.exp(log_survival * np.exp(side * spread / np.abs(log_survival))) for side in (Z, -Z))
        survival = np.exp(log_survival)
        error = survival * spread
    untouched, gone = log_survival == 0, ~np.isfinite(log_survival)
    low = np.where(untouched, _all_of(np.minimum.accumulate(risk)), np.where(gone, 0.0, low))
    high = pd.Series(np.where(untouched, 1.0, np.where(gone, np.nan, high))).ffill().to_numpy()
    high = np.where(np.isnan(high), 1 - _all_of(risk), high)
    return LifeTable(time, risk, events, leaving - events, hazard, survival, low, high, error)


def _check(exit: Floats, entry: Floats, count: Floats) -> None:
    unusable = int((~np.isfinite(exit + entry + count) | (count < 0)).sum())
    if unusable:
        raise MeasureError(
            f"{unusable} of {len(exit)} spells have no usable time or count: leave out spells without a beginning, "
            "and give those still running the time at which they were last seen"
        )
    early = int((entry >= exit).sum())
    if early:
        raise MeasureError(
            f"{early} of {len(exit)} spells end before they come under observation: they could never have been seen, "
            "so leave them out"
        )


def _all_of(trials: Floats) -> Floats:
    """Return the exact lower limit of a share that is 1 in so many trials (Clopper and Pearson, 1934)."""
    return np.asarray((ALPHA / 2) ** (1 / np.maximum(trials, 1.0)), float)
