"""Cumulative incidence when something else can end the wait first, for weighted and clustered records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Array = npt.ArrayLike


@dataclass(frozen=True)
class Incidence:
    """Share to whom the event has happened by each time, and what each record adds to its error.

    Parameters
    ----------
    times : ndarray, shape (times,)
    value : ndarray, shape (times,)
        NaN from where on nobody was followed any longer and the share could still grow.
    influence : ndarray, shape (records, times)
        Linearised contribution of each record, its weight included. The variance of `value` is the sum over
        clusters of the square of their summed contributions.
    """

    times: Floats
    value: Floats
    influence: Floats


def cumulative_incidence(
    duration: Array, event: Array, times: Array, weight: Array | None = None, cause: int = 1
) -> Incidence:
    """Return the Aalen–Johansen estimate of the share that `cause` has happened to, with influence functions.

    A record whose event is 0 was last seen at its duration, still waiting; at equal durations events come
    before censorings. Aalen and Johansen (1978), Scandinavian Journal of Statistics 5; the influence function is
    the derivative of the estimate with regard to the weight of a record, as in Reid (1981), Annals of Statistics 9,
    for the case of one cause.

    Parameters
    ----------
    duration : array_like, shape (records,)
        Time from the start of the wait to its end or to when the record was last seen; not negative.
    event : array_like of int, shape (records,)
        0 censored, else the cause that ended the wait.
    times : array_like, shape (times,)
        When the share is wanted, in the unit of `duration`.
    weight : array_like, shape (records,), optional
        How much each record counts; not negative.
    cause : int
        The event whose share is wanted; all others compete with it.
    """
    x, e, t = np.asarray(duration, float), np.asarray(event, int), np.asarray(times, float)
    w = np.ones(len(x)) if weight is None else np.asarray(weight, float)
    steps = _steps(x, e, w, cause)
    value = np.append(0.0, steps.share)[np.searchsorted(steps.at, t, side="right")]
    influence = w[:, None] * _influence(x, e, t, value, steps, cause)
    last_seen = float(x[w > 0].max(initial=-np.inf))
    over = bool(len(steps.survival)) and steps.survival[-1] <= 1e-12
    known = (t <= last_seen) | over
    return Incidence(t, np.where(known, value, np.nan), np.where(known, influence, np.nan))


@dataclass(frozen=True)
class _Steps:
    """The estimate at the times of events, shape (event times,)."""

    at: Floats
    at_risk: Floats
    hazard: Floats  # of any event
    hazard_of_cause: Floats
    before: Floats  # share still waiting just before
    survival: Floats  # share still waiting just after
    share: Floats  # share that the cause has happened to


def _steps(x: Floats, e: npt.NDArray[np.int_], w: Floats, cause: int) -> _Steps:
    at = np.unique(x[(e > 0) & (w > 0)])
    order = np.argsort(x, kind="stable")
    remaining = np.append(np.cumsum(w[order][::-1])[::-1], 0.0)
    at_risk = remaining[np.searchsorted(x[order], at, side="left")]
    mine = (e > 0) & (w > 0)
    place = np.searchsorted(at, x[mine])
    any_event = np.bincount(place, w[mine], len(at))
    of_cause = np.bincount(place, w[mine] * (e[mine] == cause), len(at))
    hazard = np.minimum(any_event / at_risk, 1.0)
    survival = np.cumprod(1 - hazard)
    before = np.append(1.0, survival)[: len(at)]
    hazard_of_cause = np.minimum(of_cause / at_risk, hazard)
    return _Steps(at, at_risk, hazard, hazard_of_cause, before, survival, np.cumsum(before * hazard_of_cause))


def _influence(x: Floats, e: npt.NDArray[np.int_], t: Floats, value: Floats, steps: _Steps, cause: int) -> Floats:
    """Return the derivative of each value with regard to the weight of each record, shape (records, times).

    A record moves the estimate where it has an event itself, directly (`gain`) and by leaving fewer to whom the
    cause can still happen (`loss`), and less what an average record would have done while it was at risk.
    """
    gain = steps.before / steps.at_risk
    with np.errstate(divide="ignore"):
        loss = np.where(steps.hazard < 1, 1 / (steps.at_risk * (1 - steps.hazard)), 0.0)
    expected_gain = _running(gain * steps.hazard_of_cause)
    expected_loss = _running(loss * steps.hazard)
    expected_reached = _running(loss * steps.hazard * steps.share)
    place = np.searchsorted(steps.at, x, side="right")  # event times that the record was at risk at
    reached = np.searchsorted(steps.at, t, side="right")
    seen = np.minimum(place[:, None], reached[None, :])
    ended = (e > 0)[:, None] & (x[:, None] <= t)
    own = np.maximum(place - 1, 0) if len(steps.at) else place
    gains, losses, shares = (line if len(line) else np.zeros(1) for line in (gain, loss, steps.share))
    direct = np.where(ended & (e == cause)[:, None], gains[own][:, None], 0.0) - expected_gain[seen]
    still_to_come = np.where(ended, (value - shares[own][:, None]) * losses[own][:, None], 0.0)
    average = value * expected_loss[seen] - expected_reached[seen]
    return np.asarray(direct - (still_to_come - average), float)


def _running(values: Floats) -> Floats:
    """Return running sums with a leading zero."""
    return np.append(0.0, np.cumsum(values))
