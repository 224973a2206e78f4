"""How long something lasts, from spells that are seen only in part: life table, Kaplan–Meier, Aalen–Johansen.

A spell is seen from `entry` (0 where its beginning was seen; later where it could have been lost before anybody
looked: delayed entry) to `exit`, at which it ended or was last seen running. It is at risk at time t where
entry < t <= exit. Kaplan and Meier (1958), JASA 53; Aalen and Johansen (1978), Scandinavian Journal of Statistics 5;
limits on the scale log(-log): Collett (2015), *Modelling Survival Data in Medical Research*, 3rd ed., 2.2 and 12.3.
Spells are taken as independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxlib.errors import MeasureError
from cxlib.estimate import ALPHA, Array, Floats, Interval, Z

Ints = npt.NDArray[np.intp]


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


@dataclass(frozen=True)
class Incidence:
    """Share that has ended for one reason by each time, other reasons competing.

    Attributes
    ----------
    time : ndarray
        As in the life table of all reasons together.
    events : ndarray
        Spells that ended for this reason at the time.
    share, low, high, error : ndarray
        Cumulative incidence with 95 % limits and standard error. Before the first such end the upper limit is the
        exact binomial one.
    """

    time: Floats
    events: Floats
    share: Floats
    low: Floats
    high: Floats
    error: Floats

    def at(self, times: Array) -> Interval:
        """Return the share that has ended for the reason by given times; NaN after the last time seen."""
        return _looked_up(self.time, (self.share, self.low, self.high), 0.0, times, beyond=False)


def life_table(
    exit: Array, ended: Array, entry: Array | None = None, count: Array | None = None, since: float = 0.0
) -> LifeTable:
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
    since : float
        Start of the curve: the survival is that of spells that lasted until then. Serves where too few are seen
        from the beginning.

    Raises
    ------
    MeasureError
        If rows end before they come under observation, or hold no number.
    """
    reason = np.array([None, "ended"], object)[np.asarray(ended, bool).astype(np.intp)]
    return _life_table(_Counts.of(exit, reason, entry, count, since))


def cumulative_incidence(
    exit: Array,
    reason: Sequence[str | None] | npt.NDArray[np.object_],
    entry: Array | None = None,
    count: Array | None = None,
    since: float = 0.0,
) -> dict[str, Incidence]:
    """Return the Aalen–Johansen curve of each reason why spells end, by reason in alphabetical order.

    Parameters
    ----------
    exit, entry, count, since
        As in `life_table`.
    reason : sequence of str or None, shape (spells,)
        Why it ended; None while it was still running when last seen.

    Raises
    ------
    MeasureError
        As in `life_table`.
    """
    counts = _Counts.of(exit, np.asarray(reason, object), entry, count, since)
    table = _life_table(counts)
    before = np.append(1.0, table.survival)[:-1]
    return {name: _incidence(table, before, counts.events[place]) for place, name in enumerate(counts.reasons)}


@dataclass(frozen=True)
class _Counts:
    """Ends by reason, all leavings and the number at risk, per distinct time of leaving."""

    time: Floats
    at_risk: Floats
    reasons: tuple[str, ...]
    events: Floats  # (reasons, times)
    censored: Floats

    @classmethod
    def of(
        cls, exit: Array, reason: npt.NDArray[np.object_], entry: Array | None, count: Array | None, since: float
    ) -> _Counts:
        out = np.asarray(exit, float)
        came = np.zeros(len(out)) if entry is None else np.asarray(entry, float)
        many = np.ones(len(out)) if count is None else np.asarray(count, float)
        _check(out, came, many)
        kept = out > since
        out, came, many, why = out[kept], np.maximum(came[kept], since), many[kept], reason[kept]
        time, place = np.unique(out, return_inverse=True)
        gone = np.array([value is not None and value == value for value in why], dtype=bool)
        reasons = tuple(sorted({str(value) for value in why[gone]}))
        events = np.array(
            [np.bincount(place, many * np.array([value == name for value in why]), len(time)) for name in reasons]
        ).reshape(len(reasons), len(time))
        leaving: Floats = np.bincount(place, many, len(time)).astype(float)
        return cls(time, _at_risk(time, leaving, came, many), reasons, events, leaving - events.sum(axis=0))


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


def _life_table(counts: _Counts) -> LifeTable:
    events, at_risk = counts.events.sum(axis=0), counts.at_risk
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
    return LifeTable(counts.time, at_risk, events, counts.censored, hazard, survival, low, high, error)


def _none_of(trials: Floats) -> Floats:
    """Return the exact lower limit of a share that is 1 in so many trials (Clopper and Pearson, 1934)."""
    return np.asarray((ALPHA / 2) ** (1 / np.maximum(trials, 1.0)), float)


def _carried(values: Floats, first: Floats) -> Floats:
    """Put the value before in place of NaN; where there is none, what `first` says."""
    place = np.maximum.accumulate(np.where(np.isnan(values), -1, np.arange(len(values))))
    return np.where(place >= 0, values[place], first)


def _incidence(table: LifeTable, before: Floats, events: Floats) -> Incidence:
    """Return one reason's curve; `before` is the survival of all reasons just before each time."""
    n = np.maximum(table.at_risk, 1e-300)
    share = np.cumsum(before * events / n)
    every = table.events
    # where everybody at risk goes, no share grows afterwards: the term falls away
    spread = np.where(n > every, every / (n * np.maximum(n - every, 1e-300)), 0.0)
    own = before**2 * (n - events) * events / n**3
    mixed = before * events / n**2
    variance = (
        share**2 * np.cumsum(spread)
        - 2 * share * np.cumsum(spread * share)
        + np.cumsum(spread * share**2)
        + np.cumsum(own)
        - 2 * (share * np.cumsum(mixed) - np.cumsum(mixed * share))
    )
    error = np.sqrt(np.maximum(variance, 0.0))
    untouched, whole = share == 0, share > 1 - 1e-12
    log_share = np.log(np.where(untouched | whole, 0.5, share))
    width = Z * error / np.abs(share.clip(1e-300) * log_share)
    low, high = (np.exp(log_share * np.exp(sign * np.minimum(width, 500.0))) for sign in (1, -1))
    low = _carried(np.where(untouched, 0.0, np.where(whole, np.nan, low)), _none_of(table.at_risk))
    high = np.where(untouched, 1 - _none_of(np.minimum.accumulate(table.at_risk)), np.where(whole, 1.0, high))
    return Incidence(table.time, events, share, low, high, error)


def _looked_up(time: Floats, ends: tuple[Floats, Floats, Floats], start: float, times: Array, beyond: bool) -> Interval:
    """Return steps at given times, `start` before the first of them."""
    asked = np.atleast_1d(np.asarray(times, float))
    place = np.searchsorted(time, asked, side="right")
    seen = (asked <= time[-1]) | beyond if len(time) else np.zeros(len(asked), bool)
    return Interval(*(np.where(seen, np.append(start, line)[place], np.nan) for line in ends))
