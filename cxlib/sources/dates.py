"""Checks of times and dates: format, epoch, time zone, summer time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import duckdb

from cxlib.errors import Problem
from cxlib.nearest import listed
from cxlib.sources import parse
from cxlib.sources.config import EPOCHS
from cxlib.sources.evidence import example
from cxlib.sources.sql import literal, quoted, row
from cxlib.sources.stage import Staged
from cxlib.sources.words import counted
from cxlib.tables import Column

FIRST_EPOCH, LAST_EPOCH = "TIMESTAMP '1990-01-01'", "TIMESTAMP '2050-01-01'"
_DATES = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%Y%m%d",
    "%Y-%m-%d",
    "%Y-%m",
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", "T%H:%M:%S")
FORMATS = tuple(day + clock for day in _DATES for clock in _CLOCKS)
TRIAL = 500


def unreadable(connection: duckdb.DuckDBPyConnection, staged: Staged, column: Column) -> Iterator[Problem]:
    """Check one time or date column of an export."""
    text, time_format = quoted(f"cx_v_{column.name}"), staged.time_format(column.name)
    read = [quoted(f"cx_p_{column.name}")] + ([quoted(f"cx_l_{column.name}")] if column.type == "time" else [])
    nothing = " AND ".join(f"{sql} IS NULL" for sql in read)
    count, first = example(connection, staged.parsed, f"{text} IS NOT NULL AND {nothing}", text)
    if count:
        yield _not_a_date(connection, staged, column, count, first)
        return
    if time_format in EPOCHS:
        yield from _epoch_range(connection, staged, column, time_format)
    if column.type == "time":
        yield from _zone(connection, staged, column)


def _not_a_date(
    connection: duckdb.DuckDBPyConnection, staged: Staged, column: Column, count: int, first: str
) -> Problem:
    """Return the problem of texts that are no date in the stated format, with the formats that would fit."""
    where, time_format = staged.plan.where(column.name), staged.time_format(column.name)
    kind = staged.types[column.name]
    text = parse.plain_digits(quoted(f"cx_v_{column.name}"), kind)
    digits = row(
        connection,
        f"SELECT bool_and(regexp_full_match({text}, {literal(parse.EPOCH_DIGITS)})) "
        f"FROM {staged.parsed} WHERE {text} IS NOT NULL",
    )[0]
    if digits and time_format in ("", "iso"):
        units = _fitting_units(connection, staged.parsed, text)
        if units:
            return Problem(
                "epoch",
                where,
                f"{counted(count, 'value')} of digits only, which fit {listed(units)} (1990 to 2050)",
                f'Write columns.{column.name} = {{ column = "...", format = "{units[0]}" }}.',
                rows=count,
                first=first,
            )
    stated = (
        f'in the format "{time_format}"' if time_format not in ("", "iso") else "in ISO 8601, and no format is stated"
    )
    fitting = _fitting_formats(connection, staged.parsed, text, column.type == "date")
    return Problem(
        "date-format",
        where,
        f"{counted(count, 'value')} not {'a day ' if column.type == 'date' else ''}{stated}",
        _format_fix(column, fitting),
        rows=count,
        first=first,
    )


def _format_fix(column: Column, fitting: Sequence[str]) -> str:
    if len(fitting) == 1:
        return f'This fits all rows: dates = "{fitting[0]}" (or format of the column).'
    if fitting:
        return f"{len(fitting)} formats fit all rows: {listed(fitting)}; write the one of the tool's locale as dates."
    if column.type == "date":
        return "No format known here fits all rows; a clock time other than midnight needs a rule of its own (sql)."
    return (
        "No format known here fits all rows: state dates, mend the export, or mark such times as unknown "
        "([[export.unknown]])."
    )


def _fitting_units(connection: duckdb.DuckDBPyConnection, table: str, text: str) -> list[str]:
    """Return the epoch units by which all values lie between 1990 and 2050."""
    fits = []
    for unit in EPOCHS:
        moment = parse.moment(text, "VARCHAR", unit).utc
        if row(
            connection,
            f"SELECT bool_and(coalesce(({moment}) BETWEEN {FIRST_EPOCH} AND {LAST_EPOCH}, false)) "
            f"FROM {table} WHERE {text} IS NOT NULL",
        )[0]:
            fits.append(unit)
    return fits


def _fitting_formats(connection: duckdb.DuckDBPyConnection, table: str, text: str, days: bool) -> list[str]:
    """Return the formats that read every value: tried on some, the survivors on all."""
    trial = f"(SELECT DISTINCT {text} AS text FROM {table} WHERE {text} IS NOT NULL ORDER BY 1 LIMIT {TRIAL})"
    survivors = _reading(connection, trial, FORMATS, days)
    everything = f"(SELECT {text} AS text FROM {table} WHERE {text} IS NOT NULL)"
    return _reading(connection, everything, survivors, days)


def _reading(connection: duckdb.DuckDBPyConnection, source: str, formats: Sequence[str], days: bool) -> list[str]:
    """Return the formats that read every text, as days at midnight where only days count."""
    if not formats:
        return []
    moments = [f"({parse.strict_strptime('text', time_format)})" for time_format in formats]
    tests = ", ".join(
        f"bool_and(coalesce({moment} = date_trunc('day', {moment}), false))"
        if days
        else f"bool_and({moment} IS NOT NULL)"
        for moment in moments
    )
    fits = row(connection, f"SELECT {tests} FROM {source}")
    return [time_format for time_format, fit in zip(formats, fits, strict=True) if fit]


def _epoch_range(connection: duckdb.DuckDBPyConnection, staged: Staged, column: Column, unit: str) -> Iterator[Problem]:
    """Block a declared epoch unit that puts values outside 1990 to 2050."""
    text, read = quoted(f"cx_v_{column.name}"), quoted(f"cx_p_{column.name}")
    count, first = example(connection, staged.parsed, f"{read} NOT BETWEEN {FIRST_EPOCH} AND {LAST_EPOCH}", text)
    if not count:
        return
    plain = parse.plain_digits(text, staged.types[column.name])
    units = _fitting_units(connection, staged.parsed, plain)
    fix = (
        f'"{units[0]}" would fit all rows.'
        if units
        else 'No unit fits all rows: mend the export, or accept = ["epoch"].'
    )
    yield Problem(
        "epoch",
        staged.plan.where(column.name),
        f'{counted(count, "value")} outside 1990 to 2050 when read as "{unit}"',
        fix,
        rows=count,
        first=first,
    )


def _zone(connection: duckdb.DuckDBPyConnection, staged: Staged, column: Column) -> Iterator[Problem]:
    """Block local times without a stated zone; count those that summer time skips or repeats."""
    local, where = quoted(f"cx_l_{column.name}"), staged.plan.where(column.name)
    if not staged.style.zone:
        count, first = example(connection, staged.parsed, f"{local} IS NOT NULL", local)
        if count:
            yield Problem(
                "time-zone",
                where,
                f"{counted(count, 'time')} without offset, and no time zone is stated",
                'Write time_zone = "Europe/Berlin" (the zone of the account that exported).',
                rows=count,
                first=first,
            )
        return
    days = _change_days(connection, staged.parsed, local, staged.style.zone)
    if not days:
        return
    listed_days = ", ".join(f"DATE '{day.isoformat()}'" for day in days)
    on_change = f"CAST({local} AS DATE) IN ({listed_days})"
    utc = parse.to_utc(local, staged.style.zone)
    skipped = f"({parse.to_local(utc, staged.style.zone)}) <> {local}"
    twice = " OR ".join(
        f"({parse.to_local(f'(({utc}) - INTERVAL {minutes} MINUTE)', staged.style.zone)}) = {local} OR "
        f"({parse.to_local(f'(({utc}) + INTERVAL {minutes} MINUTE)', staged.style.zone)}) = {local}"
        for minutes in (30, 60, 120)
    )
    gone, _ = example(connection, staged.parsed, f"{on_change} AND {skipped}", local)
    double, _ = example(connection, staged.parsed, f"{on_change} AND ({twice})", local)
    if gone or double:
        _, first = example(connection, staged.parsed, f"{on_change} AND ({skipped} OR {twice})", local)
        yield Problem(
            "dst",
            where,
            f"{counted(gone, 'time')} that {staged.style.zone} skips and {counted(double, 'time')} that "
            "it has twice (taken as the later)",
            'Export with offsets, or accept = ["dst"].',
            blocks=False,
            rows=gone + double,
            first=first,
        )


def _change_days(connection: duckdb.DuckDBPyConnection, table: str, local: str, zone: str) -> list[date]:
    """Return the days, among those with times, on which the zone's offset changes."""
    start = f"CAST({local} AS DATE)"
    length = f"({parse.to_utc('day + INTERVAL 1 DAY', zone)}) - ({parse.to_utc('CAST(day AS TIMESTAMP)', zone)})"
    found = connection.execute(
        f"SELECT day FROM (SELECT DISTINCT {start} AS day FROM {table} WHERE {local} IS NOT NULL) "
        f"WHERE {length} <> INTERVAL 24 HOUR ORDER BY day"
    ).fetchall()
    return [day for (day,) in found]
