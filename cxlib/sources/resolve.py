"""A plan against the columns that a file really has: which rules stand, as SQL over the source view."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cxlib.errors import Problem
from cxlib.nearest import listed
from cxlib.sources.config import ColumnRule, RejectRule
from cxlib.sources.layout import Plan
from cxlib.sources.parse import number, plain
from cxlib.sources.raw import Raw
from cxlib.sources.sql import Expression, examine, literal, quoted
from cxlib.sources.words import hint, without_addresses


@dataclass(frozen=True)
class Value:
    """One canonical column as SQL over source columns."""

    sql: str
    rule: ColumnRule
    sources: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resolved:
    """The rules that stand.

    Parameters
    ----------
    values : Mapping of str to Value
        By canonical column.
    rejects : tuple of (reason, sql)
    unknowns : tuple of (column, reason, sql)
    order_by : str
        SQL of `one_row_per_key`, or "".
    empty : tuple of str
        Optional source columns that the file lacks.
    problems : tuple of Problem
    """

    values: Mapping[str, Value]
    rejects: tuple[tuple[str, str], ...]
    unknowns: tuple[tuple[str, str, str], ...]
    order_by: str
    empty: tuple[str, ...]
    problems: tuple[Problem, ...]


class _Names:
    """Source columns by name, letter case aside; collects what is missing."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, plan: Plan, raw: Raw) -> None:
        self.connection, self.plan, self.raw = connection, plan, raw
        self.by_key = {" ".join(name.split()).casefold(): name for name in raw.columns}
        self.problems: list[Problem] = []
        self.empty: dict[str, str] = {}

    def find(self, name: str) -> str | None:
        return self.by_key.get(" ".join(name.split()).casefold())

    def lacking(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if self.find(name) is None]

    def missing(self, where: str, names: Sequence[str]) -> None:
        """Note that source columns are missing, with the nearest that is there."""
        for name in names:
            advice = hint(name, self.raw.columns)
            if len(self.raw.columns) == 1:
                advice = "The file has one column only: check separator. "
            self.problems.append(
                Problem(
                    "missing-column",
                    where,
                    f'the file has no column "{name}"',
                    f"{advice}Correct the mapping or export the column.",
                )
            )

    def parse(self, where: str, sql: str) -> Expression | None:
        """Return what an expression refers to, or note why it cannot be read."""
        try:
            found = examine(self.connection, sql)
        except duckdb.Error as error:
            self.bad_sql(where, sql, str(error))
            return None
        if found.forbidden:
            self.bad_sql(where, sql, f"{listed(found.forbidden)} gives another answer each time")
            return None
        return found

    def bad_sql(self, where: str, sql: str, said: str) -> None:
        line = without_addresses(said.strip().splitlines()[0])
        self.problems.append(
            Problem(
                "sql",
                where,
                f"the expression {sql!r} cannot run: {line}",
                "Correct it; it is DuckDB SQL over source columns, names in double quotes.",
            )
        )


def resolve(connection: duckdb.DuckDBPyConnection, plan: Plan, raw: Raw) -> Resolved:
    """Return the rules of a plan that the file's columns can feed, and the problems of the others."""
    names = _Names(connection, plan, raw)
    values = {}
    for column, rule in plan.export.columns.items():
        value = _value(names, column, rule)
        if value is not None:
            values[column] = value
    values = {
        column: value
        for column, value in values.items()
        if not value.rule.minutes_after or value.rule.minutes_after in values
    }
    rejects = [
        (rule.reason, rule.when) for rule in plan.export.reject if _stands(names, rule, f"reject as {rule.reason}")
    ]
    unknowns = [
        (rule.column, rule.reason, rule.when)
        for rule in plan.export.unknown
        if rule.column in values and _stands(names, rule, f"{rule.column} unknown as {rule.reason}")
    ]
    order = plan.export.one_row_per_key
    if order is not None:
        parsed = names.parse(f"{plan.where()}, one_row_per_key", order.order_by)
        if parsed is not None:
            names.missing(f"{plan.where()}, one_row_per_key", names.lacking(parsed.columns))
    resolved = Resolved(
        values,
        tuple(rejects),
        tuple(unknowns),
        order.order_by if order else "",
        tuple(names.empty.values()),
        tuple(names.problems),
    )
    return resolved if names.problems and any(p.blocks for p in names.problems) else _bound(names, resolved)


