"""How long something lasts, from spells that are seen only in part: the life table of Kaplan and Meier.

A spell is seen from `entry` (0 where its beginning was seen; later where it could have been lost before anybody
looked: delayed entry) to `exit`, at which it ended or was last seen running. It is at risk at time t where
entry < t <= exit. Kaplan and Meier (1958), JASA 53; limits on the scale log(-log): Collett (2015), *Modelling Survival
Data in Medical Research*, 3rd ed., 2.2. Spells are taken as independent; `incidence` has clusters, weights and
competing ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxlib.errors import MeasureError
from cxlib.estimate import ALPHA, Array, Floats, Interval, Z


@dataclass(frozen=True)
class LifeTable:
    """One element per distinct time at which a spell ended or was last seen, ascending.

    Attributes
    ----------
    time : ndarray
        In the unit of the spells.
    at_risk, events, censored : ndarray
        Spells under observation just before, those that ended at, and those last seen running at that time.
    hazard : ndarray
        Share of those at risk that ends: events / at_risk.
    survival, low, high : ndarray
        Share that outlasts the time, with 95 % limits. Where nobody has gone yet the lower limit is the exact
        binomial one; where everybody has, the upper limit stays what it was before.
    error : ndarray
        Greenwood's standard error of the survival; 0 before the first end, NaN where everybody has gone.
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
        ends = (self.survival, self.low, self.high)
        return _looked_up(self.time, ends, 1.0, times, beyond=bool(len(self.time)) and self.survival[-1] == 0)

    def seen_at(self, times: Array) -> Floats:
        """Return how many spells were under observation at given times."""
        place = np.searchsorted(self.time, np.asarray(times, float), side="left")
        return np.append(self.at_risk, 0.0)[place]


def life_table(exit: Array, ended: Array, entry: Array | None = None, count: Array | None = None) -> LifeTable:
    """Return the Kaplan–Meier curve of spells, single or already counted.

    Parameters
    ----------
    exit : array_like, shape (spells,)
        When the spell ended or was last seen, counted from its beginning.
    ended : array_like of bool, shape (spells,)
        Whether it ended then; else it was still running.
    entry : array_like, shape (spells,), optional
        From when on it was under observation; 0 if not given.
    count : array_like, shape (spells,), optional
        How many spells the row stands for; 1 if not given.

    Raises
    ------
    MeasureError
        If rows end before they come under observation, or hold no number.
    """
    out, over = np.asarray(exit, float), np.asarray(ended, bool)
    came = np.zeros(len(out)) if entry is None else np.asarray(entry, float)
    many = np.ones(len(out)) if count is None else np.asarray(count, float)
    _check(out, came, many)
    time, place = np.unique(out, return_inverse=True)
    leaving = np.bincount(place, many, len(time)).astype(float)
    events = np.bincount(place, many * over, len(time)).astype(float)
    return _life_table(time, _at_risk(time, leaving, came, many), events, leaving)


def _check(exit: Floats, entry: Floats, count: Floats) -> None:
    unusable = int((~np.isfinite(exit) | ~np.isfinite(entry) | ~np.isfinite(count) | (count < 0)).sum())
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


def _at_risk(time: Floats, leaving: Floats, entry: Floats, count: Floats) -> Floats:
    """Return how many have entered before each time and have not left before it."""
    order = np.argsort(entry, kind="stable")
    entered = np.append(0.0, np.cumsum(count[order]))[np.searchsorted(entry[order], time, side="left")]
    return entered - (np.cumsum(leaving) - leaving)


def _life_table(time: Floats, at_risk: Floats, events: Floats, leaving: Floats) -> LifeTable:
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(at_risk > 0, events / at_risk, 0.0)
        log_survival = np.cumsum(np.log1p(-np.minimum(hazard, 1.0)))
        greenwood = np.cumsum(np.where(events > 0, events / (at_risk * (at_risk - events)), 0.0))
        spread = Z * np.sqrt(greenwood) / np.abs(log_survival)
        low = np.exp(log_survival * np.exp(spread))
        high = np.exp(log_survival * np.exp(-spread))
        error = np.exp(log_survival) * np.sqrt(greenwood)
    survival = np.exp(log_survival)
    untouched, over = log_survival == 0, ~np.isfinite(log_survival)
    low = np.where(untouched, _none_of(np.minimum.accumulate(at_risk)), np.where(over, 0.0, low))
    high = _carried(np.where(untouched, 1.0, np.where(over, np.nan, high)), 1 - _none_of(at_risk))
    return LifeTable(time, at_risk, events, leaving - events, hazard, survival, low, high, error)


def _none_of(trials: Floats) -> Floats:
    """Return the exact lower limit of a share that is 1 in so many trials (Clopper and Pearson, 1934)."""
    return np.asarray((ALPHA / 2) ** (1 / np.maximum(trials, 1.0)), float)


def _carried(values: Floats, first: Floats) -> Floats:
    """Put the value before in place of NaN; where there is none, what `first` says."""
    place = np.maximum.accumulate(np.where(np.isnan(values), -1, np.arange(len(values))))
    return np.where(place >= 0, values[place], first)


def _looked_up(time: Floats, ends: tuple[Floats, Floats, Floats], start: float, times: Array, beyond: bool) -> Interval:
    """Return steps at given times, `start` before the first of them."""
    asked = np.atleast_1d(np.asarray(times, float))
    place = np.searchsorted(time, asked, side="right")
    seen = (asked <= time[-1]) | beyond if len(time) else np.zeros(len(asked), bool)
    return Interval(*(np.where(seen, np.append(start, line)[place], np.nan) for line in ends))
