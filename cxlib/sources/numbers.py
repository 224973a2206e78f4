"""Checks of numbers and amounts: decimal marks, whole numbers, minor units."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
from babel.numbers import get_currency_precision, list_currencies

from cxlib.errors import Problem
from cxlib.nearest import listed
from cxlib.sources import parse
from cxlib.sources.evidence import example
from cxlib.sources.sql import literal, quoted, row
from cxlib.sources.stage import Staged
from cxlib.sources.words import counted
from cxlib.tables import Column

STYLES = ((".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", " "), (".", "'"))
MEDIAN_OF_MINOR_UNITS = 1_000
CURRENCIES: frozenset[str] = frozenset(list_currencies())

# ISO 4217, minor units other than 2; where the Unicode tables disagree, a tool's choice is not known
_ISO_DIGITS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)


def unreadable(connection: duckdb.DuckDBPyConnection, staged: Staged, column: Column) -> Iterator[Problem]:
    """Block values of a column, or of the source columns inside `number(...)`, that are no number."""
    name, export = column.name, staged.plan.export
    where = staged.plan.where(name)
    for source in staged.resolved.values[name].numbers:
        yield from _source_numbers(connection, staged, name, source)
    text, read = quoted(f"cx_v_{name}"), quoted(f"cx_p_{name}")
    count, first = example(connection, staged.parsed, f"{text} IS NOT NULL AND {read} IS NULL", text)
    if not count:
        return
    plain = text if staged.types[name] == "VARCHAR" else parse.plain(text)
    readable = row(
        connection,
        f"SELECT coalesce(bool_and({parse.is_written(plain, export.decimal, export.thousands)}), true) "
        f"FROM {staged.parsed} WHERE {text} IS NOT NULL",
    )[0]
    if column.type == "integer" and readable:
        yield Problem(
            "number-format",
            where,
            f"{counted(count, 'value')} with a fraction in a column of whole numbers",
            "Correct the mapping or the export.",
            rows=count,
            first=first,
        )
        return
    yield _wrong_style(connection, staged, where, staged.parsed, plain, count, first)


def _source_numbers(
    connection: duckdb.DuckDBPyConnection, staged: Staged, column: str, source: str
) -> Iterator[Problem]:
    """Check a source column that an expression reads by `number(...)`, in the rows that are kept."""
    export = staged.plan.export
    table = kept_source(staged)
    text = parse.plain(quoted(source))
    bad = f"{text} IS NOT NULL AND NOT {parse.is_written(text, export.decimal, export.thousands)}"
    count, first = example(connection, table, bad, text)
    if count:
        where = f'{staged.plan.where(column)} from "{source}"'
        yield _wrong_style(connection, staged, where, table, text, count, first)


def kept_source(staged: Staged) -> str:
    """Return the source rows that no reject rule took."""
    return (
        f"(SELECT s.* FROM {staged.raw.view} AS s JOIN {staged.staged} AS k USING (cx_file, cx_row) "
        f"WHERE k.cx_rule IS NULL)"
    )


def _wrong_style(
    connection: duckdb.DuckDBPyConnection, staged: Staged, where: str, table: str, text: str, count: int, first: str
) -> Problem:
    """Return the problem of numbers in another style, with the styles that would fit."""
    export = staged.plan.export
    tests = ", ".join(
        f"count(*) FILTER ({parse.is_written(text, decimal, thousands)})" for decimal, thousands in STYLES
    )
    total, *fits = row(connection, f"SELECT count(*), {tests} FROM {table} WHERE {text} IS NOT NULL")
    fitting = [_style(*style) for style, fit in zip(STYLES, fits, strict=True) if fit == total]
    what = (
        f"{counted(count, 'value')} of {total:,} not a number written with {_style(export.decimal, export.thousands)}"
    )
    if fitting:
        fix = f"This fits all rows: {' or '.join(fitting)}."
    elif (
        fits[0]
        and fits[1]
        and row(connection, f"SELECT bool_and({_either(text)}) FROM {table} WHERE {text} IS NOT NULL")[0]
    ):
        fix = (
            f'Decimal marks are mixed: {fits[0]:,} fit decimal = ".", {fits[1]:,} fit decimal = ","; '
            "export again with one of them."
        )
    else:
        fix = "No style fits all rows: mend the export, add the text to missing, or reject the rows with a reason."
    return Problem("number-format", where, what, fix, rows=count, first=first)


def _either(text: str) -> str:
    return f"{parse.is_written(text, '.', ',')} OR {parse.is_written(text, ',', '.')}"


def _style(decimal: str, thousands: str) -> str:
    return f'decimal = "{decimal}"' + (f', thousands = "{thousands}"' if thousands else "")


def minor_units(connection: duckdb.DuckDBPyConnection, staged: Staged) -> Iterator[Problem]:
    """Ask whether amounts are in cents where the file does not tell; refuse fractions of a cent."""
    money = [name for name in staged.columns if staged.plan.table.column(name).type == "money"]
    if not money or staged.plan.export.amounts == "major":
        return
    table = kept_source(staged)
    for name in money:
        value = staged.resolved.values[name]
        for source in value.numbers or value.sources:
            yield from _one_amount(connection, staged, name, source, table)


def _one_amount(
    connection: duckdb.DuckDBPyConnection, staged: Staged, name: str, source: str, table: str
) -> Iterator[Problem]:
    export = staged.plan.export
    text = parse.plain(quoted(source))
    read = f"({parse.number(text, export.decimal, export.thousands)})"
    if staged.raw.types[staged.raw.columns.index(source)] in ("DOUBLE", "FLOAT"):
        pointed = f"{read} <> floor({read})"
    else:
        # a written decimal mark, even before zeros, is never a count of cents
        pointed = f"(contains({text}, {literal(export.decimal)}) OR contains({text}, '\u066b'))"
    total, numbers, fractions, median = row(
        connection,
        (
            f"SELECT count(*), count({read}), count(*) FILTER ({pointed}), median(abs({read})) "
            f"FROM {table} WHERE {text} IS NOT NULL"
        ),
    )
    if not total or numbers < total:
        return
    where = (
        f'{staged.plan.where(name)} from "{source}"'
        if not staged.resolved.values[name].rule.column
        else staged.plan.where(name)
    )
    if export.amounts == "minor" and fractions:
        _, first = example(connection, table, pointed, text)
        yield Problem(
            "minor-units",
            where,
            f'{counted(int(fractions), "amount")} with a fraction, but amounts = "minor" is stated',
            'Write amounts = "major".',
            rows=int(fractions),
            first=first,
        )
    if not export.amounts and not fractions and median >= MEDIAN_OF_MINOR_UNITS:
        yield Problem(
            "minor-units",
            where,
            f"{counted(int(total), 'amount')}, all whole numbers (median {median:,.0f}): cents "
            "or whole units, the file does not tell",
            'Compare one with an invoice, then write amounts = "minor" or amounts = "major".',
            rows=int(total),
        )


def exponents(connection: duckdb.DuckDBPyConnection, staged: Staged) -> tuple[dict[str, int], list[Problem]]:
    """Return the decimals of each currency's minor unit, where amounts are in minor units."""
    if staged.plan.export.amounts != "minor":
        return {}, []
    where = staged.plan.where("currency")
    if "currency" not in staged.columns:
        return {}, [
            Problem("minor-units", where, "amounts are in minor units, but no currency is mapped", "Map currency.")
        ]
    code = quoted("cx_p_currency")
    codes = [
        str(text)
        for (text,) in connection.execute(
            f"SELECT DISTINCT {code} FROM {staged.parsed} WHERE {code} IS NOT NULL ORDER BY 1"
        ).fetchall()
    ]
    digits = {text: get_currency_precision(text) for text in codes if text in CURRENCIES}
    unclear = [text for text, count in digits.items() if count != _ISO_DIGITS.get(text, 2)]
    problems = []
    if unclear:
        problems.append(
            Problem(
                "minor-units",
                where,
                f"the minor unit of {listed(unclear)} differs between ISO 4217 and practice",
                'Bring these amounts to whole units in sql and write amounts = "major".',
            )
        )
    money = [name for name in staged.columns if staged.plan.table.column(name).type == "money"]
    for name in money:
        count, first = example(
            connection, staged.parsed, f"{code} IS NULL AND {quoted(f'cx_p_{name}')} IS NOT NULL", "NULL"
        )
        if count:
            problems.append(
                Problem(
                    "minor-units",
                    where,
                    f"{counted(count, 'amount')} in minor units without a currency",
                    "Complete the export.",
                    rows=count,
                    first=first,
                )
            )
    return digits, problems
