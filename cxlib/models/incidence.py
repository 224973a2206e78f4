"""How many have come to an end of one kind by when, where ends compete and cases enter late, weigh and cluster."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.duration.hazard_regression import PHReg

from cxlib.errors import MeasureError
from cxlib.estimate import ALPHA, Array, Bools, Estimate, Floats, Interval, Ints, Z
from cxlib.models.clusters import cluster_variance, estimated, moved_variance, share_limits, student

STILL, WANTED, OTHER = 0, 1, 2  # codes of `end`: still running when last seen, the end that is asked for, any other end
COX = "Cox, robust, clustered by customer"
MONTH = 2_629_800  # seconds in a twelfth of a year of 365.25 days


@dataclass(frozen=True)
class Durations:
    """Times until an `end`, or last seen, each from its own beginning; under watch from `entry` on; shape (cases,)."""

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


def incidence(cases: Durations, by: Array) -> dict[float, Estimate]:
    """Return which share has come to the wanted end by each of some times: Aalen and Johansen's (1978) estimator.

    With one kind of end it is one less Kaplan and Meier's. Cases still running leave the risk set when last seen;
    another end takes a case out for good. Variance from the influence of each cluster (infinitesimal jackknife), limits
    as in `share_limits`. Not known beyond the last time at which anybody was seen.
    """
    n, method = len(cases.time), "Aalen-Johansen, clustered"
    values, influence = influences(cases, by)
    halves = (Z * float(np.sqrt(cluster_variance(line, cases.cluster))) for line in influence.T)
    limits = (share_limits(value, half, n) for value, half in zip(values, halves, strict=True))
    found = (estimated((value, *ends), n, "share", method) for value, ends in zip(values, limits, strict=True))
    return dict(zip(np.asarray(by).tolist(), found, strict=True))


def hazard_ratio(per: Array, held: pd.DataFrame, cases: Durations) -> Estimate:
    """Return by how much the chance of the wanted end at any moment is multiplied with each unit of `per` (cases,).

    Cox (1972), ties as in Breslow (1974), a cluster counting once (Lin and Wei 1989, JASA 84). The columns of `held`,
    one row a case, are held equal, without those that too few have or that say nothing of their own. Not known where
    the search finds no end.
    """
    unknown = Estimate.unknown(len(cases.time), "ratio", COX)
    ended = cases.end == WANTED
    if not ended.any():
        return unknown
    there = cases.time >= cases.time[ended].min()  # who was last seen before the first end compares with nobody
    ended, others = ended[there], held.to_numpy(float)[there]
    columns = [line for line in others.T if min(line[ended].sum(), line[~ended].sum()) >= 2]
    design = np.column_stack([np.asarray(per, float)[there], *columns])
    # a column that the ones before it give already adds nothing of its own
    own = np.abs(np.diag(np.linalg.qr(design - design.mean(axis=0), mode="r")))
    design = design[:, np.flatnonzero(own > 1e-8 * max(own.max(), 1.0))]
    # a step of the search that overflows is taken back by the search itself; the result is checked below
    with warnings.catch_warnings(action="ignore"):
        model = PHReg(cases.time[there], design, status=ended.astype(int), ties="breslow")
        fit = model.fit(groups=pd.factorize(cases.cluster[there])[0], disp=0)
        middle, error = float(fit.params[0]), float(fit.bse[0])
    if not abs(middle) <= 10 or not np.isfinite(error):
        return unknown
    return estimated(np.exp(middle + Z * error * np.array([0, -1, 1])), unknown.n, unknown.unit, COX)


def at_risk(when: Floats, time: Floats, entry: Floats, weight: Floats) -> Floats:
    """Return the weight of those who came before each of `when` and were last seen then or later."""

    def weight_from(times: Floats) -> Floats:
        order = np.argsort(times, kind="stable")
        remaining = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0)
        return np.asarray(remaining[np.searchsorted(times[order], when)], float)

    return weight_from(time) - weight_from(entry)


def influences(cases: Durations, by: Array) -> tuple[Floats, Floats]:
    """Return the shares that have come to the wanted end by some times, and what each case adds to their errors.

    An influence is the derivative by the weight of the case, times the weight (Reid 1981, Annals of Statistics 9): a
    case moves a share where it ends, directly (`adds`) and by leaving fewer who can still end (`takes`), less what an
    average case would have done while at risk. Shapes (times,) and (cases, times); NaN beyond the last time anybody was
    seen.
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


