"""A plan against the columns that a file really has: which rules stand, as SQL over the source view."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cxlib.errors import Problem
from cxlib.nearest import listed
from cxlib.sources.config import ColumnRule, RejectRule, UnknownRule
from cxlib.sources.plan import Plan
from cxlib.sources.raw import Raw
from cxlib.sources.said import first_line, hint
from cxlib.sources.sql import Expression, described, examine, literal, quoted


@dataclass(frozen=True)
class Value:
    """One canonical column as SQL over source columns; `numbers` are those that it reads by `number(...)`."""

    sql: str
    rule: ColumnRule
    sources: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resolved:
    """The rules that stand: values by canonical column, and the source rows with all the columns they use."""

    source: str
    values: Mapping[str, Value]
    rejects: tuple[RejectRule, ...]
    unknowns: tuple[UnknownRule, ...]
    problems: tuple[Problem, ...]


def resolve(connection: duckdb.DuckDBPyConnection, plan: Plan, raw: Raw) -> Resolved:
    """Return the rules of a plan that the file's columns can feed, and the problems of the others."""
    names, order = _Names(connection, plan, raw), plan.export.one_row_per_key
    values = {}
    for column, rule in plan.export.columns.items():
        if (value := _value(names, column, rule)) is not None:
            values[column] = value
    values = {name: value for name, value in values.items() if value.rule.minutes_after in ("", *values)}
    rejects = [rule for rule in plan.export.reject if _stands(names, rule)]
    unknowns = [rule for rule in plan.export.unknown if rule.column in values and _stands(names, rule)]
    if order is not None:
        where = f"{plan.where()}, one_row_per_key"
        names.missing(where, names.lacking(names.parse(where, order.order_by)))
    source = raw.view
    if names.empty:
        extra = ", ".join(f"CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in names.empty.values())
        source = f"(SELECT *, {extra} FROM {raw.view})"
    if not any(problem.blocks for problem in names.problems):
        tried = [(plan.where(column), value.rule.sql or value.sql) for column, value in values.items()]
        tried += [(f"{plan.where()}, {_purpose(rule)}", rule.when) for rule in (*rejects, *unknowns)]
        tried += [(f"{plan.where()}, one_row_per_key", order.order_by)] if order else []
        _bind(names, source, tried)
    return Resolved(source, values, tuple(rejects), tuple(unknowns), tuple(names.problems))


class _Names:
    """Source columns by name, letter case aside; collects what is missing."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, plan: Plan, raw: Raw) -> None:
        self.connection, self.plan, self.raw = connection, plan, raw
        self.by_key = {name.casefold(): name for name in raw.columns}
        self.problems: list[Problem] = []
        self.empty: dict[str, str] = {}

    def find(self, name: str) -> str | None:
        return self.by_key.get(" ".join(name.split()).casefold())

    def found(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(there for name in names if (there := self.find(name)))

    def lacking(self, parsed: Expression | None) -> list[str]:
        return [name for name in parsed.columns if not self.find(name)] if parsed else []

    def missing(self, where: str, names: Iterable[str]) -> None:
        """Note that source columns are missing, with the nearest that is there."""
        for name in names:
            one = len(self.raw.columns) == 1
            advice = "The file has one column only: check separator. " if one else hint(name, self.raw.columns)
            what, fix = f'the file has no column "{name}"', f"{advice}Correct the mapping or export the column."
            self.problems.append(Problem("missing-column", where, what, fix))

    def parse(self, where: str, sql: str) -> Expression | None:
        """Return what an expression refers to, or note why it cannot be read."""
        try:
            found = examine(self.connection, sql)
        except duckdb.Error as error:
            self.bad_sql(where, sql, first_line(error))
            return None
        if found.forbidden:
            self.bad_sql(where, sql, f"{listed(found.forbidden)} gives another answer each time")
        return None if found.forbidden else found

    def bad_sql(self, where: str, sql: str, said: str) -> None:
        what = f"the expression {sql!r} cannot run: {said}"
        fix = "Correct it; it is DuckDB SQL over source columns, names in double quotes."
        self.problems.append(Problem("sql", where, what, fix))


def _value(names: _Names, column: str, rule: ColumnRule) -> Value | None:
    """Return a column's value, or None where its rule has no source column in this file."""
    where = names.plan.where(column)
    may_lack = column in names.plan.lenient and not names.plan.table.column(column).required
    if "value" in rule.model_fields_set:
        return Value(literal(rule.value), rule)
    if rule.column:
        found = names.found(rule.column)[:1]
        if not found and not may_lack:
            names.missing(where, rule.column[:1])
        return Value(quoted(found[0]), rule, found) if found else None
    parsed = names.parse(where, rule.sql)
    if parsed is None:
        return None
    lacking, optional = names.lacking(parsed), {name.casefold() for name in rule.optional}
    hard = [name for name in lacking if name.casefold() not in optional]
    if hard or (lacking and len(lacking) == len(parsed.columns)):
        if not may_lack:
            names.missing(where, hard or lacking[:1])
        return None
    names.empty.update({name.casefold(): name for name in lacking})
    return Value(f"({rule.sql})", rule, names.found(parsed.columns), names.found(parsed.numbers))


def _purpose(rule: RejectRule) -> str:
    return f"{rule.column} unknown as {rule.reason}" if isinstance(rule, UnknownRule) else f"reject as {rule.reason}"


def _stands(names: _Names, rule: RejectRule) -> bool:
    """Return whether a reject or unknown rule can run; a vendor's rule may lack its column, with a warning."""
    where = f"{names.plan.where()}, {_purpose(rule)}"
    parsed = names.parse(where, rule.when)
    lacking = names.lacking(parsed)
    if parsed is None or not lacking or rule.optional:
        return parsed is not None and not lacking
    if rule.reason not in names.plan.vendor_reasons:
        names.missing(where, lacking)
        return False
    what = f"the file has no column {listed(lacking)}, so no row is looked at for: {_purpose(rule)}"
    fix = "Export the column, or accept that such rows stay."
    names.problems.append(Problem("vendor-columns", names.plan.where(), what, fix, blocks=False))
    return False


def _bind(names: _Names, source: str, tried: Sequence[tuple[str, str]]) -> None:
    """Let DuckDB bind each expression alone, so that an error names its rule.

    `number(text)` is defined for the SQL of this export: its decimal and thousands marks, strictly.
    """
    export = names.plan.export
    read = f"cx_number(cx_plain(CAST(x AS VARCHAR)), {literal(export.decimal)}, {literal(export.thousands)})"
    wrong = "concat('number(): \"', cx_plain(CAST(x AS VARCHAR)), '\" is not a number in the stated format')"
    names.connection.execute(
        f"CREATE OR REPLACE TEMP MACRO number(x) AS CASE WHEN cx_plain(CAST(x AS VARCHAR)) IS NULL THEN NULL "
        f"WHEN {read} IS NULL THEN CAST(error({wrong}) AS DOUBLE) ELSE {read} END"
    )
    for where, sql in tried:
        try:
            described(names.connection, f"SELECT {sql} FROM {source}")
        except duckdb.Error as error:
            names.bad_sql(where, sql, first_line(error))
