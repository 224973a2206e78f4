"""From source rows to canonical values: rules applied, then every value read strictly.

Three tables per export: `staged` (text as mapped, with the reject rule that took the row), `parsed`
(text beside the value read from it, for the checks) and `canon` (the canonical columns).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from cxlib.errors import Problem
from cxlib.sources import identity
from cxlib.sources.config import EPOCHS
from cxlib.sources.plan import Plan, prefixed
from cxlib.sources.raw import Raw
from cxlib.sources.resolve import Resolved
from cxlib.sources.said import counted, example
from cxlib.sources.sql import described, literal, quoted
from cxlib.tables import Column

# a flag that says that times may not be known, and these times; without the first in the mapping it is true in each row
FLAGS = {
    "first_reply_unknown": ("first_public_reply_at",),
    "solve_unknown": ("first_solved_at", "last_solved_at"),
}
CHECKED = ("time", "date", "number", "integer", "money", "flag")
# a day of 25 hours is the longest that a date without a clock time can hide
ROUNDING = {"": "", "minute": "INTERVAL 1 MINUTE", "day": "INTERVAL 25 HOUR"}


@dataclass(frozen=True)
class Staged:
    """An export whose rules have been applied; `types` are DuckDB's, of the values before they became text."""

    connection: duckdb.DuckDBPyConnection
    plan: Plan
    raw: Raw
    resolved: Resolved
    number: int
    types: Mapping[str, str]
    reporting_zone: str

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

    def of_type(self, *types: str) -> list[str]:
        """Return the canonical columns of some types that the export brings."""
        return [name for name in self.columns if self.plan.table.column(name).type in types]

    def minutes_after(self, column: str) -> str:
        return self.resolved.values[column].rule.minutes_after

    def time_format(self, column: str) -> str:
        """Return the format of a column's times; those of a typed column became text in ISO 8601."""
        typed = self.types[column].startswith(("TIMESTAMP", "DATE"))
        return "" if typed else self.resolved.values[column].rule.format or self.plan.export.dates

    @property
    def marks(self) -> str:
        """Decimal and thousands marks as arguments of the macros."""
        return f"{literal(self.plan.export.decimal)}, {literal(self.plan.export.thousands)}"

    def find(
        self, rule: str, column: str, condition: str, shown: str, what: str, fix: str, table: str = ""
    ) -> Iterator[Problem]:
        """Yield the problem of the rows that meet a condition, if there are any, with the first of them.

        `what` may begin with what is counted, such as `{value}`: it becomes "1 value", "2,000 values".
        """
        count, first = example(self.connection, table or self.parsed, condition, shown)
        if count:
            what = re.sub(r"^\{(\w+)\}", lambda found: counted(count, found[1]), what)
            yield Problem(rule, self.plan.where(column), what, fix, rows=count, first=first)


def text_of(column: str) -> str:
    """Return the name of a column's text as mapped."""
    return quoted(f"cx_v_{column}")


def read_of(column: str) -> str:
    """Return the name of a column's value as read."""
    return quoted(f"cx_p_{column}")


def local_of(column: str) -> str:
    """Return the name of a time without offset."""
    return quoted(f"cx_l_{column}")


def utc_of(column: str) -> str:
    """Return the name of a universal time."""
    return quoted(f"cx_z_{column}")


def stage(
    connection: duckdb.DuckDBPyConnection, plan: Plan, raw: Raw, resolved: Resolved, number: int, reporting_zone: str
) -> Staged:
    """Apply reject, unknown and column rules; rows that a rule takes keep no values.

    Raises
    ------
    duckdb.Error
        If an expression fails on a value.
    """
    order, unknowns = plan.export.one_row_per_key, list(enumerate(resolved.unknowns))
    cases = "".join(f" WHEN {rule.when} THEN {index}" for index, rule in enumerate(resolved.rejects))
    marks = [f"CASE{cases} END AS cx_rule" if cases else "CAST(NULL AS INTEGER) AS cx_rule"]
    marks += [f"coalesce(({rule.when})::BOOLEAN, false) AS cx_doubt_{index}" for index, rule in unknowns]
    chosen = ["cx_file", "cx_row", "cx_rule"]
    chosen.append(f"CASE WHEN cx_rule IS NULL THEN {order.order_by if order else 'NULL'} END AS cx_order")
    chosen += [f"cx_rule IS NULL AND cx_doubt_{index} AS cx_unknown_{index}" for index, _ in unknowns]
    for column, value in resolved.values.items():
        doubts = [f"NOT cx_doubt_{index}" for index, rule in unknowns if rule.column == column]
        keep = " AND ".join(["cx_rule IS NULL", *doubts])
        chosen.append(f"CASE WHEN {keep} THEN {value.sql} END AS {text_of(column)}")
    rows = f"SELECT {', '.join(chosen)} FROM (SELECT *, {', '.join(marks)} FROM {resolved.source})"
    kinds = described(connection, rows)
    types = {name: kinds[f"cx_v_{name}"] for name in resolved.values}
    # a mapped value is whatever text stands in the map
    types |= {name: "VARCHAR" for name, pairs in plan.export.values.items() if pairs and name in types}
    texts = [f"{_as_text(plan, name, kinds[f'cx_v_{name}'])} AS {text_of(name)}" for name in types]
    connection.execute(f"CREATE TABLE staged_{number} AS SELECT * REPLACE ({', '.join(texts)}) FROM ({rows})")
    return Staged(connection, plan, raw, resolved, number, types, reporting_zone)


