"""From source rows to canonical values: rules applied, then every value read strictly.

Three tables per export: `staged` (text as mapped, with the reject rule that took the row), `parsed`
(text beside the value read from it, for the checks) and `canon` (the canonical columns).

A canonical column `x` is `cx_text_x` as mapped and `cx_read_x` as read; a time is `cx_local_x` where its text gives no
offset, and `cx_utc_x` when its zone is known.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cxlib.errors import Problem
from cxlib.sources import identity
from cxlib.sources.config import EPOCHS
from cxlib.sources.plan import Plan, prefixed
from cxlib.sources.problems import counted, without_addresses
from cxlib.sources.raw import Raw
from cxlib.sources.resolve import Resolved
from cxlib.sources.sql import Connection, described, literal, quoted, row
from cxlib.tables import Column

# a flag that says that times may not be known, and these times; without the first in the mapping it is true in each row
FLAGS = {"first_reply_unknown": ("first_public_reply_at",), "solve_unknown": ("first_solved_at", "last_solved_at")}
# columns that hold names of people unless a condition on `cx_read_` says otherwise
NAMES_PEOPLE_IN = dict.fromkeys(("value_before", "value_after"), "kind <> 'assign'")
CHECKED = ("time", "date", "number", "integer", "money", "flag")
# a day of 25 hours is the longest that a date without a clock time can hide
ROUNDING = {"": "", "minute": "INTERVAL 1 MINUTE", "day": "INTERVAL 25 HOUR"}


@dataclass(frozen=True)
class Staged:
    """An export whose rules have been applied; `types` are DuckDB's, of the values before they became text."""

    connection: Connection
    plan: Plan
    raw: Raw
    resolved: Resolved
    number: int
    types: Mapping[str, str]
    reporting_zone: str
    clockless: tuple[str, ...] = ()
    """Columns of times that are days; known when the values have been read."""

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

    @property
    def clock_times(self) -> list[str]:
        """Columns of times that are not counted from another."""
        return [name for name in self.of_type("time") if not self.minutes_after(name)]

    def minutes_after(self, column: str) -> str:
        return self.resolved.values[column].rule.minutes_after

    def time_format(self, column: str) -> str:
        """Return the format of a column's times; those of a typed column became text in ISO 8601."""
        typed = self.types[column].startswith(("TIMESTAMP", "DATE"))
        return "" if typed else self.resolved.values[column].rule.format or self.plan.export.dates

    def example(self, condition: str, shown: str, table: str = "") -> tuple[int, str]:
        """Return how many rows meet a condition and the first as `row 17: "31.13.2025"`; of `parsed` by default."""
        earliest = f"arg_min([CAST(cx_row AS VARCHAR), CAST({shown} AS VARCHAR)], (cx_file, cx_row))"
        asked = f"SELECT count(*), {earliest} FROM {table or self.parsed} WHERE {condition}"
        count, first = row(self.connection, asked)
        if not count:
            return 0, ""
        number, text = first
        return count, f"row {int(number):,}" + (f': "{without_addresses(text)[:60]}"' if text is not None else "")

    def find(
        self, rule: str, column: str, condition: str, shown: str, what: str, fix: str, table: str = ""
    ) -> Iterator[Problem]:
        """Yield the problem of the rows that meet a condition, if there are any, with the first of them.

        `what` may begin with what is counted, such as `{value}`: it becomes "1 value", "2,000 values".
        """
        count, first = self.example(condition, shown, table)
        if count:
            what = re.sub(r"^\{(\w+)\}", lambda found: counted(count, found[1]), what)
            yield Problem(rule, self.plan.where(column), what, fix, rows=count, first=first)


