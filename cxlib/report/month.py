"""Which month is reported: one that has ended, and of which there are data."""

from __future__ import annotations

import pandas as pd

from cxlib.engine import Engine
from cxlib.errors import PeriodError
from cxlib.language import Language
from cxlib.period import Month
from cxlib.store import Snapshot
from cxlib.tables import EVENT_TIMES, TABLES


def choose_month(asked: str | None, snapshot: Snapshot, language: Language) -> Month:
    """Return the month to report: the one asked for, or the last that had ended when the exports were made.

    Raises
    ------
    PeriodError
        If the month is not well formed, had not ended at `as_of`, or lies outside of the data.
    """
    last = Month.last_complete(snapshot.as_of, snapshot.time_zone)
    month = Month.parse(asked) if asked else last
    if month.end(snapshot.time_zone) > snapshot.as_of:
        until = language.moment(snapshot.as_of, snapshot.time_zone)
        raise PeriodError(
            f"{month} has not ended in the data, which go until {until}. "
            f"Report {last} (MONTH={last}), or make the exports again after the end of {month}"
        )
    first, latest = months_with_data(snapshot)
    if not first <= month <= latest:
        raise PeriodError(
            f"there are no data of {month}; the data go from {first} to {latest} (set MONTH to one of these)"
        )
    return month


def months_with_data(snapshot: Snapshot) -> tuple[Month, Month]:
    """Return the first and the last month, in the reporting time zone, in which anything happened.

    Raises
    ------
    PeriodError
        If no table of the snapshot has a row.
    """
    ends = " UNION ALL ".join(_ends(table, column) for table, column in EVENT_TIMES.items())
    with Engine(snapshot) as engine:
        found = engine.frame(f"SELECT min(first) AS first, max(last) AS last FROM ({ends})").iloc[0]
    if pd.isna(found["first"]):
        raise PeriodError(f"snapshot {snapshot.id} has no events at all; add exports to sources.toml")
    return Month.of(found["first"]), Month.of(found["last"])


def _ends(table: str, column: str) -> str:
    """Return SQL for the months of the least and the greatest value, which Parquet gives without a scan."""
    if TABLES[table].column(column).type == "date":
        return f"SELECT min({column}) AS first, max({column}) AS last FROM {table}"
    return f"SELECT local_month(min({column})) AS first, local_month(max({column})) AS last FROM {table}"
