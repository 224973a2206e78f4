"""Silent complainers counted without a question: by logged incidents, overlapping lists, repeated complaints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.errors import MeasureError
from cxlib.estimate import Bools, Estimate, Floats, Interval, Z, proportion
from cxlib.models.binary import hidden_if_few
from cxlib.models.hidden_population import (
    HISTORIES,
    PopulationSize,
    ThreeLists,
    chao_lower_bound,
    stratified_chapman,
    three_lists,
)
from cxlib.models.nonresponse import weighted_share
from cxlib.studies.silent_complainers.data import CONTROLS, SEVERITIES
from cxlib.studies.silent_complainers.survey import SILENT, Codes, ratio_of

ENOUGH_NOTICED = 30
"""With fewer incidents of which the log says that the customer noticed, all incidents are taken."""


@dataclass(frozen=True)
class Incidents:
    """What came of logged incidents, of one severity or of all.

    Parameters
    ----------
    ratio : Estimate
        Silent customers per complaint; flag "upper-bound" where it is not known who noticed.
    after, ordinary : Interval
        Share with a complaint in the week after, and in an ordinary week of the same customers.
    """

    ratio: Estimate
    after: Interval
    ordinary: Interval


def knows_who_noticed(frame: pd.DataFrame) -> bool:
    """Return whether the log says often enough who noticed."""
    return int((frame["noticed"] == 1).sum()) >= ENOUGH_NOTICED


def noticed(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which incidents are taken: those noticed for certain; where too few are, all but those certainly not."""
    said = frame["noticed"].astype("float64").to_numpy()
    mine: Bools = said == 1 if knows_who_noticed(frame) else said != 0
    return mine


def of_incidents(frame: pd.DataFrame, rank: int | None = None) -> Incidents:
    """Return silent customers per complaint among those hit by an incident that was logged.

    The share with a complaint within a week, less what an ordinary week of the same customers brings: one less the
    ratio of the shares without one. Limits by the method of variance estimates recovery (Zou and Donner 2008).
    """
    rows = frame[noticed(frame)]
    rows = rows if rank is None else rows[rows["severity"] == rank]
    people = pd.factorize(rows["customer_id"])[0]
    after = weighted_share(rows["after"].to_numpy(float), np.ones(len(rows)), people)
    weeks = rows[[f"control_{back}" for back in CONTROLS]].to_numpy(float)
    seen = ~np.isnan(weeks)
    whom = np.repeat(people[:, None], len(CONTROLS), axis=1)[seen]
    ordinary = weighted_share(weeks[seen], np.ones(int(seen.sum())), whom) if seen.any() else _never()
    flags = () if knows_who_noticed(frame) else ("upper-bound",)
    share = beyond(after, ordinary)
    ratio = ratio_of(share, len(rows), "complaints within a week beyond an ordinary one", flags)
    return Incidents(ratio, after, ordinary)


def _never() -> Interval:
    return Interval(np.zeros(1), np.zeros(1), np.zeros(1))


def beyond(after: Interval, ordinary: Interval) -> Interval:
    """Return the share that an event adds to an ordinary one, the two being independent: 1 - (1 - a) / (1 - b)."""
    if np.isnan(after.value[0]):
        return after
    a, b = ([float(np.log1p(-min(float(line[0]), 1 - 1e-9))) for line in part] for part in (after, ordinary))
    middle = a[0] - b[0]
    low = middle + np.hypot(a[0] - a[1], b[0] - b[2])
    high = middle - np.hypot(a[0] - a[2], b[0] - b[1])
    return Interval(*(np.array([max(-float(np.expm1(edge)), 0.0)]) for edge in (middle, low, high)))