def stage(connection: Connection, plan: Plan, raw: Raw, resolved: Resolved, number: int, reporting_zone: str) -> Staged:
    """Apply reject, unknown and column rules; rows that a rule takes keep no values.

    Raises duckdb.Error if an expression fails on a value.
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
        chosen.append(f"CASE WHEN {keep} THEN {value.sql} END AS cx_text_{column}")
    rows = f"SELECT {', '.join(chosen)} FROM (SELECT *, {', '.join(marks)} FROM {resolved.source})"
    kinds = described(connection, rows)
    types = {name: kinds[f"cx_text_{name}"] for name in resolved.values}
    # a mapped value is whatever text stands in the map
    types |= {name: "VARCHAR" for name, pairs in plan.export.values.items() if pairs and name in types}
    texts = [f"{_as_text(plan, name, kinds[f'cx_text_{name}'])} AS cx_text_{name}" for name in types]
    connection.execute(f"CREATE TABLE staged_{number} AS SELECT * REPLACE ({', '.join(texts)}) FROM ({rows})")
    return Staged(connection, plan, raw, resolved, number, types, reporting_zone)


def _as_text(plan: Plan, column: str, kind: str) -> str:
    """Return SQL of a value as clean text, the export's value map applied."""
    pairs, text = plan.export.values.get(column), f"cx_text_{column}"
    if kind.startswith("TIMESTAMP_"):
        text = f"CAST({text} AS TIMESTAMP)"
    text = f"cx_float({text})" if kind in ("DOUBLE", "FLOAT") and not pairs else f"CAST({text} AS VARCHAR)"
    if pairs:
        cases = " ".join(f"WHEN {literal(old.strip())} THEN {literal(new)}" for old, new in pairs.items())
        text = f"(CASE cx_trim({text}) {cases} ELSE {text} END)"
    return f"{'cx_plain' if plan.table.column(column).type in CHECKED else 'cx_trim'}({text})"


def read_values(staged: Staged, pseudonym_key: str) -> bool:
    """Create the `parsed` table of an export; return whether it has addresses or names to hash."""
    identities, names = f"identity_{staged.number}", staged.of_type("id", "pseudonym")
    texts = [(f"cx_text_{name}", staged.plan.table.column(name).type) for name in names]
    hashed = identity.create_map(staged.connection, staged.staged, identities, texts, pseudonym_key)
    joins = " ".join(
        f"LEFT JOIN {identities} AS i_{name} ON i_{name}.kind = '{kind}' AND i_{name}.text = s.{text}"
        for name, (text, kind) in zip(names, texts, strict=True)
    )
    parts = ["s.cx_file", "s.cx_row", "s.cx_order"]
    parts += [f"s.cx_unknown_{index}" for index in range(len(staged.resolved.unknowns))]
    parts += [f"s.cx_text_{name}" for name in staged.of_type(*CHECKED)]
    parts += [f"{_read(staged, name)} AS cx_read_{name}" for name in staged.columns]
    parts += [f"{_moment(staged, name)[0]} AS cx_local_{name}" for name in staged.clock_times]
    kept = f"{staged.staged} AS s {joins} WHERE s.cx_rule IS NULL"
    staged.connection.execute(f"CREATE TABLE {staged.parsed} AS SELECT {', '.join(parts)} FROM {kept}")
    return hashed


def clockless(staged: Staged) -> tuple[str, ...]:
    """Return the columns of times that are days without a clock: all of several stand at midnight of their zone."""
    moments = {name: f"coalesce(cx_local_{name}, cx_read_{name})" for name in staged.clock_times}
    tests = [f"count({one}) > 1 AND bool_and({one} = date_trunc('day', {one}))" for one in moments.values()]
    found = row(staged.connection, f"SELECT {', '.join(tests)} FROM {staged.parsed}") if tests else ()
    return tuple(name for name, holds in zip(moments, found, strict=True) if holds)


def _read(staged: Staged, name: str) -> str:
    kind, text = staged.plan.table.column(name).type, f"s.cx_text_{name}"
    if kind in ("number", "money", "integer") or staged.minutes_after(name):
        # a number of a typed column became text with a point
        marks = staged.plan.marks if staged.types[name] == "VARCHAR" else "'.', ''"
        return f"cx_whole(cx_number({text}, {marks}))" if kind == "integer" else f"cx_number({text}, {marks})"
    if kind in ("time", "date"):
        local, utc = _moment(staged, name)
        return utc if kind == "time" else f"cx_day({local}, {utc}, {literal(staged.reporting_zone)})"
    if kind in ("id", "pseudonym"):
        before = f"{literal(staged.plan.export.prefix)} || " if name in prefixed(staged.plan.table) else ""
        return f"{before}coalesce(i_{name}.clean, {text if kind == 'id' else 'NULL'})"
    if kind == "flag":
        return f"cx_flag({text})"
    if kind == "category":
        text = f"cx_masked({text})"
    return f"upper({text})" if name == "currency" else text


