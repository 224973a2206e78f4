"""The headline measures of a company in the form of a study, so that they are held to the truth as studies are."""

from __future__ import annotations

from cxlib.estimate import Estimate, difference
from cxlib.finding import Finding, Verdict, direction_of
from cxlib.metrics import METRICS
from cxlib.notebook import Study
from cxlib.period import Month
from cxlib.workbook import Workbook

NAME = "metrics"
SLOW_REGION = {"region": "DACH"}
BEFORE, AFTER = Month.parse("2026-01"), Month.parse("2026-04")
"""Months before and after support of that region becomes slow."""
CHANGES = {"reply-slower": "first_reply_calendar_minutes_median", "rating-worse": "csat"}


def measured(book: Workbook) -> Study:
    """Return every measure of the month, and how some changed where support became slow."""
    numbers = {name: book.estimate(name) for name in METRICS if not book.missing(name)}
    changes = {id: _change(book, name) for id, name in CHANGES.items()}
    said = {id: Finding(id, "", estimate=one) for id, one in numbers.items()}
    said |= {id: Finding(id, "", verdict=_direction(one), estimate=one) for id, one in changes.items()}
    return Study(NAME, said, {}, (), {})


def _change(book: Workbook, name: str) -> Estimate:
    return difference(*(book.estimate(name, month, SLOW_REGION) for month in (AFTER, BEFORE)))


def _direction(change: Estimate) -> Verdict:
    return direction_of(change)  # type: ignore[return-value]  # a change is said with a direction
