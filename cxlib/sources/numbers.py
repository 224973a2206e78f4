"""Checks of numbers and amounts: decimal marks, whole numbers, minor units."""

from collections.abc import Iterator

from babel.numbers import get_currency_precision, list_currencies

from cxlib.errors import Problem
from cxlib.nearest import listed
from cxlib.sources.said import counted, example
from cxlib.sources.sql import column_of, literal, quoted, row
from cxlib.sources.stage import Staged, read_of, text_of
from cxlib.tables import Column

STYLES = ((".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", " "), (".", "'"))
MEDIAN_OF_MINOR_UNITS = 1_000
CURRENCIES: frozenset[str] = frozenset(list_currencies())

# ISO 4217, minor units other than 2; where the Unicode tables disagree, a tool's choice is not known
_ISO_DIGITS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)


def unreadable(staged: Staged, column: Column) -> Iterator[Problem]:
    """Block values of a column, or of the source columns inside `number(...)`, that are no number."""
    name, where = column.name, staged.plan.where(column.name)
    for source in staged.resolved.values[name].numbers:
        text = _plain(source)
        bad = f"{text} IS NOT NULL AND NOT cx_is_number({text}, {staged.marks})"
        count, first = example(staged.connection, kept_source(staged), bad, text)
        if count:
            yield _wrong_style(staged, f'{where} from "{source}"', kept_source(staged), text, count, first)
    text = text_of(name)
    count, first = example(staged.connection, staged.parsed, f"{text} IS NOT NULL AND {read_of(name)} IS NULL", text)
    if not count:
        return
    (readable,) = row(
        staged.connection,
        f"SELECT coalesce(bool_and(cx_is_number({text}, {staged.marks})), true) FROM {staged.parsed} "
        f"WHERE {text} IS NOT NULL",
    )
    if column.type == "integer" and readable:
        what = f"{counted(count, 'value')} with a fraction in a column of whole numbers"
        fix = "Correct the mapping or the export."
        yield Problem("number-format", where, what, fix, rows=count, first=first)
    else:
        yield _wrong_style(staged, where, staged.parsed, text, count, first)


def _plain(source: str) -> str:
    return f"cx_plain(CAST({quoted(source)} AS VARCHAR))"


def kept_source(staged: Staged) -> str:
    """Return the source rows that no reject rule took."""
    return (
        f"(SELECT s.* FROM {staged.raw.view} AS s JOIN {staged.staged} AS k USING (cx_file, cx_row) "
        f"WHERE k.cx_rule IS NULL)"
    )


def _wrong_style(staged: Staged, where: str, table: str, text: str, count: int, first: str) -> Problem:
    """Return the problem of numbers in another style, with the styles that would fit."""
    export = staged.plan.export
    tests = [f"cx_is_number({text}, {literal(point)}, {literal(mark)})" for point, mark in STYLES]
    fits = ", ".join(f"count(*) FILTER ({test})" for test in tests)
    total, mixed, *counts = row(
        staged.connection,
        f"SELECT count(*), bool_and({tests[2]} OR {tests[3]}), {fits} FROM {table} WHERE {text} IS NOT NULL",
    )
    fitting = [_style(*style) for style, fit in zip(STYLES, counts, strict=True) if fit == total]
    stated = _style(export.decimal, export.thousands)
    what = f"{counted(count, 'value')} of {total:,} not a number written with {stated}"
    if fitting:
        fix = f"This fits all rows: {' or '.join(fitting)}."
    elif counts[0] and counts[1] and mixed:
        fix = (
            f'Decimal marks are mixed: {counts[0]:,} fit decimal = ".", {counts[1]:,} fit decimal = ","; '
            "export again with one of them."
        )
    else:
        fix = "No style fits all rows: mend the export, add the text to missing, or reject the rows with a reason."
    return Problem("number-format", where, what, fix, rows=count, first=first)


def _style(decimal: str, thousands: str) -> str:
    return f'decimal = "{decimal}"' + (f', thousands = "{thousands}"' if thousands else "")


def minor_units(staged: Staged) -> Iterator[Problem]:
    """Ask whether amounts are in cents where the file does not tell; refuse fractions of a cent."""
    if staged.plan.export.amounts == "major":
        return
    for name in staged.of_type("money"):
        value = staged.resolved.values[name]
        for source in value.numbers or value.sources:
            where = staged.plan.where(name) + ("" if value.rule.column else f' from "{source}"')
            yield from _one_amount(staged, where, source)


def _one_amount(staged: Staged, where: str, source: str) -> Iterator[Problem]:
    export, table, text = staged.plan.export, kept_source(staged), _plain(source)
    read = f"cx_number({text}, {staged.marks})"
    # a written decimal mark, even before zeros, is never a count of cents
    pointed = f"(contains({text}, {literal(export.decimal)}) OR contains({text}, '\u066b'))"
    if staged.raw.types[staged.raw.columns.index(source)] in ("DOUBLE", "FLOAT"):
        pointed = f"{read} <> floor({read})"
    total, numbers, fractions, median = row(
        staged.connection,
        f"SELECT count(*), count({read}), count(*) FILTER ({pointed}), median(abs({read})) "
        f"FROM {table} WHERE {text} IS NOT NULL",
    )
    if not total or numbers < total:
        return
    if export.amounts == "minor" and fractions:
        _, first = example(staged.connection, table, pointed, text)
        what = f'{counted(fractions, "amount")} with a fraction, but amounts = "minor" is stated'
        yield Problem("minor-units", where, what, 'Write amounts = "major".', rows=fractions, first=first)
    if not export.amounts and not fractions and median >= MEDIAN_OF_MINOR_UNITS:
        what = (
            f"{counted(total, 'amount')}, all whole numbers (median {median:,.0f}): cents or whole units, "
            "the file does not tell"
        )
        fix = 'Compare one with an invoice, then write amounts = "minor" or amounts = "major".'
        yield Problem("minor-units", where, what, fix, rows=total)


def currency_codes(staged: Staged) -> list[str]:
    """Return the different currency codes of an export in order; none where it brings none."""
    if "currency" not in staged.columns:
        return []
    code = read_of("currency")
    found = f"SELECT DISTINCT {code} FROM {staged.parsed} WHERE {code} IS NOT NULL ORDER BY 1"
    return column_of(staged.connection, found)


def exponents(staged: Staged) -> tuple[dict[str, int], list[Problem]]:
    """Return the decimals of each currency's minor unit, where amounts are in minor units."""
    if staged.plan.export.amounts != "minor":
        return {}, []
    where = staged.plan.where("currency")
    if "currency" not in staged.columns:
        what = "amounts are in minor units, but no currency is mapped"
        return {}, [Problem("minor-units", where, what, "Map currency.")]
    digits = {code: get_currency_precision(code) for code in currency_codes(staged) if code in CURRENCIES}
    unclear = [code for code, count in digits.items() if count != _ISO_DIGITS.get(code, 2)]
    problems = []
    if unclear:
        what = f"the minor unit of {listed(unclear)} differs between ISO 4217 and practice"
        fix = 'Bring these amounts to whole units in sql and write amounts = "major".'
        problems.append(Problem("minor-units", where, what, fix))
    for name in staged.of_type("money"):
        bare = f"{read_of('currency')} IS NULL AND {read_of(name)} IS NOT NULL"
        what, fix = "{amount} in minor units without a currency", "Complete the export."
        problems += staged.find("minor-units", "currency", bare, "NULL", what, fix)
    return digits, problems