def _moment(staged: Staged, name: str) -> tuple[str, str]:
    return moment(f"s.cx_text_{name}", staged.time_format(name))


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

    A time counted in rounded minutes does not pass `as_of` (naive UTC) by less than a minute. `exponents` are the
    decimals of the minor unit by currency, where amounts are in minor units.
    """
    plain, zone = staged.clock_times, literal(staged.plan.export.time_zone or "UTC")
    first = ["*", *(f"coalesce(cx_read_{n}, cx_to_utc(cx_local_{n}, {zone})) AS cx_utc_{n}" for n in plain)]
    second = ["*", *(_counted(staged, name, as_of) for name in staged.of_type("time") if name not in plain)]
    final = {column: _final(staged, column, exponents) for column in staged.plan.table.columns}
    chosen = ", ".join(f"CAST({sql} AS {column.sql_type}) AS {quoted(column.name)}" for column, sql in final.items())
    in_order = f"SELECT *{_in_order(staged, plain, zone)} FROM (SELECT {', '.join(first)} FROM {staged.parsed})"
    values = f"{staged.number} AS cx_export, cx_file, cx_row, cx_order, {chosen}"
    rows = f"SELECT {values} FROM (SELECT {', '.join(second)} FROM ({in_order}))"
    staged.connection.execute(f"CREATE TABLE {staged.canon} AS {rows}")


def _in_order(staged: Staged, times: Sequence[str], zone: str) -> str:
    """Return SQL that takes a start as the earlier of two equal clock times where its end would come before it."""
    checked = [check.must.split(" >= ") for check in staged.plan.table.checks if check.name == "ends-before-starts"]
    ordered = [(end, start) for end, start in checked if {end, start} <= set(times)]
    replaced = []
    for start in dict.fromkeys(start for _, start in ordered):
        earlier = f"cx_utc_{start} - INTERVAL 1 HOUR"
        late = " OR ".join(f"cx_utc_{start} > cx_utc_{end}" for end, one in ordered if one == start)
        twice = f"cx_to_local({earlier}, {zone}) = cx_local_{start}"
        replaced.append(f"CASE WHEN ({late}) AND {twice} THEN {earlier} ELSE cx_utc_{start} END AS cx_utc_{start}")
    return f" REPLACE ({', '.join(replaced)})" if replaced else ""


def _counted(staged: Staged, name: str, as_of: datetime | None) -> str:
    """Return a time that is minutes after another; rounding does not carry it past `as_of`."""
    base = f"cx_utc_{staged.minutes_after(name)}"
    moment = f"{base} + to_microseconds(CAST(round(cx_read_{name} * 60000000) AS BIGINT))"
    if as_of is not None:
        limit = f"TIMESTAMP '{as_of}'"
        over = f"({moment}) > {limit} AND ({moment}) <= {limit} + INTERVAL 1 MINUTE AND {base} <= {limit}"
        moment = f"CASE WHEN {over} THEN {limit} ELSE {moment} END"
    return f"{moment} AS cx_utc_{name}"


def _final(staged: Staged, column: Column, exponents: Mapping[str, int]) -> str:
    name, values = column.name, staged.resolved.values
    if name in FLAGS:
        return _unknown_flag(staged, name)
    if name not in values:
        return "NULL"
    if name in NAMES_PEOPLE_IN:
        return f"CASE WHEN cx_read_{NAMES_PEOPLE_IN[name]} THEN cx_read_{name} END"
    if column.type == "money" and exponents:
        cases = " ".join(f"WHEN {literal(code)} THEN {10**digits}" for code, digits in sorted(exponents.items()))
        return f"cx_read_{name} / CASE cx_read_currency {cases} END"
    if column.type != "time":
        return f"cx_read_{name}"
    rule, value = values[name].rule, f"cx_utc_{name}"
    for other, wrong, near, sign in ((rule.not_before, "<", ">", "-"), (rule.not_after, ">", "<", "+")):
        if other in values:
            limit, reach = f"cx_utc_{other}", f"cx_utc_{other} {sign} {ROUNDING[rule.rounded_to]}"
            value = f"CASE WHEN {value} {wrong} {limit} AND {value} {near} {reach} THEN {limit} ELSE {value} END"
    return value


def _unknown_flag(staged: Staged, flag: str) -> str:
    """Return the flag: mapped, or set by an unknown rule, or true where the time is not mapped at all."""
    if FLAGS[flag][0] not in staged.resolved.values:
        return "true"
    marks = [f"cx_unknown_{i}" for i, rule in enumerate(staged.resolved.unknowns) if rule.column in FLAGS[flag]]
    if flag in staged.resolved.values:
        marks.append(f"coalesce(cx_read_{flag}, false)")
    return " OR ".join(marks) or "false"