def _value(names: _Names, column: str, rule: ColumnRule) -> Value | None:
    """Return a column's value, or None where its rule has no source column in this file."""
    where = names.plan.where(column)
    may_lack = column in names.plan.lenient and not names.plan.table.column(column).required
    if "value" in rule.model_fields_set:
        return Value(literal(rule.value), rule)
    if rule.column:
        found = next((source for name in rule.column if (source := names.find(name))), None)
        if found is None and not may_lack:
            names.missing(where, rule.column[:1])
        return Value(quoted(found), rule, (found,)) if found else None
    parsed = names.parse(where, rule.sql)
    if parsed is None:
        return None
    optional = {name.casefold() for name in rule.optional}
    lacking = names.lacking(parsed.columns)
    hard = [name for name in lacking if name.casefold() not in optional]
    if hard or (lacking and len(lacking) == len(parsed.columns)):
        if not may_lack:
            names.missing(where, hard or lacking[:1])
        return None
    names.empty.update({name.casefold(): name for name in lacking})
    here = tuple(found for name in parsed.columns if (found := names.find(name)))
    return Value(f"({rule.sql})", rule, here, tuple(found for name in parsed.numbers if (found := names.find(name))))


def _stands(names: _Names, rule: RejectRule, purpose: str) -> bool:
    """Return whether a reject or unknown rule can run; a vendor's rule may lack its column, with a warning."""
    where = f"{names.plan.where()}, {purpose}"
    parsed = names.parse(where, rule.when)
    if parsed is None:
        return False
    lacking = names.lacking(parsed.columns)
    if not lacking:
        return True
    if rule.optional:
        return False
    if rule.reason not in names.plan.vendor_reasons:
        names.missing(where, lacking)
        return False
    names.problems.append(
        Problem(
            "vendor-columns",
            names.plan.where(),
            f"the file has no column {listed(lacking)}, so no row is looked at for: {purpose}",
            "Export the column, or accept that such rows stay.",
            blocks=False,
        )
    )
    return False


def _bound(names: _Names, resolved: Resolved) -> Resolved:
    """Return the rules after DuckDB has bound each alone, so that an error names its rule."""
    source = source_sql(names.raw, resolved)
    tried = [(names.plan.where(column), value.rule.sql or value.sql) for column, value in resolved.values.items()]
    tried += [(f"{names.plan.where()}, reject as {reason}", when) for reason, when in resolved.rejects]
    tried += [
        (f"{names.plan.where()}, {column} unknown as {reason}", when) for column, reason, when in resolved.unknowns
    ]
    if resolved.order_by:
        tried.append((f"{names.plan.where()}, one_row_per_key", resolved.order_by))
    number_macro(names.connection, names.plan)
    for where, sql in tried:
        try:
            names.connection.execute(f"DESCRIBE SELECT {sql} FROM {source}")
        except duckdb.Error as error:
            names.bad_sql(where, sql, str(error))
    return Resolved(
        resolved.values, resolved.rejects, resolved.unknowns, resolved.order_by, resolved.empty, tuple(names.problems)
    )


def source_sql(raw: Raw, resolved: Resolved) -> str:
    """Return the source view with the optional columns that the file lacks as empty ones."""
    if not resolved.empty:
        return raw.view
    extra = ", ".join(f"CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in resolved.empty)
    return f"(SELECT *, {extra} FROM {raw.view})"


def number_macro(connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Define `number(text)` for SQL of this export: its decimal and thousands marks, strictly."""
    text = plain("cx_text")
    read = number(text, plan.export.decimal, plan.export.thousands)
    wrong = f"error('number(): \"' || {text} || '\" is not a number in the stated format')"
    connection.execute(
        f"CREATE OR REPLACE TEMP MACRO number(cx_text) AS CASE WHEN {text} IS NULL THEN CAST(NULL AS DOUBLE) "
        f"WHEN ({read}) IS NULL THEN CAST({wrong} AS DOUBLE) ELSE {read} END"
    )
