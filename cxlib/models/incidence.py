"""How many have come to an end of one kind by when: other ends in competition, late entry, weights and clusters."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxlib.estimate import Array, Estimate, Floats, Ints, Z, proportion
from cxlib.models.clusters import cluster_variance, hidden_if_few

STILL, WANTED, OTHER = 0, 1, 2
"""Codes of `end`: still running when last seen, the end that is asked for, any other end."""


@dataclass(frozen=True)
class Durations:
    """Times until an end, one entry per case, each array of shape (cases,).

    Each ended or was last seen at `time`, in any unit, from its own beginning; it could have been seen ending from
    `entry` on (0: from its beginning), belongs to `cluster` and counts with `weight`, which is not negative.
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
    seen = (times > entries) | ((entries == 0) & (times == 0))  # ended at once: at risk for an instant
    return Durations(times[seen], ends[seen], belongs[seen], entries[seen], weights[seen])


def incidence(cases: Durations, by: Array, unit: str = "share") -> list[Estimate]:
    """Return which share has come to the wanted end by each of some times: Aalen and Johansen's estimator.

    With one kind of end it is one less Kaplan and Meier's. Cases still running leave the risk set when last seen;
    another end takes a case out for good. Variance from the influence of each cluster (the infinitesimal
    jackknife; for independent cases as in Aalen and Johansen 1978, Scandinavian Journal of Statistics 5); limits
    on the scale of log(-log(1 - share)). Where no case, or every one, has come to the end by then, Wilson's
    interval on the cases stands in. Not known (NaN) beyond the last time at which anybody was seen.
    """
    n, method = len(cases.time), "Aalen-Johansen, clustered"
    shares, influence = influences(cases, by)
    found = []
    for value, each in zip(shares.tolist(), influence.T, strict=True):
        if n == 0 or np.isnan(value):
            found.append(Estimate.unknown(n, unit, method))
            continue
        limits = share_limits(value, Z * float(np.sqrt(cluster_variance(each, cases.cluster))), n)
        found.append(hidden_if_few(Estimate(value, *limits, n, unit, method)))
    return found


def share_limits(value: float, half: float, n: int) -> tuple[float, float]:
    """Return the limits of a share, `half` either way taken on the scale of log(-log(1 - share)).

    Wilson's on the `n` cases where the share is none or all; NaN where it is not known.
    """
    if 1e-12 < value < 1 - 1e-12:
        turn = -np.log1p(-value)
        low, high = (float(-np.expm1(-turn * np.exp(side / ((1 - value) * turn)))) for side in (-half, half))
        return min(low, value), max(high, value)
    _, low, high = (float(line) for line in proportion(np.round(value) * n, n))
    return min(low, value), max(high, value)


def at_risk(when: Floats, time: Floats, entry: Floats, weight: Floats) -> Floats:
    """Return the weight of those who came before each of `when` and were last seen then or later."""

    def weight_from(times: Floats) -> Floats:
        order = np.argsort(times, kind="stable")
        remaining = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0)
        return np.asarray(remaining[np.searchsorted(times[order], when)], float)

    return weight_from(time) - weight_from(entry)


def influences(cases: Durations, by: Array) -> tuple[Floats, Floats]:
    """Return the shares that have come to the wanted end by some times, and what each case adds to their errors.

    The variance of a share is the sum over clusters of the square of their summed influences; that of a difference
    between groups that share clusters is the same of the difference of their influences. An influence is the
    derivative by the weight of the case, times the weight (Reid 1981, Annals of Statistics 9, for one kind of end).

    A case moves a share where it ends: directly (`adds`) and by leaving fewer who can still come to the wanted end
    (`takes`); less what an average case would have done while it was at risk. Shapes (times,) and (cases, times); NaN
    beyond the last time at which anybody was seen.
    """
    times, weight, counted, ended = np.asarray(by, float), cases.weight, cases.weight > 0, cases.end != STILL
    when = np.unique(cases.time[ended & counted])
    latest = cases.time[counted].max(initial=-np.inf)
    still = (cases.end[counted & (cases.time == latest)] == STILL).any() or not counted.any()
    known = np.where((times <= latest) | (not still), 0.0, np.nan)
    if not len(when):
        return known, np.zeros((len(cases.time), len(times))) + known
    entry = np.where(cases.entry > 0, cases.entry, -1.0)  # seen from the beginning: at risk at time 0 as well
    place = np.searchsorted(when, cases.time)
    risk, many = at_risk(when, cases.time, entry, weight), len(when)

    def part_of_risk(here: npt.NDArray[np.bool_]) -> Floats:
        return np.asarray(np.bincount(place[here], weight[here], many) / risk, float)

    gone = np.minimum(part_of_risk(ended & counted), 1.0)
    wanted = np.minimum(part_of_risk(ended & counted & (cases.end == WANTED)), gone)
    before = np.append(1.0, np.cumprod(1 - gone))[:many]
    reached = np.cumsum(before * wanted)
    adds = before / risk
    takes = np.where(gone < 1, 1 / (risk * np.where(gone < 1, 1 - gone, 1.0)), 0.0)

    come = np.searchsorted(when, times, side="right")  # how many of the ends have come by each of the times
    value = np.append(0.0, reached)[come]
    # of those, how many each case came too late for, and how many had come when it was last seen, its own included
    missed, until = (
        np.minimum(np.searchsorted(when, line, side="right")[:, None], come) for line in (entry, cases.time)
    )

    def while_at_risk(each: Floats) -> Floats:
        so_far = np.append(0.0, np.cumsum(each))
        return np.asarray(so_far[np.maximum(until, missed)] - so_far[missed], float)

    average = while_at_risk(adds * wanted) - value * while_at_risk(takes * gone) + while_at_risk(takes * gone * reached)
    spot = np.minimum(place, many - 1)
    own = ((cases.end == WANTED) * adds[spot])[:, None] - (value - reached[spot][:, None]) * takes[spot][:, None]
    own = np.where(ended[:, None] & (place[:, None] < come), own, 0.0)
    return value + known, weight[:, None] * (own - average) + known