def kaplan_meier(exit: Array, ended: Array, entry: Array, by: Array) -> tuple[Interval, Floats]:
    """Return the share of spells that outlasts some times, and how many spells were under observation then.

    A spell is at risk where entry < t <= exit. Kaplan and Meier (1958), limits on the scale log(-log): Collett (2015),
    *Modelling Survival Data in Medical Research*, 2.2. Where nobody has gone yet the lower limit is the exact binomial
    one (Clopper and Pearson 1934); where all have, the upper stays what it was. NaN after the last time anybody was
    seen.
    """
    out, over, came, times = (np.asarray(line, float) for line in (exit, ended, entry, by))
    out, over, came = (line[out > came] for line in (out, over, came))
    when, place = np.unique(out, return_inverse=True)
    risk, ends = at_risk(when, out, came, np.ones(len(out))), np.bincount(place, over, len(when))
    none_of, all_of = ((ALPHA / 2) ** (1 / trials) for trials in (risk, np.minimum.accumulate(risk)))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log_share = np.cumsum(np.log1p(-ends / risk))
        spread = Z * np.sqrt(np.cumsum(ends / (risk * (risk - ends)))) / np.abs(log_share)
        low, high = (np.exp(log_share * np.exp(side)) for side in (spread, -spread))
    untouched, gone = log_share == 0, np.isneginf(log_share)
    low = np.where(untouched, all_of, np.where(gone, 0.0, low))
    high = pd.Series(np.where(untouched, 1.0, np.where(gone, np.nan, high))).ffill().to_numpy()
    high = np.where(np.isnan(high), 1 - none_of, high)
    known = np.where((times <= when.max(initial=-np.inf)) | gone.any(), 0.0, np.nan)
    so_far = np.searchsorted(when, times, side="right")
    lines = (np.append(1.0, line)[so_far] + known for line in (np.exp(log_share), low, high))
    return Interval(*lines), np.append(risk, 0.0)[np.searchsorted(when, times)]


def in_months(start: Array, end: Array, entry: Array, cut: int, weight: Floats) -> Durations:
    """Return how many whole months customers stayed, each with a weight, from times in seconds.

    Whoever is still there ends after the `cut`. A customer counts in a month if watched from its beginning and if it
    was over by the cut, so that no month can only be seen where it ended badly; watched through none, it is never at
    risk.
    """
    began = np.asarray(start, float)
    entered, left = (np.maximum(np.ceil((np.asarray(at, float) - began) / MONTH), 0.0) for at in (entry, end))
    seen = np.floor((cut - began) / MONTH)
    ends = np.where((entered < left) & (left <= seen), WANTED, STILL)
    return Durations(np.maximum(np.minimum(left, seen), entered), ends, np.arange(len(began)), entered, weight)


def horizon_of(groups: Iterable[Durations], fewest: int, longest: int) -> int:
    """Return the last month, up to `longest`, until which each group has at least so many customers at risk."""
    months = np.arange(1.0, longest + 1)
    seen = [at_risk(months, group.time, group.entry, np.ones(len(group.time))) for group in groups]
    return int(np.argmax(np.append(np.min(seen, axis=0), -np.inf) < fewest))


@dataclass(frozen=True)
class Gain:
    """What work kept for each who got it: the additional `share` there by month, `months` kept, `slope` a month."""

    share: tuple[Estimate, ...]
    months: Estimate
    slope: Estimate


def gain(work: Durations, none: Durations, horizon: int, got: Bools | None = None) -> Gain:
    """Return what work kept for each who got it, from a group (in months) that could get it and one that could not.

    `got` says who of the first group did, shape (customers,); everybody if not given. The difference of the groups is
    divided by their share (Bloom 1984, Evaluation Review 8(2)), with the error of a ratio, by the influence of each
    customer (Xie and Liu 2005). Shares fall evenly within a month. Raises MeasureError if nobody got it.
    """
    took = 1.0 if got is None else float(np.average(got, weights=work.weight))
    if took == 0 or horizon < 1:
        raise MeasureError(
            f"a gain needs somebody who got the work and at least one month, not {took:.0%} and {horizon} months"
        )
    takers = 0.0 if got is None else work.weight * (got - took) / work.weight.sum()
    (left, mine), (left_without, others) = (influences(group, np.arange(1.0, horizon + 1)) for group in (work, none))

    def effect(of_months: Floats) -> Estimate:
        value = float(of_months @ (left_without - left)) / took
        variance = moved_variance((mine @ of_months + takers * value) / took) + moved_variance(
            others @ of_months / took
        )
        method = "difference of weighted life tables"
        return student(value, variance, np.inf, len(mine), "share difference", method)

    centred = np.asarray(np.arange(horizon) - (horizon - 1) / 2, float)
    return Gain(
        tuple(effect(month) for month in np.eye(horizon)),
        replace(effect(np.append(np.ones(horizon - 1), 0.5)), unit="months"),
        effect(centred / max(float(centred @ centred), 1.0)),
    )
