"""Checks of times and dates: format, epoch, time zone, summer time."""

from collections.abc import Iterator
from dataclasses import replace

from cxlib.errors import Problem
from cxlib.nearest import listed
from cxlib.sources.config import EPOCHS
from cxlib.sources.said import counted, example
from cxlib.sources.sql import column_of, literal, literals, row
from cxlib.sources.stage import Staged, local_of, moment, read_of, text_of
from cxlib.tables import Column

EPOCH_YEARS = "BETWEEN TIMESTAMP '1990-01-01' AND TIMESTAMP '2050-01-01'"
EPOCH_DIGITS = r"-?\d{9,17}(?:\.\d+)?"
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


def unreadable(staged: Staged, column: Column) -> Iterator[Problem]:
    """Check one time or date column of an export."""
    name = column.name
    text, time_format = text_of(name), staged.time_format(name)
    read = [read_of(name)] + ([local_of(name)] if column.type == "time" else [])
    unread = " AND ".join([f"{text} IS NOT NULL", *(f"{value} IS NULL" for value in read)])
    count, first = example(staged.connection, staged.parsed, unread, text)
    if count:
        yield _not_a_date(staged, column, count, first)
        return
    if time_format in EPOCHS:
        outside = f"{read_of(name)} NOT {EPOCH_YEARS}"
        what = f'{{value}} outside 1990 to 2050 when read as "{time_format}"'
        for problem in staged.find("epoch", name, outside, text, what, ""):
            units = _fitting_units(staged, text)
            no_unit = 'No unit fits all rows: mend the export, or accept = ["epoch"].'
            yield replace(problem, fix=f'"{units[0]}" would fit all rows.' if units else no_unit)
    if column.type == "time":
        yield from _zone(staged, name)


def _not_a_date(staged: Staged, column: Column, count: int, first: str) -> Problem:
    """Return the problem of texts that are no date in the stated format, with the formats that would fit."""
    name, text = column.name, text_of(column.name)
    where, time_format = staged.plan.where(name), staged.time_format(name).removeprefix("iso")
    (digits,) = row(
        staged.connection,
        f"SELECT bool_and(regexp_full_match({text}, {literal(EPOCH_DIGITS)})) "
        f"FROM {staged.parsed} WHERE {text} IS NOT NULL",
    )
    units = _fitting_units(staged, text) if digits and not time_format else []
    if units:
        what = f"{counted(count, 'value')} of digits only, which fit {listed(units)} (1990 to 2050)"
        fix = f'Write columns.{name} = {{ column = "...", format = "{units[0]}" }}.'
        return Problem("epoch", where, what, fix, rows=count, first=first)
    days = column.type == "date"
    stated = f'in the format "{time_format}"' if time_format else "in ISO 8601, and no format is stated"
    what = f"{counted(count, 'value')} not {'a day ' if days else ''}{stated}"
    fitting = _fitting_formats(staged, text, days)
    if len(fitting) == 1:
        fix = f'This fits all rows: dates = "{fitting[0]}" (or format of the column).'
    elif fitting:
        fix = f"{len(fitting)} formats fit all rows: {listed(fitting)}; write the one of the tool's locale as dates."
    elif days:
        fix = "No format known here fits all rows; a clock time other than midnight needs a rule of its own (sql)."
    else:
        fix = (
            "No format known here fits all rows: state dates, mend the export, or mark such times as unknown "
            "([[export.unknown]])."
        )
    return Problem("date-format", where, what, fix, rows=count, first=first)


def _fitting_units(staged: Staged, text: str) -> list[str]:
    """Return the epoch units by which all values lie between 1990 and 2050."""
    tests = ", ".join(f"bool_and(coalesce({moment(text, unit)[1]} {EPOCH_YEARS}, false))" for unit in EPOCHS)
    fits = row(staged.connection, f"SELECT {tests} FROM {staged.parsed} WHERE {text} IS NOT NULL")
    return [unit for unit, fit in zip(EPOCHS, fits, strict=True) if fit]


def _fitting_formats(staged: Staged, text: str, days: bool) -> list[str]:
    """Return the formats that read every value, as days at midnight where only days count.

    All are tried on some values, the survivors on all.
    """
    every = f"SELECT {text} AS text FROM {staged.parsed} WHERE {text} IS NOT NULL"
    formats = list(FORMATS)
    for source in (f"SELECT DISTINCT text FROM ({every}) ORDER BY 1 LIMIT {TRIAL}", every):
        moments = [f"cx_strptime(text, {literal(one)})" for one in formats]
        tests = [f"coalesce({m} = date_trunc('day', {m}), false)" if days else f"{m} IS NOT NULL" for m in moments]
        if tests:
            fits = row(staged.connection, f"SELECT {', '.join(f'bool_and({t})' for t in tests)} FROM ({source})")
            formats = [one for one, fit in zip(formats, fits, strict=True) if fit]
    return formats


def _zone(staged: Staged, name: str) -> Iterator[Problem]:
    """Block local times without a stated zone; count those that summer time skips or repeats."""
    local, zone = local_of(name), staged.plan.export.time_zone
    if not zone:
        what = "{time} without offset, and no time zone is stated"
        fix = 'Write time_zone = "Europe/Berlin" (the zone of the account that exported).'
        yield from staged.find("time-zone", name, f"{local} IS NOT NULL", local, what, fix)
        return
    own, day = literal(zone), f"CAST({local} AS DATE)"
    midnights = [f"cx_to_utc(CAST(day + INTERVAL {days} DAY AS TIMESTAMP), {own})" for days in (1, 0)]
    changes = column_of(
        staged.connection,
        f"SELECT day FROM (SELECT DISTINCT {day} AS day FROM {staged.parsed} WHERE {local} IS NOT NULL) "
        f"WHERE {midnights[0]} - {midnights[1]} <> INTERVAL 24 HOUR ORDER BY day",
    )
    if not changes:
        return
    on_change = f"CAST({day} AS VARCHAR) IN ({literals(map(str, changes))})"
    utc = f"cx_to_utc({local}, {own})"
    skipped = f"cx_to_local({utc}, {own}) <> {local}"
    twice = " OR ".join(
        f"cx_to_local({utc} {sign} INTERVAL {minutes} MINUTE, {own}) = {local}"
        for minutes in (30, 60, 120)
        for sign in "-+"
    )
    gone, _ = example(staged.connection, staged.parsed, f"{on_change} AND {skipped}", local)
    double, _ = example(staged.connection, staged.parsed, f"{on_change} AND ({twice})", local)
    what = f"{counted(gone, 'time')} that {zone} skips and {counted(double, 'time')} that it has twice"
    for problem in staged.find("dst", name, f"{on_change} AND ({skipped} OR {twice})", local, "", ""):
        fix = 'Export with offsets, or accept = ["dst"].'
        rows, said = gone + double, f"{what} (taken as the later)"
        yield replace(problem, what=said, fix=fix, blocks=False, rows=rows)
