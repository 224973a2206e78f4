"""The checks of one export's values: each blocks or warns, none guesses.

Every function takes a staged export and yields the problems it found.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from babel.numbers import get_currency_precision, list_currencies

from cxlib.errors import Problem
from cxlib.nearest import listed, nearest
from cxlib.sources.config import EPOCHS
from cxlib.sources.plan import Plan
from cxlib.sources.problems import SOFTENABLE, counted, hint, without_addresses
from cxlib.sources.raw import Raw
from cxlib.sources.sql import column_of, literal, literals, quoted, row
from cxlib.sources.stage import CHECKED, Staged, moment
from cxlib.tables import Column

EXPORT_LIMITS = (1_000, 10_000, 65_535, 65_536, 1_048_575, 1_048_576)
PRICED_TABLES = ("subscriptions", "transactions", "opportunities", "costs")

# from 1954 or 1958 until 2119 or 2123
_EXCEL_DAYS = "regexp_full_match({0}, '[2-7]\\d{{4}}(?:[.,]\\d+)?')"
EPOCH_YEARS = "BETWEEN TIMESTAMP '1990-01-01' AND TIMESTAMP '2050-01-01'"
_NUMERIC_DAYS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d")
_SHORT_YEARS = ("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%y")
_NAMED_MONTHS = ("%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y")
_DAYS = (*_NUMERIC_DAYS, *_SHORT_YEARS, *_NAMED_MONTHS, "%Y%m%d", "%Y-%m-%d", "%Y-%m")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", "T%H:%M:%S")

STYLES = ((".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", " "), (".", "'"))
MEDIAN_OF_MINOR_UNITS = 1_000
CURRENCIES: frozenset[str] = frozenset(list_currencies())
# ISO 4217, minor units other than 2; where the Unicode tables disagree, a tool's choice is not known
_ISO_DIGITS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)


def row_counts(plan: Plan, raw: Raw) -> Iterator[Problem]:
    """Warn where a file has as many rows as tools stop at."""
    for table in raw.tables:
        where = f"{plan.name}: {table.given.name}"
        rows = table.rows + len(table.malformed)
        hit = next((count for count in (rows, rows + table.skip) if count in EXPORT_LIMITS), None)
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
            yield from _times(staged, column)
        elif column.type in ("time", "number", "money", "integer"):
            yield from _numbers(staged, column)
        elif column.type == "flag":
            unread = f"cx_text_{name} IS NOT NULL AND cx_read_{name} IS NULL"
            fix = f"Map them with [export.values.{name}] to true and false."
            what = "{value} neither true nor false"
            yield from staged.find("flag-format", name, unread, f"cx_text_{name}", what, fix)
        if column.allowed:
            yield from _closed(staged, column)
        elif column.type == "category":
            text, fix = f"cx_text_{name}", 'Map another column, or mask it with accept = ["address"].'
            held = f"cx_rule IS NULL AND cx_masked({text}) <> {text}"
            what = "{value} with what looks like an e-mail address"
            yield from staged.find("address", name, held, text, what, fix, staged.staged)
        if column.required:
            # text that could not be read is reported above
            empty = f"cx_text_{name} IS NULL" if column.type in CHECKED else f"cx_read_{name} IS NULL"
            fix = "Complete the export, or leave the rows out with a reason ([[export.reject]])."
            what = f"{{row}} without a value ({column.meaning})"
            yield from staged.find("required-empty", name, empty, "NULL", what, fix)
    yield from _minor_units(staged)


def _closed(staged: Staged, column: Column) -> Iterator[Problem]:
    read = f"cx_read_{column.name}"
    outside = f"{read} NOT IN ({literals(column.allowed)})"
    wrong = f"SELECT {read} FROM {staged.parsed} WHERE {outside} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 6"
    texts = [without_addresses(text) for text in column_of(staged.connection, wrong)]
    near = hint(texts[0], column.allowed) if texts and nearest(texts[0], column.allowed) else ""
    fix = f"{near}Map each with [export.values.{column.name}] to one of {listed(column.allowed)}."
    what = f"{{value}} outside the list: {listed(texts, 5)}"
    yield from staged.find("unknown-value", column.name, outside, read, what, fix)


def _times(staged: Staged, column: Column) -> Iterator[Problem]:
    name, text, read = column.name, f"cx_text_{column.name}", f"cx_read_{column.name}"
    local = f" AND cx_local_{name} IS NULL" if column.type == "time" else ""
    unread = f"{text} IS NOT NULL AND {read} IS NULL{local}"
    for problem in staged.find("date-format", name, unread, text, "{value}", ""):
        yield _not_a_date(staged, column, problem, unread)
        return
    time_format = staged.time_format(name)
    if time_format in EPOCHS:
        what = f'{{value}} outside 1990 to 2050 when read as "{time_format}"'
        for problem in staged.find("epoch", name, f"{read} NOT {EPOCH_YEARS}", text, what, ""):
            units = _fitting_units(staged, text)
            no_unit = 'No unit fits all rows: mend the export, or accept = ["epoch"].'
            yield replace(problem, fix=f'"{units[0]}" would fit all rows.' if units else no_unit)
    if column.type == "time":
        yield from _zone(staged, name)


def _not_a_date(staged: Staged, column: Column, problem: Problem, unread: str) -> Problem:
    """Return the problem of texts that are no date in the stated format, with the formats that would fit."""
    text, time_format = f"cx_text_{column.name}", staged.time_format(column.name).removeprefix("iso")
    # numbers since 1900 or, in some workbooks, 1904
    days_of_excel = f"{unread} AND {_EXCEL_DAYS.format(text)}"
    for serial in staged.find(problem.rule, column.name, days_of_excel, text, "{value}", ""):
        source = (*staged.resolved.values[column.name].sources, "...")[0]
        sql = f"'1899-12-30'::TIMESTAMP + to_seconds(round(number(\"{source}\") * 86400)::BIGINT)"
        fix = (
            "Give the whole column a date format in Excel and save the file again; or, where all are numbers, write "
            f'columns.{column.name} = {{ sql = """{sql}""" }}, with 1904-01-01 if the workbook counts from 1904.'
        )
        return replace(serial, what=f"{serial.what} written as numbers of days, which look like Excel dates", fix=fix)
    if not time_format and (units := _fitting_units(staged, text)):
        what = f"{problem.what} of digits only, which fit {listed(units)} (1990 to 2050)"
        fix = f'Write columns.{column.name} = {{ column = "...", format = "{units[0]}" }}.'
        return replace(problem, rule="epoch", what=what, fix=fix)
    days = column.type == "date"
    stated = f'in the format "{time_format}"' if time_format else "in ISO 8601, and no format is stated"
    fitting = _fitting_formats(staged, text, days)
    if len(fitting) == 1:
        fix = f'This fits all rows: dates = "{fitting[0]}" (or format of the column).'
    elif fitting:
        fix = f"{len(fitting)} formats fit all rows: {listed(fitting)}; write the one of the tool's locale as dates."
    else:
        of_days = "a clock time other than midnight needs a rule of its own (sql)"
        of_times = "state dates, mend the export, or mark such times as unknown ([[export.unknown]])"
        fix = f"No format known here fits all rows: {of_days if days else of_times}."
    return replace(problem, what=f"{problem.what} not {'a day ' if days else ''}{stated}", fix=fix)


def _fitting_units(staged: Staged, text: str) -> list[str]:
    tests = ", ".join(f"bool_and(coalesce({moment(text, unit)[1]} {EPOCH_YEARS}, false))" for unit in EPOCHS)
    fits = row(staged.connection, f"SELECT {tests} FROM {staged.parsed} WHERE {text} IS NOT NULL")
    return [unit for unit, fit in zip(EPOCHS, fits, strict=True) if fit]


def _fitting_formats(staged: Staged, text: str, days: bool) -> list[str]:
    """Return the formats that read every value, as days at midnight where only days count.

    All are tried on some values, the survivors on all.
    """
    every = f"SELECT {text} AS text FROM {staged.parsed} WHERE {text} IS NOT NULL"
    formats = [day + clock for day in _DAYS for clock in _CLOCKS]
    for source in (f"SELECT DISTINCT text FROM ({every}) ORDER BY 1 LIMIT 500", every):
        moments = [f"cx_strptime(text, {literal(one)})" for one in formats]
        tests = [f"coalesce({m} = date_trunc('day', {m}), false)" if days else f"{m} IS NOT NULL" for m in moments]
        if tests:
            fits = row(staged.connection, f"SELECT {', '.join(f'bool_and({t})' for t in tests)} FROM ({source})")
            formats = [one for one, fit in zip(formats, fits, strict=True) if fit]
    return formats


def _zone(staged: Staged, name: str) -> Iterator[Problem]:
    """Block local times without a stated zone; count those that summer time skips or repeats."""
    local, zone = f"cx_local_{name}", staged.plan.export.time_zone
    if not zone:
        what = "{time} without offset, and no time zone is stated"
        fix = 'Write time_zone = "Europe/Berlin" (the zone of the account that exported).'
        yield from staged.find("time-zone", name, f"{local} IS NOT NULL", local, what, fix)
        return
    own, day = literal(zone), f"CAST({local} AS DATE)"
    start, end = (f"cx_to_utc(CAST(day + INTERVAL {on} DAY AS TIMESTAMP), {own})" for on in (0, 1))
    days = f"SELECT DISTINCT {day} AS day FROM {staged.parsed} WHERE {local} IS NOT NULL"
    changes = column_of(staged.connection, f"SELECT day FROM ({days}) WHERE {end} - {start} <> INTERVAL 24 HOUR")
    if not changes:
        return
    on_change = f"CAST({day} AS VARCHAR) IN ({literals(map(str, changes))})"
    utc = f"cx_to_utc({local}, {own})"
    skipped = f"cx_to_local({utc}, {own}) <> {local}"
    twice = " OR ".join(
        f"cx_to_local({utc} {sign} INTERVAL {minutes} MINUTE, {own}) = {local}"
        for minutes in (30, 60, 120)
        for sign in "-+"
    )
    for problem in staged.find("dst", name, f"{on_change} AND ({skipped} OR {twice})", local, "", ""):
        gone, double = (staged.example(f"{on_change} AND ({test})", local)[0] for test in (skipped, twice))
        what = f"{counted(gone, 'time')} that {zone} skips and {counted(double, 'time')} that it has twice"
        fix = 'Export with offsets, or accept = ["dst"].'
        yield replace(problem, what=f"{what} (taken as the later)", fix=fix, blocks=False, rows=gone + double)


def _numbers(staged: Staged, column: Column) -> Iterator[Problem]:
    """Block values of a column, or of the source columns inside `number(...)`, that are no number."""
    name, text, kept = column.name, f"cx_text_{column.name}", _kept_source(staged)
    for source in staged.resolved.values[name].numbers:
        plain = _plain(source)
        bad = f"{plain} IS NOT NULL AND NOT cx_is_number({plain}, {staged.plan.marks})"
        for problem in staged.find("number-format", name, bad, plain, "{value}", "", kept):
            yield _wrong_style(staged, replace(problem, where=f'{problem.where} from "{source}"'), name, kept, plain)
        if staged.raw.columns[source] == "VARCHAR":
            yield from _two_readings(staged, name, kept, plain)
    if staged.types[name] == "VARCHAR" and not staged.resolved.values[name].rule.sql:
        yield from _two_readings(staged, name, staged.parsed, text)
    unread = f"{text} IS NOT NULL AND cx_read_{name} IS NULL"
    what, fix = "{value} with a fraction in a column of whole numbers", "Correct the mapping or the export."
    for problem in staged.find("number-format", name, unread, text, what, fix):
        all_numbers = f"SELECT bool_and(cx_is_number({text}, {staged.plan.marks})) FROM {staged.parsed}"
        whole = column.type == "integer" and row(staged.connection, f"{all_numbers} WHERE {text} IS NOT NULL")[0]
        yield problem if whole else _wrong_style(staged, problem, name, staged.parsed, text)


def _two_readings(staged: Staged, name: str, table: str, text: str) -> Iterator[Problem]:
    """Ask what a point means where every one stands before three digits, and nothing is stated."""
    if {"decimal", "thousands"} & staged.plan.export.model_fields_set:
        return
    # a number of Excel or JSON became text without zeros at its end
    least = "true" if staged.plan.format in ("csv", "tsv") else f"{text} LIKE '%0'"
    three = f"regexp_full_match({text}, '[-+]?[1-9]\\d{{0,2}}\\.\\d{{3}}')"
    asked = f"SELECT bool_and({three}) AND bool_or({least}) FROM {table} WHERE contains({text}, '.')"
    if row(staged.connection, asked)[0]:
        what = "{value} that can be read in two ways, and no other tells which"
        fix = 'Write decimal = "." if 1.250 is one and a quarter; decimal = "," and thousands = "." if it is 1250.'
        yield from staged.find("number-format", name, three, text, what, fix, table)


def _plain(source: str) -> str:
    return f"cx_plain(CAST({quoted(source)} AS VARCHAR))"


def _kept_source(staged: Staged) -> str:
    """Return the source rows that no reject rule took."""
    return f"(SELECT s.* FROM {staged.raw.view} AS s SEMI JOIN {staged.parsed} USING (cx_file, cx_row))"


def _wrong_style(staged: Staged, problem: Problem, name: str, table: str, text: str) -> Problem:
    """Return the problem of numbers in another style, with the styles that would fit."""
    export = staged.plan.export
    tests = [f"cx_is_number({text}, {literal(point)}, {literal(mark)})" for point, mark in STYLES]
    fits = ", ".join(f"count(*) FILTER ({test})" for test in tests)
    asked = f"count(*), bool_and({tests[2]} OR {tests[3]}), {fits}"
    total, mixed, *counts = row(staged.connection, f"SELECT {asked} FROM {table} WHERE {text} IS NOT NULL")
    fitting = [_style(*style) for style, fit in zip(STYLES, counts, strict=True) if fit == total]
    if fitting:
        fix = f"This fits all rows: {' or '.join(fitting)}."
    elif counts[0] and counts[1] and mixed:
        fix = (
            f'Decimal marks are mixed: {counts[0]:,} fit decimal = ".", {counts[1]:,} fit decimal = ","; '
            "export again with one of them."
        )
    else:
        wrong = f"SELECT DISTINCT {text} AS said FROM {table} WHERE NOT {tests[0]} ORDER BY 1 LIMIT 3"
        said = [without_addresses(one) for one in column_of(staged.connection, wrong)]
        numbers = (re.findall(r"\d+", one) for one in said)
        pairs = [f'"{one}" = "{runs[0] if len(runs) == 1 else "…"}"' for one, runs in zip(said, numbers, strict=True)]
        fix = (
            f"No style fits all rows. Give labels their numbers under [export.values.{name}]: {', '.join(pairs)}. Only "
            "a text that says there is no value belongs into missing; else mend the export or reject the rows."
        )
    stated = _style(export.decimal, export.thousands)
    what = f"{counted(problem.rows, 'value')} of {total:,} not a number written with {stated}"
    return replace(problem, what=what, fix=fix)


def _style(decimal: str, thousands: str) -> str:
    return f'decimal = "{decimal}"' + (f', thousands = "{thousands}"' if thousands else "")


def _minor_units(staged: Staged) -> Iterator[Problem]:
    """Ask whether amounts are in cents where the file does not tell; refuse fractions of a cent."""
    if staged.plan.export.amounts == "major":
        return
    for name in staged.of_type("money"):
        value = staged.resolved.values[name]
        for source in value.numbers or value.sources:
            where = staged.plan.where(name) + ("" if value.rule.column else f' from "{source}"')
            yield from _one_amount(staged, where, source)


def _one_amount(staged: Staged, where: str, source: str) -> Iterator[Problem]:
    export, table, text = staged.plan.export, _kept_source(staged), _plain(source)
    read = f"cx_number({text}, {staged.plan.marks})"
    # a written decimal mark, even before zeros, is never a count of cents
    pointed = f"(contains({text}, {literal(export.decimal)}) OR contains({text}, '\u066b'))"
    if staged.raw.columns[source] in ("DOUBLE", "FLOAT"):
        pointed = f"{read} <> floor({read})"
    asked = f"SELECT count(*), count({read}), count(*) FILTER ({pointed}), median(abs({read})) FROM {table}"
    total, numbers, fractions, median = row(staged.connection, f"{asked} WHERE {text} IS NOT NULL")
    if not total or numbers < total:
        return
    if export.amounts == "minor" and fractions:
        _, first = staged.example(pointed, text, table)
        what = f'{counted(fractions, "amount")} with a fraction, but amounts = "minor" is stated'
        yield Problem("minor-units", where, what, 'Write amounts = "major".', rows=fractions, first=first)
    if not export.amounts and not fractions and median >= MEDIAN_OF_MINOR_UNITS:
        amounts = f"{counted(total, 'amount')}, all whole numbers (median {median:,.0f})"
        what = f"{amounts}: cents or whole units, the file does not tell"
        fix = 'Compare one with an invoice, then write amounts = "minor" or amounts = "major".'
        yield Problem("minor-units", where, what, fix, rows=total)


def _codes(staged: Staged) -> list[str]:
    if "currency" not in staged.columns:
        return []
    found = f"SELECT DISTINCT cx_read_currency AS code FROM {staged.parsed} WHERE code IS NOT NULL ORDER BY 1"
    return column_of(staged.connection, found)


def currencies(staged: Staged, rates: Mapping[str, float]) -> Iterator[Problem]:
    """Block codes that are not ISO 4217, and those without a rate in tables that hold prices."""
    found, code = _codes(staged), "cx_read_currency"
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


def exponents(staged: Staged) -> tuple[dict[str, int], list[Problem]]:
    """Return the decimals of each currency's minor unit, where amounts are in minor units."""
    if staged.plan.export.amounts != "minor":
        return {}, []
    where = staged.plan.where("currency")
    if "currency" not in staged.columns:
        what = "amounts are in minor units, but no currency is mapped"
        return {}, [Problem("minor-units", where, what, "Map currency.")]
    digits = {code: get_currency_precision(code) for code in _codes(staged) if code in CURRENCIES}
    problems = []
    if unclear := [code for code, count in digits.items() if count != _ISO_DIGITS.get(code, 2)]:
        what = f"the minor unit of {listed(unclear)} differs between ISO 4217 and practice"
        fix = 'Bring these amounts to whole units in sql and write amounts = "major".'
        problems.append(Problem("minor-units", where, what, fix))
    for name in staged.of_type("money"):
        bare = f"cx_read_currency IS NULL AND cx_read_{name} IS NOT NULL"
        what, fix = "{amount} in minor units without a currency", "Complete the export."
        problems += staged.find("minor-units", "currency", bare, "NULL", what, fix)
    return digits, problems


def table_checks(staged: Staged) -> Iterator[Problem]:
    """Run the checks that the canonical table declares on the rows that are left."""
    key = quoted(staged.plan.table.key[0])
    for check in staged.plan.table.checks:
        accept = f', or accept = ["{check.name}"]' if check.name in SOFTENABLE else ""
        what, fix = f"{{row}}: {check.what}", f"{check.fix}{accept}."
        yield from staged.find(check.name, "", f"NOT ({check.must})", key, what, fix, staged.canon)
