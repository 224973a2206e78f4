"""From source rows to canonical values: rules applied, then every value read strictly.

Three tables per export: `staged` (text as mapped, with the reject rule that took the row), `parsed`
(text beside the value read from it, for the checks) and `canon` (the canonical columns).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from cxlib.sources import identity, parse
from cxlib.sources.layout import Plan, prefixed
from cxlib.sources.parse import Style
from cxlib.sources.raw import Raw
from cxlib.sources.resolve import Resolved, source_sql
from cxlib.sources.sql import literal, quoted
from cxlib.tables import Column

# a time that may not be known, and the flag that says so
UNKNOWN_FLAGS = {
    "first_public_reply_at": "first_reply_unknown",
    "first_solved_at": "solve_unknown",
    "last_solved_at": "solve_unknown",
}
# the time whose absence from the mapping makes the flag true in every row
FLAG_NEEDS = {"first_reply_unknown": "first_public_reply_at", "solve_unknown": "first_solved_at"}
CHECKED = ("time", "date", "number", "integer", "money", "flag")
# a day of 25 hours is the longest that a date without a clock time can hide
ROUNDING = {"minute": "INTERVAL 1 MINUTE", "day": "INTERVAL 25 HOUR"}


@dataclass(frozen=True)
class Staged:
    """An export whose rules have been applied."""

    plan: Plan
    raw: Raw
    resolved: Resolved
    number: int
    types: Mapping[str, str]
    style: Style

    @property
    def staged(self) -> str:
        return f"staged_{self.number}"

    @property
    def parsed(self) -> str:
        return f"parsed_{self.number}"

    @property
    def canon(self) -> str:
        return f"canon_{self.number}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Canonical columns that the export brings."""
        return tuple(name for name in self.plan.table.column_names if name in self.resolved.values)

    def time_format(self, column: str) -> str:
        return self.resolved.values[column].rule.format or self.style.dates


def stage(
    connection: duckdb.DuckDBPyConnection, plan: Plan, raw: Raw, resolved: Resolved, number: int, reporting_zone: str
) -> Staged:
    """Apply reject, unknown and column rules; rows that a rule takes keep no values.

    Raises
    ------
    duckdb.Error
        If an expression fails on a value.
    """
    cases = "".join(f" WHEN {when} THEN {index}" for index, (_, when) in enumerate(resolved.rejects))
    marks = [f"CASE{cases} END AS cx_rule" if cases else "CAST(NULL AS INTEGER) AS cx_rule"]
    marks += [
        f"coalesce(({when})::BOOLEAN, false) AS cx_doubt_{index}"
        for index, (_, _, when) in enumerate(resolved.unknowns)
    ]
    chosen = ["cx_file", "cx_row", "cx_rule"]
    chosen.append(f"CASE WHEN cx_rule IS NULL THEN {resolved.order_by or 'NULL'} END AS cx_order")
    chosen += [f"cx_rule IS NULL AND cx_doubt_{index} AS cx_unknown_{index}" for index in range(len(resolved.unknowns))]
    for column, value in resolved.values.items():
        doubts = [f"NOT cx_doubt_{index}" for index, (name, _, _) in enumerate(resolved.unknowns) if name == column]
        keep = " AND ".join(["cx_rule IS NULL", *doubts])
        chosen.append(f"CASE WHEN {keep} THEN {value.sql} END AS {_text(column)}")
    rows = f"SELECT {', '.join(chosen)} FROM (SELECT *, {', '.join(marks)} FROM {source_sql(raw, resolved)})"
    connection.execute(f"CREATE TABLE staged_{number} AS {_value_maps(plan, resolved, rows)}")
    described = connection.execute(f"DESCRIBE staged_{number}").fetchall()
    types = {str(name): str(kind) for name, kind, *_ in described}
    export = plan.export
    style = Style(export.decimal, export.thousands, export.time_zone, export.dates, reporting_zone)
    return Staged(plan, raw, resolved, number, {name: types[f"cx_v_{name}"] for name in resolved.values}, style)


def _value_maps(plan: Plan, resolved: Resolved, rows: str) -> str:
    """Return SQL of the rows with the export's value maps applied to trimmed text."""
    maps = {column: pairs for column, pairs in plan.export.values.items() if column in resolved.values and pairs}
    if not maps:
        return rows
    trimmed = ", ".join(f"{parse.trimmed(_text(column))} AS {_text(column)}" for column in maps)
    mapped = []
    for column, pairs in maps.items():
        cases = " ".join(f"WHEN {literal(old.strip())} THEN {literal(new)}" for old, new in pairs.items())
        mapped.append(f"nullif(CASE {_text(column)} {cases} ELSE {_text(column)} END, '') AS {_text(column)}")
    return f"SELECT * REPLACE ({', '.join(mapped)}) FROM (SELECT * REPLACE ({trimmed}) FROM ({rows}))"


