"""`sources.toml`: what it may say, read strictly; a wrong key names the nearest right one."""

import codecs
import re
from collections import Counter
from datetime import date, time, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, field_validator, model_validator

from cxlib.nearest import did_you_mean
from cxlib.period import zone
from cxlib.sources.problems import BLOCKS, SOFTENABLE, WARNINGS
from cxlib.toml import Strict

Format = Literal["csv", "tsv", "excel", "parquet", "json", "duckdb", "postgresql"]

KEY_VARIABLE = "CX_PSEUDONYM_KEY"
HOW_TO_KEY = (
    "Put a long random text that stays the same into a file of its own, out of version control, and write "
    f'pseudonym_key_file = "pseudonym_key" under [workbook]; or set {KEY_VARIABLE} in the environment'
)
EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
"""Microseconds in one unit."""
_DIRECTIVES = re.compile(r"(?:%(?:-?[dmyHIMSj]|[YfgnpbBhaAz%])|[^%])+", re.DOTALL)


def check_time_format(text: str) -> str:
    """Return a strptime format (or "iso", "epoch_s", ...) if DuckDB can read by it."""
    if text not in ("", "iso", *EPOCHS) and not ("%" in text and _DIRECTIVES.fullmatch(text)):
        raise ValueError(f'"{text}" is not a date format; write one such as "%d.%m.%Y %H:%M", "iso" or "epoch_s"')
    return text


def _encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        known = ("utf-8", "utf-16", "windows-1252", "windows-1254", "windows-1256", "iso-8859-9")
        raise ValueError(f'encoding "{name}" is not known{did_you_mean(name, known)}') from error


def _one_group(pattern: str) -> str:
    """Return a regular expression with one group, or ""."""
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f'"{pattern}" is not a regular expression: {error}') from error
    if pattern and groups != 1:
        raise ValueError(f'"{pattern}" needs one group in parentheses: that is what is taken')
    return pattern


def as_text(value: object) -> str:
    """Return a value of TOML or of a workbook's cell as the text that an export would hold.

    >>> as_text(4711.0), as_text(0.1), as_text(date(2026, 10, 1)), as_text(True), as_text(None)
    ('4711', '0.1', '2026-10-01', 'true', '')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return repr(value.total_seconds())
    return "" if value is None else str(value)


TimeFormat = Annotated[str, AfterValidator(check_time_format)]
Zone = Annotated[str, AfterValidator(lambda name: name and zone(name).key)]
Text = Annotated[str, BeforeValidator(as_text)]
Names = Annotated[tuple[str, ...], BeforeValidator(lambda names: (names,) if isinstance(names, str) else names)]


class ColumnRule(Strict):
    """Where one canonical column comes from: a source column, an expression or a constant.

    `column` may name several: the first that the file has is used. `optional` names columns of
    `sql` that the file may lack; they read as empty. `minutes_after` names the time column that
    the number is counted from. `rounded_to`, `not_before` and `not_after` go together: a value that
    the source has rounded, and that lies by less than the rounding on the wrong side of another
    time, takes that time.
    """

    column: Names = ()
    sql: str = ""
    value: Text = ""
    format: TimeFormat = ""
    optional: tuple[str, ...] = ()
    minutes_after: str = ""
    rounded_to: Literal["", "minute", "day"] = ""
    not_before: str = ""
    not_after: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, given: object) -> object:
        return {"column": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if [bool(self.column), bool(self.sql), "value" in self.model_fields_set].count(True) != 1:
            raise ValueError('write exactly one of "column", "sql" and "value"')
        if bool(self.rounded_to) != bool(self.not_before or self.not_after):
            raise ValueError('"rounded_to" goes with "not_before" or "not_after"')
        return self


class RejectRule(Strict):
    """`optional`: leave the rule out, without a warning, where the file lacks its columns."""

    reason: str = Field(min_length=1)
    when: str = Field(min_length=1)
    optional: bool = False


class UnknownRule(RejectRule):
    """A value that is not to be believed: set empty and counted."""

    column: str


class OneRowPerKey(Strict):
    """Which row of several with one key stays; the others are rejected under the reason."""

    keep: Literal["first", "last"]
    order_by: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class Mapping(Strict):
    """How a file becomes rows of a canonical table: what an `[[export]]` says, and what a vendor's is known to be.

    `header_goes_on` is how a cell of one more header row begins, where a file has such a row.
    `time_zone_in_header` is a regular expression whose group is the time zone, looked for in all header rows.
    """

    table: str = ""
    format: Format | None = None
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    separator: str = Field(default="", max_length=1)
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    header_rows: int = Field(default=1, ge=1, le=10)
    header_goes_on: str = ""
    time_zone_in_header: Annotated[str, AfterValidator(_one_group)] = ""
    sheet: str = ""
    time_zone: Zone = ""
    dates: TimeFormat = ""
    missing: tuple[str, ...] = ("",)
    amounts: Literal["", "major", "minor"] = ""
    malformed: Literal["block", "reject"] = "block"
    prefix: str = ""
    accept: tuple[str, ...] = ()
    columns: dict[str, ColumnRule] = Field(default={})
    values: dict[str, dict[str, Text]] = Field(default={})
    reject: tuple[RejectRule, ...] = ()
    unknown: tuple[UnknownRule, ...] = ()
    one_row_per_key: OneRowPerKey | None = None

    @field_validator("accept")
    @classmethod
    def _accept(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        for rule in rules:
            if rule in BLOCKS:
                raise ValueError(f'"{rule}" cannot be accepted ({BLOCKS[rule]}); mend the export or its mapping')
            if rule not in WARNINGS and rule not in SOFTENABLE:
                raise ValueError(f'"{rule}" is not a check{did_you_mean(rule, [*WARNINGS, *SOFTENABLE])}')
        return rules

    @model_validator(mode="after")
    def _two_marks(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError(f'"decimal" and "thousands" are both "{self.decimal}"')
        return self


class Export(Mapping):
    """One `[[export]]` of `sources.toml`.

    `complete_from` and `complete_until` are the first and the last day of which it brings all that its table is for,
    those who have left since included; without them this is judged by the rows.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
    path: str = ""
    url: str = Field(default="", repr=False)
    source_table: str = ""
    vendor: str = ""
    complete_from: date | None = None
    complete_until: date | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.path) == bool(self.url):
            raise ValueError('write either "path" or "url"')
        if self.url and not self.url.startswith(("postgresql://", "postgres://")):
            raise ValueError('"url" must start with postgresql://')
        if (self.url or self.path.endswith(".duckdb") or self.format == "duckdb") and not self.source_table:
            raise ValueError('a database needs "source_table", such as "public.tickets"')
        return self