@dataclass(frozen=True)
class Lists:
    """Who had a problem, by the lists that show it; one element per person and three months.

    Parameters
    ----------
    complained, reported, logged : ndarray of bool
        On the list of complaint tickets, of survey answers that report a problem, of incidents that were noticed.
    group : ndarray of int
        Stratum within which being on a list is taken to be equally likely.
    unrated : float
        Complaints in all per complaint whose severity is recorded.
    """

    complained: Bools
    reported: Bools
    logged: Bools
    group: Codes
    unrated: float

    def ratio(self, size: PopulationSize, method: str) -> Estimate:
        """Return silent per told problems from a number of people with a problem.

        Problems come one by one, so the rate of problems per person is -log(1 - share with any), and the share told
        is the ratio of the rate of complaints to that of problems.
        """
        everyone, told = len(self.complained), float(self.complained.sum()) * self.unrated
        if np.isnan(size.value) or told == 0:
            return Estimate.unknown(0, SILENT, method)
        rate = -np.log1p(-min(told / everyone, 1 - 1e-9))
        value, low, high = (float(_silent(number, everyone, rate)) for number in (size.value, size.low, size.high))
        low, high = _with_chance(value, low, high, told, size.value - told)
        return hidden_if_few(Estimate(value, low, high, int((self.complained & self.reported).sum()), SILENT, method))

    def two(self) -> PopulationSize:
        """Return how many had a problem, from complaint tickets and survey."""
        parts = [self.group == code for code in np.unique(self.group)]
        return stratified_chapman([_overlap(self.complained[part], self.reported[part]) for part in parts])

    def three(self) -> ThreeLists | None:
        """Return how many had a problem, from all three lists; None where they overlap too little."""
        if not (self.complained.any() and self.reported.any() and self.logged.any()):
            return None
        on = np.column_stack([self.complained, self.reported, self.logged])
        counts = {history: int((on == np.array(history, bool)).all(axis=1).sum()) for history in HISTORIES}
        try:
            return three_lists(counts)
        except MeasureError:
            return None


def _silent(number: float, everyone: int, rate: float) -> float:
    share = number / everyone
    return max(-float(np.log1p(-share)) / rate - 1, 0.0) if share < 1 else float("inf")


def _with_chance(value: float, low: float, high: float, told: float, untold: float) -> tuple[float, float]:
    """Widen limits by the chance in who told: those of the size alone are for the people there happened to be."""
    if value <= 0 or untold <= 0:
        return low, high
    chance = Z * np.sqrt(1 / told + 1 / untold)
    down = np.hypot(chance, np.log(value / low)) if low > 0 else np.inf
    up = np.hypot(chance, np.log(high / value))
    return float(value * np.exp(-down)), float(value * np.exp(up))


def _overlap(first: Bools, second: Bools) -> tuple[int, int, int]:
    return int(first.sum()), int(second.sum()), int((first & second).sum())


def lists(asked: pd.DataFrame, group: Codes, rank: int | None = None) -> Lists:
    """Return the three lists of people with a problem of one severity, or of any."""
    names = SEVERITIES if rank is None else SEVERITIES[rank - 1 : rank]
    complaints = asked[[f"complaints_{name}" for name in names]].sum(axis=1).to_numpy()
    unrated = 1.0
    if rank is None:
        complaints = asked["complaints"].to_numpy()
    else:
        rated = float(asked["complaints"].sum() - asked["complaints_unrated"].sum())
        unrated = float(asked["complaints"].sum()) / rated if rated else 1.0
    reported = asked["severity"].to_numpy(float)
    return Lists(
        complaints > 0,
        reported > 0 if rank is None else reported == rank,
        asked[[f"incidents_{name}" for name in names]].sum(axis=1).to_numpy() > 0,
        group,
        unrated,
    )


def floor_of_complaints(frame: pd.DataFrame, column: str = "complaints") -> Estimate:
    """Return the least number of silent customers per complainer, from how often customers complain in a year."""
    counts = frame[column].to_numpy() if len(frame) else np.zeros(0)
    seen = int((counts > 0).sum())
    method = "Chao's lower bound"
    if seen == 0:
        return Estimate.unknown(0, SILENT, method)
    size = chao_lower_bound(int((counts == 1).sum()), int((counts == 2).sum()), seen)
    value, low, high = ((number - seen) / seen for number in (size.value, size.low, size.high))
    return hidden_if_few(Estimate(value, low, high, seen, SILENT, method, ("floor",)))


def of_detractors(frame: pd.DataFrame, weights: pd.Series) -> Estimate:
    """Return detractors without a complaint per detractor with one, weighted as their survey answers are.

    Parameters
    ----------
    frame : DataFrame
        One row per answer of 0 to 6.
    weights : Series
        By id of the invitation; an answer that is not there counts once.
    """
    if not len(frame):
        return ratio_of(proportion([0.0], [0.0]), 0, "weighted, Wilson")
    mean = float(weights.mean()) if len(weights) else 1.0
    each = frame["invite_id"].map(weights / mean).fillna(1.0).to_numpy(float)
    people = pd.factorize(frame["customer_id"])[0]
    share = weighted_share(frame["complaints"].to_numpy() > 0, each, people)
    return ratio_of(share, len(frame), "weighted, Wilson")


def share_error(share: Estimate) -> Floats:
    """Return the log odds of a ratio, and their standard error as the interval implies it."""
    return np.array([-np.log(share.value), (np.log(share.high) - np.log(share.low)) / (2 * Z)])
