"""How many have come to an end of one kind by when: other ends in competition, late entry, weights and clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxlib.estimate import Array, Estimate, Floats, Ints, Z, proportion
from cxlib.models.binary import cluster_variance, hidden_if_few

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
    weight : ndarray, shape (cases,)
        How much each counts; not negative.
    """

    time: Floats
    end: Ints
    cluster: npt.NDArray[np.generic]
    entry: Floats
    weight: Floats


def durations(time: Array, end: Array, cluster: Array, entry: Array = 0.0, weight: Array = 1.0) -> Durations:
    """Return the cases that were seen at all: those not over before they could be seen."""
    times, ends, belongs = np.asarray(time, float), np.asarray(end, np.intp), np.asarray(cluster)
    entries, weights = (np.broadcast_to(np.asarray(line, float), times.shape) for line in (entry, weight))
    seen = times > entries
    seen |= (entries == 0) & (times == 0)  # ended at once: at risk for an instant
    return Durations(times[seen], ends[seen], belongs[seen], entries[seen], weights[seen])


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
    risk: Floats
    gone: Floats  # share of those at risk that ends
    wanted: Floats  # share of those at risk that comes to the wanted end
    before: Floats  # share of cases not over just before
    reached: Floats  # share that has come to the wanted end
    place: Ints  # of each case's own time
    entered: Ints  # how many of the times each case came too late for
    until: Ints  # how many of the times had come when each case was last seen, its own included
    last: float  # the last time at which anybody was seen; infinite where that was an end


def _steps(cases: Durations) -> _Steps:
    weight, ended = cases.weight, (cases.end != STILL) & (cases.weight > 0)
    when = np.unique(cases.time[ended])
    place = np.searchsorted(when, cases.time).astype(np.intp)
    entry = np.where(cases.entry > 0, cases.entry, -1.0)  # seen from the beginning: at risk at time 0 as well
    risk = _from(cases.time, weight, when) - _from(entry, weight, when)
    gone = np.minimum(np.bincount(place[ended], weight[ended], len(when)) / risk, 1.0)
    mine = ended & (cases.end == WANTED)
    wanted = np.minimum(np.bincount(place[mine], weight[mine], len(when)) / risk, gone)
    before = np.append(1.0, np.cumprod(1 - gone))[: len(when)]
    entered = np.searchsorted(when, entry, side="right").astype(np.intp)
    until = np.searchsorted(when, cases.time, side="right").astype(np.intp)
    counted = cases.weight > 0
    latest = cases.time[counted].max(initial=-np.inf)
    still = (cases.end[counted & (cases.time == latest)] == STILL).any()
    last = float(latest) if still or not counted.any() else np.inf
    return _Steps(when, risk, gone, wanted, before, np.cumsum(before * wanted), place, entered, until, last)


def _from(times: Floats, weight: Floats, when: Floats) -> Floats:
    """Return the weight of the times that do not lie before each of `when`."""
    order = np.argsort(times, kind="stable")
    remaining = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0)
    return np.asarray(remaining[np.searchsorted(times[order], when, side="left")], float)


def _incidence_by(cases: Durations, steps: _Steps, cluster: Ints, by: float, unit: str) -> Estimate:
    n = len(cases.time)
    method = "Aalen-Johansen, clustered"
    if n == 0 or by > steps.last:
        return Estimate.unknown(n, unit, method)
    values, influence = _reached(cases, steps, np.array([by]))
    value = float(values[0])
    if not 1e-12 < value < 1 - 1e-12:
        _, low, high = (float(line) for line in proportion(round(value) * n, n))
        return hidden_if_few(Estimate(value, min(low, value), max(high, value), n, unit, method))
    error = float(np.sqrt(cluster_variance(influence[:, 0], cluster)))
    turn = np.log(-np.log1p(-value))
    half = Z * error / ((1 - value) * -np.log1p(-value))
    low, high = (float(-np.expm1(-np.exp(turn + side))) for side in (-half, half))
    return hidden_if_few(Estimate(value, low, high, n, unit, method))


def influences(cases: Durations, by: Array) -> tuple[Floats, Floats]:
    """Return the shares that have come to the wanted end by some times, and what each case adds to their errors.

    The variance of a share is the sum over clusters of the square of their summed influences; that of a difference
    between groups that share clusters is the same of the difference of their influences. An influence is the
    derivative by the weight of the case, times the weight (Reid 1981, Annals of Statistics 9, for one kind of end).

    Parameters
    ----------
    cases : Durations
    by : array_like, shape (times,)

    Returns
    -------
    shares : ndarray, shape (times,)
        NaN beyond the last time at which anybody was seen.
    influences : ndarray, shape (cases, times)
    """
    steps, times = _steps(cases), np.asarray(by, float)
    known = np.where(times <= steps.last, 0.0, np.nan)
    values, influence = _reached(cases, steps, times)
    return values + known, influence + known


def _reached(cases: Durations, steps: _Steps, by: Floats) -> tuple[Floats, Floats]:
    """Return the same, with what was last known beyond the last time.

    A case moves a share where it ends: directly (`adds`) and by leaving fewer who can still come to the wanted end
    (`takes`); less what an average case would have done while it was at risk.
    """
    many = np.searchsorted(steps.when, by, side="right")
    value = np.append(0.0, steps.reached)[many]
    if not len(steps.when):
        return value, np.zeros((len(cases.time), len(by)))
    adds = steps.before / steps.risk
    takes = np.where(steps.gone < 1, 1 / (steps.risk * np.where(steps.gone < 1, 1 - steps.gone, 1.0)), 0.0)
    until, entered = (np.minimum(line[:, None], many) for line in (steps.until, steps.entered))

    def at_risk(each: Floats) -> Floats:
        so_far = np.append(0.0, np.cumsum(each))
        return np.asarray(so_far[np.maximum(until, entered)] - so_far[entered], float)

    expected = at_risk(adds * steps.wanted) - value * at_risk(takes * steps.gone)
    expected += at_risk(takes * steps.gone * steps.reached)
    spot = np.minimum(steps.place, len(steps.when) - 1)
    direct = (cases.end == WANTED) * adds[spot]
    own = direct[:, None] - (value - steps.reached[spot][:, None]) * takes[spot][:, None]
    ended = (cases.end != STILL)[:, None] & (steps.place[:, None] < many)
    return value, cases.weight[:, None] * (np.where(ended, own, 0.0) - expected)