class Vendor(Strict):
    """A file of `vendors/`: the ready mappings of one vendor."""

    export: tuple[Mapping, ...] = Field(min_length=1)


class Workbook(Strict):
    """The `[workbook]` part: whose reports these are."""

    company: str = Field(min_length=1)
    reporting_time_zone: Zone
    reporting_currency: str = Field(pattern=r"^[A-Z]{3}$")
    as_of: AwareDatetime | None = None
    pseudonym_key_file: str = ""
    pseudonym_key: str = Field(default="", repr=False)
    """Read from its file or the environment, never from `sources.toml`."""

    @field_validator("pseudonym_key")
    @classmethod
    def _not_here(cls, _: str) -> str:
        raise ValueError(f"it does not belong into this file. {HOW_TO_KEY}")


class Sources(Strict):
    """The whole of `sources.toml`."""

    workbook: Workbook
    rates: dict[str, float] = Field(default={})
    export: tuple[Export, ...] = Field(min_length=1)

    @field_validator("rates")
    @classmethod
    def _rates(cls, rates: dict[str, float]) -> dict[str, float]:
        for code, rate in rates.items():
            if not re.fullmatch(r"[A-Z]{3}", code):
                raise ValueError(f'"{code}" is not an ISO 4217 code such as "USD"')
            if not 0 < rate < float("inf"):
                raise ValueError(f"the rate of {code} is {rate}; it must be above zero")
        return rates

    @model_validator(mode="after")
    def _together(self) -> Self:
        [(name, times)] = Counter(export.name for export in self.export).most_common(1)
        if times > 1:
            raise ValueError(f'two exports are called "{name}"; give each its own name')
        if self.rates.get(self.workbook.reporting_currency, 1.0) != 1.0:
            raise ValueError(f"the rate of {self.workbook.reporting_currency}, the reporting currency, must be 1")
        return self

    @property
    def all_rates(self) -> dict[str, float]:
        """What one unit of a currency is worth in the reporting currency, that one included."""
        return {**self.rates, self.workbook.reporting_currency: 1.0}