def _as_text(plan: Plan, column: str, kind: str) -> str:
    """Return SQL of a value as clean text, the export's value map applied."""
    pairs, text = plan.export.values.get(column), text_of(column)
    if kind.startswith("TIMESTAMP_"):
        text = f"CAST({text} AS TIMESTAMP)"
    text = f"cx_float({text})" if kind in ("DOUBLE", "FLOAT") and not pairs else f"CAST({text} AS VARCHAR)"
    if pairs:
        cases = " ".join(f"WHEN {literal(old.strip())} THEN {literal(new)}" for old, new in pairs.items())
        text = f"(CASE cx_trim({text}) {cases} ELSE {text} END)"
    return f"{'cx_plain' if plan.table.column(column).type in CHECKED else 'cx_trim'}({text})"


def read_values(staged: Staged, pseudonym_key: str) -> None:
    """Create the `parsed` table of an export."""
    table, number = staged.plan.table, staged.number
    names = [(name, table.column(name).type) for name in staged.of_type("id", "pseudonym")]
    texts = [(text_of(name), kind) for name, kind in names]
    identity.create_map(staged.connection, staged.staged, f"identity_{number}", texts, pseudonym_key)
    parts = ["s.cx_file", "s.cx_row", "s.cx_order"]
    parts += [f"s.cx_unknown_{index}" for index in range(len(staged.resolved.unknowns))]
    parts += [f"s.{text_of(name)}" for name in staged.of_type(*CHECKED)]
    parts += [f"{value} AS {name}" for column in staged.columns for name, value in _read(staged, column).items()]
    joins = " ".join(
        f"LEFT JOIN identity_{number} AS {quoted(f'i_{name}')} ON {quoted(f'i_{name}')}.kind = '{kind}' "
        f"AND {quoted(f'i_{name}')}.text = s.{text_of(name)}"
        for name, kind in names
    )
    staged.connection.execute(
        f"CREATE TABLE {staged.parsed} AS SELECT {', '.join(parts)} FROM {staged.staged} AS s {joins} "
        "WHERE s.cx_rule IS NULL"
    )


def _read(staged: Staged, name: str) -> dict[str, str]:
    """Return SQL of a column's value, and for a time of its local reading, by their names."""
    kind, text = staged.plan.table.column(name).type, f"s.{text_of(name)}"
    # a number of a typed column became text with a point
    marks = staged.marks if staged.types[name] == "VARCHAR" else "'.', ''"
    number = f"cx_number({text}, {marks})"
    if kind in ("number", "money") or (kind == "time" and staged.minutes_after(name)):
        value = number
    elif kind == "integer":
        value = f"cx_whole({number})"
    elif kind == "flag":
        value = f"cx_flag({text})"
    elif kind == "date":
        local, utc = moment(text, staged.time_format(name))
        value = f"cx_day({local}, {utc}, {literal(staged.reporting_zone)})"
    elif kind == "time":
        local, value = moment(text, staged.time_format(name))
        return {local_of(name): local, read_of(name): value}
    elif kind in ("id", "pseudonym"):
        before = f"{literal(staged.plan.export.prefix)} || " if name in prefixed(staged.plan.table) else ""
        value = f"{before}coalesce({quoted(f'i_{name}')}.clean, {text if kind == 'id' else 'NULL'})"
    else:
        value = f"upper({text})" if name == "currency" else text
    return {read_of(name): value}


def moment(text: str, time_format: str) -> tuple[str, str]:
    """Return SQL of a time by one format: local where the text gives no offset, universal where it does."""
    nothing = "CAST(NULL AS TIMESTAMP)"
    if time_format in EPOCHS:
        return nothing, f"cx_epoch({text}, {EPOCHS[time_format]})"
    if time_format in ("", "iso"):
        return f"cx_iso_local({text})", f"cx_iso_utc({text})"
    read = f"cx_strptime({text}, {literal(time_format)})"
    return (nothing, read) if "%z" in time_format else (read, nothing)