def _text(column: str) -> str:
    return quoted(f"cx_v_{column}")


def _read(column: str) -> str:
    return quoted(f"cx_p_{column}")


def _local(column: str) -> str:
    return quoted(f"cx_l_{column}")


def read_values(connection: duckdb.DuckDBPyConnection, staged: Staged, pseudonym_key: str) -> None:
    """Create the `parsed` table of an export."""
    table = staged.plan.table
    columns = [table.column(name) for name in staged.columns]
    names = [column.name for column in columns if column.type in ("id", "pseudonym")]
    identity.create_map(
        connection,
        staged.staged,
        f"identity_{staged.number}",
        [(name, table.column(name).type) for name in names],
        pseudonym_key,
    )
    parts = ["s.cx_file", "s.cx_row", "s.cx_order"]
    parts += [f"s.cx_unknown_{index}" for index in range(len(staged.resolved.unknowns))]
    joins = []
    for column in columns:
        if column.type in CHECKED:
            parts.append(f"s.{_text(column.name)}")
        parts += _parsed(staged, column)
        if column.name in names:
            alias = quoted(f"i_{column.name}")
            kind = "pseudonym" if column.type == "pseudonym" else "id"
            text = parse.as_text(f"s.{_text(column.name)}", staged.types[column.name])
            joins.append(
                f"LEFT JOIN identity_{staged.number} AS {alias} ON {alias}.kind = '{kind}' AND {alias}.text = {text}"
            )
    connection.execute(
        f"CREATE TABLE {staged.parsed} AS SELECT {', '.join(parts)} FROM {_clean(staged)} AS s {' '.join(joins)}"
    )


def _clean(staged: Staged) -> str:
    """Return SQL of the kept rows, their texts trimmed, those of numbers and times with ASCII digits."""
    cleaned = []
    for name in staged.columns:
        if staged.types[name] == "VARCHAR":
            clean = parse.plain if staged.plan.table.column(name).type in CHECKED else parse.trimmed
            cleaned.append(f"{clean(_text(name))} AS {_text(name)}")
    replace = f" REPLACE ({', '.join(cleaned)})" if cleaned else ""
    return f"(SELECT *{replace} FROM {staged.staged} WHERE cx_rule IS NULL)"


def _parsed(staged: Staged, column: Column) -> list[str]:
    """Return the select parts of one column: its value, and for a time its local reading."""
    name, kind, style = column.name, staged.types[column.name], staged.style
    text = f"s.{_text(name)}"
    if column.type in ("number", "money") or (
        column.type == "time" and staged.resolved.values[name].rule.minutes_after
    ):
        return [f"{parse.typed_number(text, kind, style)} AS {_read(name)}"]
    if column.type == "integer":
        return [f"{parse.whole(f'({parse.typed_number(text, kind, style)})')} AS {_read(name)}"]
    if column.type == "flag":
        return [f"{parse.flag(text, kind)} AS {_read(name)}"]
    if column.type == "date":
        return [f"{parse.day(text, kind, staged.time_format(name), style.reporting_zone)} AS {_read(name)}"]
    if column.type == "time":
        moment = parse.moment(text, kind, staged.time_format(name))
        return [f"{moment.local} AS {_local(name)}", f"{moment.utc} AS {_read(name)}"]
    if column.type in ("id", "pseudonym"):
        plain = parse.as_text(text, kind) if column.type == "id" else "NULL"
        clean = f"coalesce({quoted(f'i_{name}')}.clean, {plain})"
        before = f"{literal(staged.plan.export.prefix)} || " if name in prefixed(staged.plan.table) else ""
        return [f"{before}{clean} AS {_read(name)}"]
    shaped = parse.as_text(text, kind)
    return [f"{f'upper({shaped})' if name == 'currency' else shaped} AS {_read(name)}"]


