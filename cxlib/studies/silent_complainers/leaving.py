"""Does silence matter: who left after an answer, by whether there was a problem and whether the company heard of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.duration.hazard_regression import PHReg

from cxlib.estimate import Estimate, Floats, Z
from cxlib.models.binary import cluster_variance, hidden_if_few
from cxlib.models.incidence import OTHER, STILL, WANTED, Durations, durations, incidence, influences
from cxlib.studies.silent_complainers.counts import noticed
from cxlib.studies.silent_complainers.data import TICKET_DAYS
from cxlib.studies.silent_complainers.survey import Codes, Survey, dummies

NONE, TOLD, SILENT = "no problem", "told the company", "silent"
GROUPS = (NONE, TOLD, SILENT)
HORIZON = 365
LANDMARKS = (180, 365)
LEAST_EVENTS = 5
"""With fewer who left in a group, its hazard is not compared."""


@dataclass(frozen=True)
class Leaving:
    """Answers of customers, each followed from its moment for a year or to the cut.

    Parameters
    ----------
    time : ndarray
        Days followed.
    end : ndarray of int
        0 still a customer, 1 left, 2 lost by a failed payment.
    group : ndarray of str
        `no problem`, `told the company` or `silent`.
    severity : ndarray
        0 to 3.
    frame : DataFrame
        Columns of dummies to hold equal.
    """

    time: Floats
    end: Codes
    group: npt.NDArray[np.object_]
    severity: Floats
    cluster: Codes
    frame: Floats

    @cached_property
    def cases(self) -> Mapping[str, Durations]:
        return {name: self._of(self.group == name) for name in GROUPS}

    def _of(self, mine: npt.NDArray[np.bool_]) -> Durations:
        return durations(self.time[mine], self.end[mine], self.cluster[mine])

    def left(self, group: str, days: float) -> int:
        cases = self.cases[group]
        return int(((cases.end == WANTED) & (cases.time <= days)).sum())

    def share(self, group: str, days: float) -> Estimate:
        """Return the share of a group that has left by so many days after its answer."""
        return incidence(self.cases[group], [days])[0]

    def difference(self, one: str, other: str, days: float) -> Estimate:
        """Return how much larger the share that left is in one group; a customer may be in both, at two times."""
        parts = [self.cases[one], self.cases[other]]
        n, method = min(len(part.time) for part in parts), "Aalen-Johansen, clustered"
        if n == 0 or any(part.time.max() < days for part in parts):
            return Estimate.unknown(n, "share difference", method)
        (first, a), (second, b) = (influences(part, [days]) for part in parts)
        each, whom = np.concatenate([a[:, 0], -b[:, 0]]), np.concatenate([part.cluster for part in parts])
        gap, half = float(first[0] - second[0]), Z * float(np.sqrt(cluster_variance(each, whom)))
        return hidden_if_few(Estimate(gap, gap - half, gap + half, n, "share difference", method))

    def curves(self) -> pd.DataFrame:
        """Return the share that has left by day, for a chart."""
        days = np.arange(0.0, HORIZON + 1, 15)
        rows = [
            {"series": name, "x": day, "value": found.value, "low": found.low, "high": found.high}
            for name in GROUPS
            if len(self.cases[name].time) >= LEAST_EVENTS
            for day, found in zip(days, incidence(self.cases[name], days), strict=True)
        ]
        return pd.DataFrame(rows, columns=["series", "x", "value", "low", "high"]).dropna(subset=["value"])

    def hazard_ratio(self, one: str, other: str, same_severity: bool = False) -> Estimate:
        """Return how many times as likely a customer of one group is to leave at any moment as one of the other.

        Cox's (1972) model with tier, region and time as a customer held equal, and the severity of the problem where
        asked; standard errors respect that a customer may have answered more than once (Lin and Wei 1989).
        """
        mine = np.isin(self.group, (one, other))
        n, method = int(mine.sum()), "Cox, robust, clustered by customer"
        first = self.time[mine & (self.end == WANTED)].min(initial=np.inf)
        mine &= self.time >= first  # who was last seen before anybody left compares with nobody
        events = [int(((self.end == WANTED) & (self.group == name)).sum()) for name in (one, other)]
        if min(events) < LEAST_EVENTS:
            return Estimate.unknown(n, "ratio", method)
        held = [self.frame[mine]]
        if same_severity:
            held.append(dummies(np.unique(self.severity[mine], return_inverse=True)[1]))
        design = np.column_stack([self.group[mine] == one, *held]).astype(float)
        design = design[:, _estimable(design, self.end[mine] == WANTED)]
        with warnings.catch_warnings():
            # a step of the search that overflows is taken back by the search itself; the result is checked below
            warnings.simplefilter("ignore")
            model = PHReg(self.time[mine], design, status=(self.end[mine] == WANTED).astype(int), ties="breslow")
            fit = model.fit(groups=self.cluster[mine], disp=0)
        middle, error = float(fit.params[0]), float(fit.bse[0])
        if not (np.isfinite(middle) and np.isfinite(error)) or abs(middle) > 10:
            return Estimate.unknown(n, "ratio", method)
        low, high = np.exp(middle - Z * error), np.exp(middle + Z * error)
        return hidden_if_few(Estimate(float(np.exp(middle)), float(low), float(high), n, "ratio", method))


def _estimable(design: Floats, left: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Return the first column, and those others in which somebody left on either side."""
    side = design > 0
    told = np.minimum((side & left[:, None]).sum(axis=0), (~side & left[:, None]).sum(axis=0)) >= 2
    kept = np.array([0, *(np.flatnonzero(told[1:]) + 1)], np.intp)
    centred = design[:, kept] - design[:, kept].mean(axis=0)
    # a column that the ones before it give already adds nothing of its own
    own = np.abs(np.diag(np.linalg.qr(centred, mode="r")))
    return np.asarray(kept[own > 1e-8 * max(float(own.max(initial=0.0)), 1.0)], np.intp)


