"""How many have come to an end of one kind by when, with other ends in competition, late entry and clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from cxlib.estimate import ALPHA, Estimate, Floats, proportion
from cxlib.models.binary import cluster_variance, hidden_if_few

Array = npt.ArrayLike
Ints = npt.NDArray[np.intp]

STILL, WANTED, OTHER = 0, 1, 2
"""Codes of `end`: still running when last seen, the end that is asked for, any other end."""


@dataclass(frozen=True)
class Durations:
    """Times until an end, one entry per case.

    Parameters
    ----------
    time : ndarray, shape (cases,)
        When each ended or was last seen, in any unit, from its own beginning.
    end : ndarray of int, shape (cases,)
        0 still running when last seen, 1 the end that is asked for, 2 any other end.
    cluster : ndarray, shape (cases,)
        Whom each case belongs to.
    entry : ndarray, shape (cases,)
        From when on it could have been seen ending (0: from its beginning).
    """

    time: Floats
    end: Ints
    cluster: npt.NDArray[np.generic]
    entry: Floats


def durations(time: Array, end: Array, cluster: Array, entry: Array = 0.0) -> Durations:
    """Return the cases that were seen at all: those not over before they could be seen."""
    times, ends, belongs = np.asarray(time, float), np.asarray(end, np.intp), np.asarray(cluster)
    entries = np.broadcast_to(np.asarray(entry, float), times.shape)
    seen = times > entries
    seen |= (entries == 0) & (times == 0)  # ended at once: at risk for an instant
    return Durations(times[seen], ends[seen], belongs[seen], entries[seen])


def incidence(cases: Durations, by: Array, unit: str = "share") -> list[Estimate]:
    """Return which share has come to the wanted end by each of some times: Aalen and Johansen's estimator.

    With one kind of end it is one less Kaplan and Meier's. Cases still running leave the risk set when last seen;
    another end takes a case out for good. Variance from the influence of each cluster (the infinitesimal
    jackknife; for independent cases as in Aalen and Johansen 1978, Scandinavian Journal of Statistics 5); limits
    on the scale of log(-log(1 - share)). Where no case, or every one, has come to the end by then, Wilson's
    interval on the cases stands in. Not known (NaN) beyond the last time at which anybody was seen.

    Parameters
    ----------
    cases : Durations
    by : array_like, shape (times,)
    """
    cluster = np.unique(cases.cluster, return_inverse=True)[1]
    steps = _steps(cases)
    return [_incidence_by(cases, steps, cluster, float(time), unit) for time in np.asarray(by, float)]


@dataclass(frozen=True)
class _Steps:
    """What happens at each time at which a case ends, and where each case lies among those times."""

    when: Floats
    gone: Floats
    wanted: Floats
    risk: Floats
    before: Floats  # share of cases not over just before
    reached: Floats  # share that has come to the wanted end
    place: Ints  # of each case's own time
    entered: Ints  # how many of the times each case came too late for
    until: Ints  # how many of the times had come when each case was last seen, its own included
    last: float  # the last time at which anybody was seen; infinite where that was an end


def _steps(cases: Durations) -> _Steps:
    ended = cases.end != STILL
    when = np.unique(cases.time[ended])
    place = np.searchsorted(when, cases.time).astype(np.intp)
    gone = np.bincount(place[ended], minlength=len(when)).astype(float)
    wanted = np.bincount(place[cases.end == WANTED], minlength=len(when)).astype(float)
    entry = np.where(cases.entry > 0, cases.entry, -1.0)  # seen from the beginning: at risk at time 0 as well
    risk = _below(entry, when) - _below(cases.time, when)
    before = np.append(1.0, np.cumprod(1 - gone / risk))[: len(when)]
    reached = np.cumsum(before * wanted / risk)
    entered = np.searchsorted(when, entry, side="right").astype(np.intp)
    until = np.searchsorted(when, cases.time, side="right").astype(np.intp)
    latest = cases.time.max(initial=-np.inf)
    last = latest if not len(cases.time) or (cases.end[cases.time == latest] == STILL).any() else np.inf
    return _Steps(when, gone, wanted, risk, before, reached, place, entered, until, float(last))


def _incidence_by(cases: Durations, steps: _Steps, cluster: Ints, by: float, unit: str) -> Estimate:
    n = len(cases.time)
    method = "Aalen-Johansen, clustered"
    if n == 0 or by > steps.last:
        return Estimate(np.nan, np.nan, np.nan, n, unit, method, ("no-data",))
    value, influence = _reached(cases, steps, by)
    if not 1e-12 < value < 1 - 1e-12:
        _, low, high = (float(line) for line in proportion(round(value) * n, n))
        return hidden_if_few(Estimate(value, min(low, value), max(high, value), n, unit, method))
    error = float(np.sqrt(cluster_variance(influence, cluster)))
    turn = np.log(-np.log1p(-value))
    half = stats.norm.ppf(1 - ALPHA / 2) * error / ((1 - value) * -np.log1p(-value))
    low, high = (float(-np.expm1(-np.exp(turn + side))) for side in (-half, half))
    return hidden_if_few(Estimate(value, low, high, n, unit, method))


def influences(cases: Durations, by: float) -> tuple[float, Floats]:
    """Return the share that has come to the wanted end by a time, and what each case contributes to its error.

    The variance of a difference between groups that share clusters is that of the difference of their influences.
    """
    return _reached(cases, _steps(cases), by)


def _reached(cases: Durations, steps: _Steps, by: float) -> tuple[float, Floats]:
    many = int(np.searchsorted(steps.when, by, side="right"))
    if many == 0:
        return 0.0, np.zeros(len(cases.time))
    gone, wanted, risk, reached = (line[:many] for line in (steps.gone, steps.wanted, steps.risk, steps.reached))
    value = float(reached[-1])
    # what one more wanted end adds at each time, and what one more end of any kind takes from later times
    adds = steps.before[:many] / risk
    takes = np.where(risk > gone, (value - reached) / np.where(risk > gone, risk - gone, 1.0), 0.0)
    expected = np.append(0.0, np.cumsum(adds * wanted / risk - takes * gone / risk))
    at_risk = expected[np.minimum(steps.until, many)] - expected[np.minimum(steps.entered, many)]
    ended = (cases.end != STILL) & (steps.place < many)
    spot = np.minimum(steps.place, many - 1)
    return value, ended * ((cases.end == WANTED) * adds[spot] - takes[spot]) - at_risk


def _below(times: Floats, when: Floats) -> Floats:
    """Return how many times lie before each of `when`."""
    return np.searchsorted(np.sort(times), when, side="left").astype(float)