def to_canonical(staged: Staged, as_of: datetime | None, exponents: Mapping[str, int]) -> None:
    """Create the `canon` table: universal times, whole currency units, flags of what is not known.

    Parameters
    ----------
    as_of : datetime or None
        Naive UTC; a time counted in rounded minutes does not pass it by less than a minute.
    exponents : Mapping of str to int
        Decimals of the minor unit by currency, where amounts are in minor units.
    """
    times = staged.of_type("time")
    plain = [name for name in times if not staged.minutes_after(name)]
    zone = literal(staged.plan.export.time_zone or "UTC")
    first = ["*", *(f"coalesce({read_of(n)}, cx_to_utc({local_of(n)}, {zone})) AS {utc_of(n)}" for n in plain)]
    second = ["*", *(_counted(staged, name, as_of) for name in times if name not in plain)]
    chosen = ", ".join(
        f"CAST({_final(staged, column, exponents)} AS {column.sql_type}) AS {quoted(column.name)}"
        for column in staged.plan.table.columns
    )
    staged.connection.execute(
        f"CREATE TABLE {staged.canon} AS SELECT cx_file, cx_row, cx_order, {chosen} FROM (SELECT {', '.join(second)} "
        f"FROM (SELECT *{_in_order(staged, plain, zone)} FROM (SELECT {', '.join(first)} FROM {staged.parsed})))"
    )


def _in_order(staged: Staged, times: Sequence[str], zone: str) -> str:
    """Return SQL that takes a start as the earlier of two equal clock times where its end would come before it."""
    ends: dict[str, list[str]] = {}
    for check in staged.plan.table.checks:
        end, _, start = check.must.partition(" >= ")
        if check.name == "ends-before-starts" and start in times and end in times:
            ends.setdefault(start, []).append(end)
    replaced = []
    for start, after in ends.items():
        earlier = f"{utc_of(start)} - INTERVAL 1 HOUR"
        late = " OR ".join(f"{utc_of(start)} > {utc_of(end)}" for end in after)
        twice = f"cx_to_local({earlier}, {zone}) = {local_of(start)}"
        replaced.append(f"CASE WHEN ({late}) AND {twice} THEN {earlier} ELSE {utc_of(start)} END AS {utc_of(start)}")
    return f" REPLACE ({', '.join(replaced)})" if replaced else ""


def _counted(staged: Staged, name: str, as_of: datetime | None) -> str:
    """Return a time that is minutes after another; rounding does not carry it past `as_of`."""
    base = utc_of(staged.minutes_after(name))
    moment = f"{base} + to_microseconds(CAST(round({read_of(name)} * 60000000) AS BIGINT))"
    if as_of is not None:
        limit = f"TIMESTAMP {literal(as_of.isoformat(sep=' '))}"
        over = f"({moment}) > {limit} AND ({moment}) <= {limit} + INTERVAL 1 MINUTE AND {base} <= {limit}"
        moment = f"CASE WHEN {over} THEN {limit} ELSE {moment} END"
    return f"{moment} AS {utc_of(name)}"


def _final(staged: Staged, column: Column, exponents: Mapping[str, int]) -> str:
    """Return the canonical value of one column."""
    name, values = column.name, staged.resolved.values
    if name in FLAGS:
        return _unknown_flag(staged, name)
    if name not in values:
        return "NULL"
    if column.type == "money" and exponents:
        cases = " ".join(f"WHEN {literal(code)} THEN {10**digits}" for code, digits in sorted(exponents.items()))
        return f"{read_of(name)} / CASE {read_of('currency')} {cases} END"
    if column.type != "time":
        return read_of(name)
    rule, value = values[name].rule, utc_of(name)
    reach = ROUNDING[rule.rounded_to]
    if rule.not_before in values:
        other = utc_of(rule.not_before)
        value = f"CASE WHEN {value} < {other} AND {value} > {other} - {reach} THEN {other} ELSE {value} END"
    if rule.not_after in values:
        other = utc_of(rule.not_after)
        value = f"CASE WHEN {value} > {other} AND {value} < {other} + {reach} THEN {other} ELSE {value} END"
    return value


def _unknown_flag(staged: Staged, flag: str) -> str:
    """Return the flag: mapped, or set by an unknown rule, or true where the time is not mapped at all."""
    if FLAGS[flag][0] not in staged.resolved.values:
        return "true"
    marks = [f"cx_unknown_{i}" for i, rule in enumerate(staged.resolved.unknowns) if rule.column in FLAGS[flag]]
    if flag in staged.resolved.values:
        marks.append(f"coalesce({read_of(flag)}, false)")
    return " OR ".join(marks) or "false"
