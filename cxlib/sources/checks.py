"""The checks of one export's values: each blocks or warns, none guesses.

Every function takes a staged export and yields the problems it found.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cxlib.errors import Problem
from cxlib.nearest import listed, nearest
from cxlib.sources import dates, numbers
from cxlib.sources.numbers import CURRENCIES, currency_codes
from cxlib.sources.plan import Plan
from cxlib.sources.raw import Raw
from cxlib.sources.rules import SOFTENABLE
from cxlib.sources.said import counted, hint, without_addresses
from cxlib.sources.sql import column_of, literals, quoted
from cxlib.sources.stage import CHECKED, Staged, local_of, read_of, text_of
from cxlib.tables import Column

EXPORT_LIMITS = (1_000, 10_000, 65_535, 65_536, 1_048_575, 1_048_576)
PRICED_TABLES = ("subscriptions", "transactions", "opportunities", "costs")


def row_counts(plan: Plan, raw: Raw) -> Iterator[Problem]:
    """Warn where a file has as many rows as tools stop at."""
    for table in raw.tables:
        where = f"{plan.name}: {table.given.name}"
        rows = table.rows + len(table.malformed)
        hit = next((count for count in (rows, rows + table.first_row - 1) if count in EXPORT_LIMITS), None)
        if hit is not None:
            what = f"it has exactly {hit:,} rows, a number at which many tools stop exporting"
            fix = 'Check that the export is whole; then accept = ["row-count"].'
            yield Problem("row-count", where, what, fix, blocks=False, rows=rows)
        if rows == 0:
            fix = 'Export it again, or accept = ["no-rows"] if there is nothing to export.'
            yield Problem("no-rows", where, "it has a header and no rows", fix)


def values(staged: Staged) -> Iterator[Problem]:
    """Check that every value could be read, by the type of its column."""
    for name in staged.columns:
        column = staged.plan.table.column(name)
        if column.type in ("time", "date") and not staged.minutes_after(name):
            yield from dates.unreadable(staged, column)
        elif column.type in ("time", "number", "money", "integer"):
            yield from numbers.unreadable(staged, column)
        elif column.type == "flag":
            unread = f"{text_of(name)} IS NOT NULL AND {read_of(name)} IS NULL"
            fix = f"Map them with [export.values.{name}] to true and false."
            yield from staged.find("flag-format", name, unread, text_of(name), "{value} neither true nor false", fix)
        if column.allowed:
            yield from _closed(staged, column)
        if column.required:
            yield from _required(staged, column)
    yield from numbers.minor_units(staged)


def _closed(staged: Staged, column: Column) -> Iterator[Problem]:
    """Block values outside a closed list, with the first of them and the nearest that is allowed."""
    read = read_of(column.name)
    outside = f"{read} NOT IN ({literals(column.allowed)})"
    found = column_of(
        staged.connection,
        f"SELECT {read} FROM {staged.parsed} WHERE {outside} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 6",
    )
    texts = [without_addresses(text) for text in found]
    near = hint(texts[0], column.allowed) if texts and nearest(texts[0], column.allowed) else ""
    fix = f"{near}Map each with [export.values.{column.name}] to one of {listed(column.allowed)}."
    what = f"{{value}} outside the list: {listed(texts, 5)}"
    yield from staged.find("unknown-value", column.name, outside, read, what, fix)


def _required(staged: Staged, column: Column) -> Iterator[Problem]:
    """Block empty values where the table needs one; text that could not be read is reported elsewhere."""
    name = column.name
    empty = [read_of(name)] + ([text_of(name)] if column.type in CHECKED else [])
    empty += [local_of(name)] if column.type == "time" and not staged.minutes_after(name) else []
    condition = " AND ".join(f"{value} IS NULL" for value in empty)
    fix = "Complete the export, or leave the rows out with a reason ([[export.reject]])."
    what = f"{{row}} without a value ({column.meaning})"
    yield from staged.find("required-empty", name, condition, "NULL", what, fix)


def currencies(staged: Staged, rates: Mapping[str, float]) -> Iterator[Problem]:
    """Block codes that are not ISO 4217, and those without a rate in tables that hold prices."""
    found, code = currency_codes(staged), read_of("currency")
    if wrong := [text for text in found if text not in CURRENCIES]:
        what = f"{{value}} not an ISO 4217 code: {listed(wrong, 5)}"
        fix = 'Map them with [export.values.currency], such as "€" = "EUR".'
        yield from staged.find("currency", "currency", f"{code} IN ({literals(wrong)})", code, what, fix)
    unpriced = [text for text in found if text in CURRENCIES and text not in rates]
    if unpriced and staged.plan.table.name in PRICED_TABLES:
        fix = "Write one under [rates]: what one unit is worth in the reporting currency."
        for problem in staged.find("currency", "currency", f"{code} IN ({literals(unpriced)})", code, "", fix):
            are_in = f"{counted(problem.rows, 'row')} {'is' if problem.rows == 1 else 'are'} in"
            yield replace(problem, what=f"no exchange rate for {listed(unpriced)}, which {are_in}")


def table_checks(staged: Staged) -> Iterator[Problem]:
    """Run the checks that the canonical table declares on the rows that are left."""
    key = quoted(staged.plan.table.key[0])
    for check in staged.plan.table.checks:
        accept = f', or accept = ["{check.name}"]' if check.name in SOFTENABLE else ""
        what, fix = f"{{row}}: {check.what}", f"{check.fix}{accept}."
        yield from staged.find(check.name, "", f"NOT ({check.must})", key, what, fix, staged.canon)