def leaving(survey: Survey, cut: datetime) -> Leaving:
    """Follow each answer of a customer until the customer left, a year had passed, or the cut.

    The clock starts at the answer, when it is known whether there was a problem and who was told; whoever left
    before could not answer, so no time counts during which nobody could have left.
    """
    answers, answered = survey.answers, survey.answered
    known = (survey.severity == 0) | survey.with_problem
    group = np.where(survey.severity == 0, NONE, np.where(survey.told == "company", TOLD, SILENT)).astype(object)
    frame = np.column_stack([dummies(survey.frame[name][answered]) for name in ("tier", "region", "time")])
    return _followed(answers, answers["completed_at"], known, group, survey.severity, frame, cut)


def leaving_after_incidents(incidents: pd.DataFrame, cut: datetime) -> Leaving:
    """Follow each incident that a customer noticed from a week after it, when it is known whether they complained.

    Customers who left within that week are in neither group: those who complain need time for it (immortal time).
    """
    rows = incidents[noticed(incidents)].reset_index(drop=True)
    group = np.where(rows["after"].to_numpy() > 0, TOLD, SILENT).astype(object)
    severity = rows["severity"].fillna(0).to_numpy(float)
    everyone = np.ones(len(rows), bool)
    tenure = pd.cut(rows["tenure_days"].astype(float), [-1, 365, 1095, np.inf], labels=["1", "3", "more"])
    kinds = [rows["tier"].astype(object), rows["region"].astype(object), tenure.astype(object)]
    codes = [pd.factorize(kind, use_na_sentinel=False)[0].astype(np.intp) for kind in kinds]
    frame = np.column_stack([dummies(kind) for kind in codes])
    began = rows["occurred_at"] + pd.Timedelta(days=TICKET_DAYS)
    return _followed(rows, began, everyone, group, severity, frame, cut)


def _followed(
    rows: pd.DataFrame,
    began: pd.Series,
    known: npt.NDArray[np.bool_],
    group: npt.NDArray[np.object_],
    severity: Floats,
    frame: Floats,
    cut: datetime,
) -> Leaving:
    ended = rows["ended_at"]
    here = rows["is_customer"].to_numpy(bool) & ~(ended <= began).to_numpy(bool) & known
    until = ended.where(ended.notna(), pd.Timestamp(cut))
    days = ((until - began).dt.total_seconds() / 86_400).to_numpy(float)
    paid_up = rows["end_reason"].astype(object).to_numpy() != "payment"
    gone = ended.notna().to_numpy() & (days <= HORIZON)
    end = np.where(gone, np.where(paid_up, WANTED, OTHER), STILL).astype(np.intp)
    cluster = pd.factorize(rows["customer_id"], use_na_sentinel=False)[0].astype(np.intp)
    return Leaving(np.minimum(days, HORIZON)[here], end[here], group[here], severity[here], cluster[here], frame[here])
