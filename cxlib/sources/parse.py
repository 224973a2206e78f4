"""SQL that reads one value strictly: text in, the canonical type or NULL out, never a guess.

Text must be clean first: `trimmed` for words, `plain` for numbers and times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cxlib.sources.config import EPOCHS
from cxlib.sources.sql import literal, trim

# Persian (U+06F0) and Arabic (U+0660) digits, and the true minus sign
_FOREIGN = "".join(chr(0x06F0 + d) for d in range(10)) + "".join(chr(0x0660 + d) for d in range(10)) + "\u2212"
_ASCII = "0123456789" * 2 + "-"
_DECIMAL_ARABIC, _THOUSANDS_ARABIC = "\u066b", "\u066c"

_DATE = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?"
_OFFSET = r" ?(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)"
FIRST_YEAR, LAST_YEAR = 1900, 2200
EPOCH_DIGITS = r"-?\d{9,17}(?:\.\d+)?"
EPOCH_UNITS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}

TRUE = ("true", "t", "yes", "y", "1", "1.0")
FALSE = ("false", "f", "no", "n", "0", "0.0")

TYPED_NUMBERS = ("INT", "DECIMAL", "DOUBLE", "FLOAT", "HUGEINT", "BIGINT")


@dataclass(frozen=True)
class Style:
    """How an export writes numbers and times."""

    decimal: str = "."
    thousands: str = ""
    zone: str = ""
    dates: str = ""
    reporting_zone: str = "UTC"


@dataclass(frozen=True)
class Moment:
    """SQL of a time: `local` is NULL where the source gave an offset; `utc` where it did not."""

    local: str
    utc: str


def is_number(duck_type: str) -> bool:
    """Return whether a DuckDB type is a plain number."""
    return any(word in duck_type for word in TYPED_NUMBERS) and "[" not in duck_type


def trimmed(sql: str) -> str:
    """Return the value as text without blanks at its ends; an empty one is NULL."""
    return f"nullif({trim(f'CAST({sql} AS VARCHAR)')}, '')"


def plain(sql: str) -> str:
    """Return the value as trimmed text with ASCII digits: what numbers and times are read from."""
    return ascii_digits(trimmed(sql))


def as_text(sql: str, duck_type: str) -> str:
    """Return an expression as text; whole floating-point numbers lose their `.0`."""
    if duck_type in ("DOUBLE", "FLOAT"):
        whole = f"CAST(CAST({sql} AS HUGEINT) AS VARCHAR)"
        return f"CASE WHEN {sql} = floor({sql}) AND abs({sql}) < 1e18 THEN {whole} ELSE CAST({sql} AS VARCHAR) END"
    return sql if duck_type == "VARCHAR" else f"CAST({sql} AS VARCHAR)"


def ascii_digits(text: str) -> str:
    """Return text with Persian and Arabic digits as ASCII ones."""
    return (
        f"CASE WHEN regexp_matches({text}, '[^ -~]') "
        f"THEN translate({text}, {literal(_FOREIGN)}, {literal(_ASCII)}) ELSE {text} END"
    )


def number_pattern(decimal: str, thousands: str) -> str:
    """Return the regular expression of a number in one style of writing."""
    mark = {"": "", " ": "[ \u00a0\u202f]", "'": "['\u2019]"}.get(thousands, re.escape(thousands))
    whole = rf"(?:\d{{1,99}}|\d{{1,3}}(?:{mark}\d{{3}})+)" if mark else r"\d{1,99}"
    exponent = r"(?:[eE][+-]?\d{1,2})?" if decimal == "." else ""
    point = re.escape(decimal)
    return rf"[+-]?(?:{whole}(?:{point}\d+)?|{point}\d+){exponent}"


def is_written(text: str, decimal: str, thousands: str) -> str:
    """Return SQL: whether text is a number in this style, or with Arabic decimal and thousands marks."""
    arabic = number_pattern(_DECIMAL_ARABIC, _THOUSANDS_ARABIC)
    pattern = f"(?:{number_pattern(decimal, thousands)})|(?:{arabic})"
    return f"regexp_full_match({text}, {literal(pattern)})"


def number(text: str, decimal: str, thousands: str) -> str:
    """Return SQL that reads plain text as DOUBLE, or NULL where it is no number in this style."""
    drop = {" ": " \u00a0\u202f", "'": "'\u2019"}.get(thousands, thousands) + _THOUSANDS_ARABIC
    value = f"translate({text}, {literal(decimal + _DECIMAL_ARABIC + drop)}, '..')"
    if decimal == "." and not thousands:
        value = f"CASE WHEN regexp_matches({text}, '[^ -~]') THEN {value} ELSE {text} END"
    return f"CASE WHEN {is_written(text, decimal, thousands)} THEN TRY_CAST({value} AS DOUBLE) END"


def typed_number(sql: str, duck_type: str, style: Style) -> str:
    """Return SQL of a number, from text or from a numeric column."""
    if is_number(duck_type):
        return f"CASE WHEN isfinite(CAST({sql} AS DOUBLE)) THEN CAST({sql} AS DOUBLE) END"
    return number(sql if duck_type == "VARCHAR" else plain(sql), style.decimal, style.thousands)


def whole(number_sql: str) -> str:
    """Return SQL of an integer, NULL where there is a fraction."""
    inside = f"{number_sql} = floor({number_sql}) AND abs({number_sql}) < 9e18"
    return f"CASE WHEN {inside} THEN CAST({number_sql} AS BIGINT) END"


def flag(sql: str, duck_type: str) -> str:
    """Return SQL of a truth value."""
    if duck_type == "BOOLEAN":
        return sql
    text = f"lower(CAST({sql} AS VARCHAR))"
    true, false = (", ".join(map(literal, words)) for words in (TRUE, FALSE))
    return f"CASE WHEN {text} IN ({true}) THEN true WHEN {text} IN ({false}) THEN false END"


def plain_digits(sql: str, duck_type: str) -> str:
    """Return a number column as digits without an exponent, plain text as it is."""
    if is_number(duck_type):
        return f"CAST(CAST({sql} AS DECIMAL(28, 6)) AS VARCHAR)"
    return sql if duck_type == "VARCHAR" else plain(sql)


def in_years(moment: str) -> str:
    """Return SQL that keeps a time of the years 1900 to 2200: others are misread years."""
    return (
        f"CASE WHEN {moment} BETWEEN TIMESTAMP '{FIRST_YEAR}-01-01' AND TIMESTAMP '{LAST_YEAR}-12-31' THEN {moment} END"
    )


def strict_strptime(text: str, time_format: str) -> str:
    """Return SQL of a local time by a strptime format; years outside 1900 to 2200 are NULL."""
    return in_years(f"CAST(try_strptime({text}, {literal(time_format)}) AS TIMESTAMP)")


def moment(sql: str, duck_type: str, time_format: str) -> Moment:
    """Return SQL of a time in one of the forms an export has.

    A typed column speaks for itself. Text is read by the stated format, or by ISO 8601 where none is
    stated; an offset (or Z, UTC) makes it universal, else it is local.
    """
    if duck_type == "TIMESTAMP WITH TIME ZONE":
        return Moment("CAST(NULL AS TIMESTAMP)", f"({sql}) AT TIME ZONE 'UTC'")
    if duck_type.startswith("TIMESTAMP") or duck_type == "DATE":
        return Moment(in_years(f"CAST({sql} AS TIMESTAMP)"), "CAST(NULL AS TIMESTAMP)")
    text = plain_digits(sql, duck_type)
    if time_format in EPOCHS:
        micros = f"TRY_CAST(TRY_CAST({text} AS DECIMAL(28, 6)) * {EPOCH_UNITS[time_format]} AS BIGINT)"
        readable = f"regexp_full_match({text}, '-?\\d{{1,17}}(?:\\.\\d+)?') AND abs({micros}) < 9e15"
        return Moment("CAST(NULL AS TIMESTAMP)", f"CASE WHEN {readable} THEN make_timestamp({micros}) END")
    if "%z" in time_format:
        universal = f"try_strptime({text}, {literal(time_format)}) AT TIME ZONE 'UTC'"
        return Moment("CAST(NULL AS TIMESTAMP)", in_years(f"({universal})"))
    if time_format not in ("", "iso"):
        return Moment(strict_strptime(text, time_format), "CAST(NULL AS TIMESTAMP)")
    return _iso(text)


def _iso(text: str) -> Moment:
    point = f"replace({text}, ',', '.')"
    local = f"CASE WHEN regexp_full_match({text}, '{_DATE}(?:{_CLOCK})?') THEN TRY_CAST({point} AS TIMESTAMP) END"
    tight = f"regexp_replace(regexp_replace({point}, ' ?(Z|UTC)$', '+00'), ' ([+-])', '\\1')"
    universal = f"TRY_CAST({tight} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    with_offset = f"CASE WHEN regexp_full_match({text}, '{_DATE}{_CLOCK}{_OFFSET}') THEN {universal} END"
    return Moment(in_years(local), in_years(with_offset))


def to_utc(local: str, time_zone: str) -> str:
    """Return SQL that takes a local time to naive UTC.

    A time that the clock shows twice is taken as the later one (see `stage` for starts), a time that
    it skips as the moment the clock would have shown it without the change; the check `dst` counts both.
    """
    return f"(({local}) AT TIME ZONE {literal(time_zone or 'UTC')}) AT TIME ZONE 'UTC'"


def to_local(utc: str, time_zone: str) -> str:
    """Return SQL that takes naive UTC to the local time of a zone."""
    return f"(({utc}) AT TIME ZONE 'UTC') AT TIME ZONE {literal(time_zone)}"


def day(sql: str, duck_type: str, time_format: str, reporting_zone: str) -> str:
    """Return SQL of a date. Universal times fall on their day in the reporting zone.

    A local time is a date only at midnight: another clock time needs the analyst's own rule.
    """
    read = moment(sql, duck_type, time_format)
    universal = f"CAST({to_local(read.utc, reporting_zone)} AS DATE)"
    return (
        f"CASE WHEN ({read.utc}) IS NOT NULL THEN {universal} "
        f"WHEN ({read.local}) = date_trunc('day', {read.local}) THEN CAST({read.local} AS DATE) END"
    )
