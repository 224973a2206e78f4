"""A plan against the columns that a file really has: which rules stand, as SQL over the source view."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cxlib.errors import Problem
from cxlib.nearest import listed
from cxlib.sources.config import ColumnRule, RejectRule, UnknownRule
from cxlib.sources.plan import Plan
from cxlib.sources.problems import first_line, hint
from cxlib.sources.raw import Raw
from cxlib.sources.sql import Connection, described, examine, literal, quoted


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


def resolve(connection: Connection, plan: Plan, raw: Raw) -> Resolved:
    """Return the rules of a plan that the file's columns can feed, and the problems of the others."""
    names, order = _Names(connection, plan, raw), plan.export.one_row_per_key
    found = {column: _value(names, column, rule) for column, rule in plan.export.columns.items()}
    values = {name: value for name, value in found.items() if value}
    values = {name: value for name, value in values.items() if value.rule.minutes_after in ("", *values)}
    discount, price = values.get("discount"), values.get("monthly_amount")
    if discount and price and {*discount.sources} <= {*price.sources}:
        del values["discount"]  # the expression of the price says what each discount takes off
    rejects = tuple(rule for rule in plan.export.reject if _stands(names, rule))
    unknowns = tuple(rule for rule in plan.export.unknown if rule.column in values and _stands(names, rule))
    ordered = f"{plan.where()}, one_row_per_key"
    if order:
        names.missing(ordered, names.lacking(names.parse(ordered, order.order_by)[0]))
    source = raw.view
    if names.empty:
        extra = ", ".join(f"CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in names.empty.values())
        source = f"(SELECT *, {extra} FROM {raw.view})"
    if not any(problem.blocks for problem in names.problems):
        tried = [(plan.where(column), value.rule.sql or value.sql) for column, value in values.items()]
        tried += [(f"{plan.where()}, {_purpose(rule)}", rule.when) for rule in (*rejects, *unknowns)]
        _bind(names, source, tried + ([(ordered, order.order_by)] if order else []))
    return Resolved(source, values, rejects, unknowns, tuple(names.problems))


class _Names:
    """Source columns by name, letter case aside; collects what is wrong."""

    def __init__(self, connection: Connection, plan: Plan, raw: Raw) -> None:
        self.connection, self.plan, self.raw = connection, plan, raw
        self.by_key = {name.casefold(): name for name in raw.columns}
        self.problems: list[Problem] = []
        self.empty: dict[str, str] = {}

    def found(self, names: Iterable[str]) -> tuple[str, ...]:
        keys = [" ".join(name.split()).casefold() for name in names]
        return tuple(self.by_key[key] for key in keys if key in self.by_key)

    def lacking(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if not self.found([name])]

    def missing(self, where: str, names: Iterable[str]) -> None:
        for name in names:
            one = len(self.raw.columns) == 1
            advice = "The file has one column only: check separator. " if one else hint(name, self.raw.columns)
            what, fix = f'the file has no column "{name}"', f"{advice}Correct the mapping or export the column."
            self.problems.append(Problem("missing-column", where, what, fix))

    def parse(self, where: str, sql: str) -> tuple[list[str], list[str]]:
        """Return the columns of an expression and those inside `number(...)`; note why if it cannot be read."""
        try:
            return examine(self.connection, sql)
        except duckdb.Error as error:
            self.bad_sql(where, sql, error)
            return [], []

    def bad_sql(self, where: str, sql: str, error: duckdb.Error) -> None:
        what = f"the expression {sql!r} cannot run: {first_line(error)}"
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
    columns, numbers = names.parse(where, rule.sql)
    lacking, optional = names.lacking(columns), {name.casefold() for name in rule.optional}
    hard = [name for name in lacking if name.casefold() not in optional]
    if hard or (lacking and len(lacking) == len(columns)):
        if not may_lack:
            names.missing(where, hard or lacking[:1])
        return None
    names.empty.update({name.casefold(): name for name in lacking})
    return Value(f"({rule.sql})", rule, names.found(columns), names.found(numbers))


def _purpose(rule: RejectRule) -> str:
    return f"{rule.column} unknown as {rule.reason}" if isinstance(rule, UnknownRule) else f"reject as {rule.reason}"


def _stands(names: _Names, rule: RejectRule) -> bool:
    """Return whether a reject or unknown rule can run; a vendor's rule may lack its column, with a warning."""
    where = f"{names.plan.where()}, {_purpose(rule)}"
    lacking = names.lacking(names.parse(where, rule.when)[0])
    if lacking and not rule.optional:
        if rule.reason in names.plan.vendor_reasons:
            what = f"the file has no column {listed(lacking)}, so no row is looked at for: {_purpose(rule)}"
            fix = "Export the column, or accept that such rows stay."
            names.problems.append(Problem("vendor-columns", names.plan.where(), what, fix, blocks=False))
        else:
            names.missing(where, lacking)
    return not lacking


def _bind(names: _Names, source: str, tried: Sequence[tuple[str, str]]) -> None:
    """Let DuckDB bind each expression alone, so that an error names its rule.

    `number(text)` is defined for the SQL of this export: its decimal and thousands marks, strictly.
    """
    plain = "cx_plain(CAST(x AS VARCHAR))"
    read = f"cx_number({plain}, {names.plan.marks})"
    wrong = f"concat('number(): \"', {plain}, '\" is not a number in the stated format')"
    is_none = f"{plain} IS NOT NULL AND {read} IS NULL"
    number = f"CASE WHEN {is_none} THEN CAST(error({wrong}) AS DOUBLE) ELSE {read} END"
    names.connection.execute(f"CREATE OR REPLACE TEMP MACRO number(x) AS {number}")
    for where, sql in tried:
        try:
            described(names.connection, f"SELECT {sql} FROM {source}")
        except duckdb.Error as error:
            names.bad_sql(where, sql, error)
