"""The checks of one export's values: each blocks or warns, none guesses.

Every function takes a staged export and returns the problems it found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb

from cxlib.errors import Problem
from cxlib.nearest import listed, nearest
from cxlib.sources import dates, numbers
from cxlib.sources.evidence import example
from cxlib.sources.numbers import CURRENCIES
from cxlib.sources.raw import Raw
from cxlib.sources.rules import SOFTENABLE
from cxlib.sources.sql import literal, quoted
from cxlib.sources.stage import Staged
from cxlib.sources.words import counted, hint, without_addresses
from cxlib.tables import Column

EXPORT_LIMITS = (1_000, 10_000, 65_535, 65_536, 1_048_575, 1_048_576)
PRICED_TABLES = ("subscriptions", "transactions", "opportunities", "costs")


def row_counts(staged_where: str, raw: Raw) -> Iterator[Problem]:
    """Warn where a file has as many rows as tools stop at."""
    for table in raw.tables:
        rows = table.rows + len(table.malformed)
        with_header = rows + table.first_row - 1
        hit = next((count for count in (rows, with_header) if count in EXPORT_LIMITS), None)
        if hit is not None:
            yield Problem(
                "row-count",
                f"{staged_where}: {table.given.name}",
                f"it has exactly {hit:,} rows, a number at which many tools stop exporting",
                'Check that the export is whole; then accept = ["row-count"].',
                blocks=False,
                rows=rows,
            )
        if rows == 0:
            yield Problem(
                "no-rows",
                f"{staged_where}: {table.given.name}",
                "it has a header and no rows",
                'Export it again, or accept = ["no-rows"] if there is nothing to export.',
            )


def values(connection: duckdb.DuckDBPyConnection, staged: Staged) -> Iterator[Problem]:
    """Check that every value could be read, by the type of its column."""
    for name in staged.columns:
        column = staged.plan.table.column(name)
        if column.type == "time" and staged.resolved.values[name].rule.minutes_after:
            yield from numbers.unreadable(connection, staged, column)
        elif column.type in ("time", "date"):
            yield from dates.unreadable(connection, staged, column)
        elif column.type in ("number", "money", "integer"):
            yield from numbers.unreadable(connection, staged, column)
        elif column.type == "flag":
            yield from _flags(connection, staged, column)
        if column.allowed:
            yield from _closed(connection, staged, column)
        if column.required:
            yield from _required(connection, staged, column)
    yield from numbers.minor_units(connection, staged)


def _flags(connection: duckdb.DuckDBPyConnection, staged: Staged, column: Column) -> Iterator[Problem]:
    text, read = quoted(f"cx_v_{column.name}"), quoted(f"cx_p_{column.name}")
    count, first = example(connection, staged.parsed, f"{text} IS NOT NULL AND {read} IS NULL", text)
    if count:
        yield Problem(
            "flag-format",
            staged.plan.where(column.name),
            f"{counted(count, 'value')} neither true nor false",
            f"Map them with [export.values.{column.name}] to true and false.",
            rows=count,
            first=first,
        )


def _closed(connection: duckdb.DuckDBPyConnection, staged: Staged, column: Column) -> Iterator[Problem]:
    """Block values outside a closed list, with the first of them and the nearest that is allowed."""
    read = quoted(f"cx_p_{column.name}")
    outside = f"{read} NOT IN ({', '.join(map(literal, column.allowed))})"
    count, first = example(connection, staged.parsed, outside, read)
    if not count:
        return
    found = connection.execute(
        f"SELECT {read} FROM {staged.parsed} WHERE {outside} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 6"
    ).fetchall()
    texts = [without_addresses(str(text)) for (text,) in found]
    near = hint(texts[0], column.allowed) if nearest(texts[0], column.allowed) else ""
    yield Problem(
        "unknown-value",
        staged.plan.where(column.name),
        f"{counted(count, 'value')} outside the list: {listed(texts, 5)}",
        f"{near}Map each with [export.values.{column.name}] to one of {listed(column.allowed)}.",
        rows=count,
        first=first,
    )


def _required(connection: duckdb.DuckDBPyConnection, staged: Staged, column: Column) -> Iterator[Problem]:
    """Block empty values where the table needs one; text that could not be read is reported elsewhere."""
    name = column.name
    condition = f"{quoted(f'cx_p_{name}')} IS NULL"
    if column.type == "time" and not staged.resolved.values[name].rule.minutes_after:
        condition += f" AND {quoted(f'cx_l_{name}')} IS NULL"
    if column.type in ("time", "date", "number", "money", "integer", "flag"):
        condition += f" AND {quoted(f'cx_v_{name}')} IS NULL"
    count, first = example(connection, staged.parsed, condition, "NULL")
    if count:
        yield Problem(
            "required-empty",
            staged.plan.where(name),
            f"{counted(count, 'row')} without a value ({column.meaning})",
            "Complete the export, or leave the rows out with a reason ([[export.reject]]).",
            rows=count,
            first=first,
        )


def currencies(connection: duckdb.DuckDBPyConnection, staged: Staged, rates: Mapping[str, float]) -> list[Problem]:
    """Block codes that are not ISO 4217, and those without a rate in tables that hold prices."""
    if "currency" not in staged.columns:
        return []
    code = quoted("cx_p_currency")
    found = [
        str(text)
        for (text,) in connection.execute(
            f"SELECT DISTINCT {code} FROM {staged.parsed} WHERE {code} IS NOT NULL ORDER BY 1"
        ).fetchall()
    ]
    where = staged.plan.where("currency")
    problems = []
    wrong = [text for text in found if text not in CURRENCIES]
    if wrong:
        bad = ", ".join(map(literal, wrong))
        count, first = example(connection, staged.parsed, f"{code} IN ({bad})", code)
        problems.append(
            Problem(
                "currency",
                where,
                f"{counted(count, 'value')} not an ISO 4217 code: {listed(wrong, 5)}",
                'Map them with [export.values.currency], such as "€" = "EUR".',
                rows=count,
                first=first,
            )
        )
    unpriced = [text for text in found if text in CURRENCIES and text not in rates]
    if unpriced and staged.plan.table.name in PRICED_TABLES:
        bad = ", ".join(map(literal, unpriced))
        count, first = example(connection, staged.parsed, f"{code} IN ({bad})", code)
        problems.append(
            Problem(
                "currency",
                where,
                f"no exchange rate for {listed(unpriced)}, which {counted(count, 'row')} "
                f"{'is' if count == 1 else 'are'} in",
                "Write one under [rates]: what one unit is worth in the reporting currency.",
                rows=count,
                first=first,
            )
        )
    return problems


def table_checks(connection: duckdb.DuckDBPyConnection, staged: Staged) -> Iterator[Problem]:
    """Run the checks that the canonical table declares on the rows that are left."""
    key = staged.plan.table.key[0]
    for check in staged.plan.table.checks:
        count, first = example(connection, staged.canon, f"NOT ({check.must})", quoted(key))
        if count:
            soft = check.name in SOFTENABLE
            hint = f', or accept = ["{check.name}"]' if check.blocks and soft else ""
            yield Problem(
                check.name,
                staged.plan.where(),
                f"{counted(count, 'row')}: {check.what}",
                f"{check.fix}{hint}.",
                check.blocks,
                count,
                first,
            )
