"""The ways of counting silent complainers, side by side, and whether they agree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cxlib.estimate import ALPHA, Estimate
from cxlib.studies.evidence import Row
from cxlib.studies.silent_complainers.counts import (
    floor_of_complaints,
    knows_who_noticed,
    lists,
    of_detractors,
    of_incidents,
    share_error,
)
from cxlib.studies.silent_complainers.data import SEVERITIES, asked, complaints, detractors, incidents
from cxlib.studies.silent_complainers.leaving import Leaving, leaving, leaving_after_incidents
from cxlib.studies.silent_complainers.survey import SILENT, Survey
from cxlib.workbook import Workbook

SURVEY = "Asked in a survey"
INCIDENTS = "Logged incidents"
TWO = "Tickets and survey"
THREE = "Tickets, survey and incidents"
RANKS = (1, 2, 3)
NOTE = {
    SURVEY: "told, by their own account",
    INCIDENTS: "complaint within a week",
    TWO: "overlap of two lists",
    THREE: "overlap of three lists",
}
UNKNOWN = Estimate.unknown(0, SILENT)


@dataclass(frozen=True)
class Agreement:
    """Whether the ways that do not share a data source give one answer.

    Parameters
    ----------
    compared : tuple of str
        Severities that more than one way can count.
    severity : str
        The one at which two ways differ most clearly, if at all.
    lowest, highest : Row, optional
        These two ways.
    agree : bool
        Whether chance explains the differences at every severity.
    """

    compared: tuple[str, ...]
    severity: str
    lowest: Row | None
    highest: Row | None
    agree: bool


@dataclass(frozen=True)
class Ways:
    """All that the study counts, each from its own rows."""

    survey: Survey
    incidents: pd.DataFrame
    complaints: pd.DataFrame
    detractors: pd.DataFrame
    cut: datetime

    @cached_property
    def asked(self) -> Estimate:
        """Silent customers per complainer at any severity, by the survey."""
        return self.survey.ratio(self.survey.weights)

    @cached_property
    def by_severity(self) -> dict[int, tuple[Row, ...]]:
        return {rank: self._rows(rank) for rank in RANKS}

    def _rows(self, rank: int) -> tuple[Row, ...]:
        on = lists(self.survey.asked, self.survey.frame["tier"], rank)
        three = on.three() if knows_who_noticed(self.incidents) else None
        return (
            Row(SURVEY, self.survey.ratio(self.survey.weights, (rank,)), NOTE[SURVEY]),
            Row(INCIDENTS, of_incidents(self.incidents, rank).ratio, NOTE[INCIDENTS]),
            Row(TWO, on.ratio(on.two(), "stratified Chapman, log-normal"), NOTE[TWO]),
            Row(THREE, on.ratio(three.size, "log-linear, profile likelihood") if three else UNKNOWN, NOTE[THREE]),
        )

    def one(self, rank: int, way: str = SURVEY) -> Estimate:
        """Return the ratio at one severity by one way of counting."""
        return next(row.estimate for row in self.by_severity[rank] if row.label == way)

    @cached_property
    def of_detractors(self) -> Estimate:
        weights = pd.Series(self.survey.weights, index=self.survey.answers["asked_id"])
        return of_detractors(self.detractors, weights)

    @cached_property
    def floor(self) -> Estimate:
        return floor_of_complaints(self.complaints)

    @cached_property
    def leaving(self) -> Leaving:
        return leaving(self.survey, self.cut)

    @cached_property
    def leaving_after_incidents(self) -> Leaving:
        return leaving_after_incidents(self.incidents, self.cut)

    @cached_property
    def agreement(self) -> Agreement:
        """Compare the ways two by two at each severity, all pairs together by Holm's (1979) correction.

        The three lists hold the two, so they are left out; a ratio that is only an upper bound is left out too. The
        survey and the lists share answers, so their difference varies less than is reckoned with.
        """
        pairs = [
            (SEVERITIES[rank - 1], low, high)
            for rank, rows in self.by_severity.items()
            for low, high in combinations(sorted(_comparable(rows), key=lambda row: row.estimate.value), 2)
        ]
        if not pairs:
            return Agreement((), "", None, None, False)
        chances = [_chance_of_one(low, high) for _, low, high in pairs]
        differ = bool(multipletests(chances, ALPHA, method="holm")[0].any())
        severity, low, high = pairs[int(np.argmin(chances))]
        compared = tuple(dict.fromkeys(name for name, _, _ in pairs))
        return Agreement(compared, severity, low, high, not differ)


def _comparable(rows: tuple[Row, ...]) -> list[Row]:
    return [
        row
        for row in rows
        if row.label != THREE
        and "upper-bound" not in row.estimate.flags
        and row.estimate.is_known
        and row.estimate.value > 0
        and row.estimate.low > 0
        and np.isfinite(row.estimate.high)
    ]


def _chance_of_one(low: Row, high: Row) -> float:
    """Return the probability of a difference as large if both ways count the same thing.

    Two lists on which the same people tend to be give too low a ratio, so only too high a one is against them.
    """
    if low.label == TWO:
        return 1.0
    value, error = np.array([share_error(row.estimate) for row in (low, high)]).T
    sides = 1 if high.label == TWO else 2
    return float(sides * stats.norm.sf(abs(value[0] - value[1]) / np.hypot(*error)))


def read_ways(book: Workbook) -> Ways:
    """Read what the study needs; what no export brings is empty."""
    return Ways(Survey(asked(book)), incidents(book), complaints(book), detractors(book), book.cut)