def to_canonical(
    connection: duckdb.DuckDBPyConnection, staged: Staged, as_of: datetime | None, exponents: Mapping[str, int]
) -> None:
    """Create the `canon` table: universal times, whole currency units, flags of what is not known.

    Parameters
    ----------
    as_of : datetime or None
        Naive UTC; a time counted in rounded minutes does not pass it by less than a minute.
    exponents : Mapping of str to int
        Decimals of the minor unit by currency, where amounts are in minor units.
    """
    values = staged.resolved.values
    times = [name for name in staged.columns if staged.plan.table.column(name).type == "time"]
    plain = [name for name in times if not values[name].rule.minutes_after]
    counted = [name for name in times if values[name].rule.minutes_after]
    first = ", ".join(
        [
            "*",
            *(
                f"coalesce({_read(name)}, {parse.to_utc(_local(name), staged.style.zone)}) AS {_utc(name)}"
                for name in plain
            ),
        ]
    )
    second = ", ".join(["*", *(_counted(name, values[name].rule.minutes_after, as_of) for name in counted)])
    chosen = ", ".join(
        f"CAST({_final(staged, column, exponents)} AS {column.sql_type}) AS {quoted(column.name)}"
        for column in staged.plan.table.columns
    )
    connection.execute(
        f"CREATE TABLE {staged.canon} AS SELECT cx_file, cx_row, cx_order, {chosen} FROM "
        f"(SELECT {second} FROM (SELECT *{_in_order(staged, plain)} FROM (SELECT {first} FROM {staged.parsed})))"
    )


def _in_order(staged: Staged, times: Sequence[str]) -> str:
    """Return SQL that takes a start as the earlier of two equal clock times where its end would come before it."""
    ends: dict[str, list[str]] = {}
    for check in staged.plan.table.checks:
        end, _, start = check.must.partition(" >= ")
        if check.name == "ends-before-starts" and start in times and end in times:
            ends.setdefault(start, []).append(end)
    replaced = []
    for start, after in ends.items():
        earlier = f"{_utc(start)} - INTERVAL 1 HOUR"
        late = " OR ".join(f"{_utc(start)} > {_utc(end)}" for end in after)
        twice = f"({parse.to_local(earlier, staged.style.zone or 'UTC')}) = {_local(start)}"
        replaced.append(f"CASE WHEN ({late}) AND {twice} THEN {earlier} ELSE {_utc(start)} END AS {_utc(start)}")
    return f" REPLACE ({', '.join(replaced)})" if replaced else ""


def _utc(column: str) -> str:
    return quoted(f"cx_z_{column}")


def _counted(name: str, base: str, as_of: datetime | None) -> str:
    """Return a time that is minutes after another; rounding does not carry it past `as_of`."""
    moment = f"{_utc(base)} + to_microseconds(CAST(round({_read(name)} * 60000000) AS BIGINT))"
    if as_of is None:
        return f"{moment} AS {_utc(name)}"
    limit = f"TIMESTAMP {literal(as_of.isoformat(sep=' '))}"
    over = f"({moment}) > {limit} AND ({moment}) <= {limit} + INTERVAL 1 MINUTE AND {_utc(base)} <= {limit}"
    return f"CASE WHEN {over} THEN {limit} ELSE {moment} END AS {_utc(name)}"


def _final(staged: Staged, column: Column, exponents: Mapping[str, int]) -> str:
    """Return the canonical value of one column."""
    name = column.name
    if name in FLAG_NEEDS:
        return _unknown_flag(staged, name)
    if name not in staged.resolved.values:
        return "NULL"
    if column.type == "money" and staged.plan.export.amounts == "minor":
        cases = " ".join(f"WHEN {literal(code)} THEN {10**digits}" for code, digits in sorted(exponents.items()))
        return f"{_read(name)} / CASE {_read('currency')} {cases} END" if cases else _read(name)
    if column.type != "time":
        return _read(name)
    rule, value = staged.resolved.values[name].rule, _utc(name)
    reach = ROUNDING.get(rule.rounded_to, "")
    if rule.not_before in staged.resolved.values:
        other = _utc(rule.not_before)
        value = f"CASE WHEN {value} < {other} AND {value} > {other} - {reach} THEN {other} ELSE {value} END"
    if rule.not_after in staged.resolved.values:
        other = _utc(rule.not_after)
        value = f"CASE WHEN {value} > {other} AND {value} < {other} + {reach} THEN {other} ELSE {value} END"
    return value


def _unknown_flag(staged: Staged, flag: str) -> str:
    """Return the flag: mapped, or set by an unknown rule, or true where the time is not mapped at all."""
    if FLAG_NEEDS[flag] not in staged.resolved.values:
        return "true"
    marks = [
        f"cx_unknown_{index}"
        for index, (column, _, _) in enumerate(staged.resolved.unknowns)
        if UNKNOWN_FLAGS.get(column) == flag
    ]
    if flag in staged.resolved.values:
        marks.append(f"coalesce({_read(flag)}, false)")
    return " OR ".join(marks) or "false"
