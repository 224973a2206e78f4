"""`sources.toml`: what it may say, read strictly; a wrong key names the nearest right one."""

from __future__ import annotations

import codecs
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cxlib.errors import ConfigError
from cxlib.nearest import did_you_mean
from cxlib.period import zone
from cxlib.sources.complaint import sentence
from cxlib.sources.rules import BLOCKS, SOFTENABLE, WARNINGS

Format = Literal["csv", "tsv", "excel", "parquet", "json", "duckdb", "postgresql"]

EPOCHS = ("epoch_s", "epoch_ms", "epoch_us")
_DIRECTIVES = re.compile(r"%(?:-?[dmyHIMSj]|[YfgnpbBhaAz%])|[^%]")


def check_time_format(text: str) -> str:
    """Return a strptime format (or "iso", "epoch_s", ...) if DuckDB can read by it.

    Raises
    ------
    ValueError
        If a directive is not known, or there is none.
    """
    if text in ("", "iso", *EPOCHS):
        return text
    if "%" not in text or not re.fullmatch(f"(?:{_DIRECTIVES.pattern})+", text, re.DOTALL):
        raise ValueError(f'"{text}" is not a date format; write one such as "%d.%m.%Y %H:%M", "iso" or "epoch_s"')
    return text


class Model(BaseModel):
    """A part of `sources.toml`: no unknown key, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnRule(Model):
    """Where one canonical column comes from: a source column, an expression or a constant.

    `column` may name several: the first that the file has is used. `optional` names columns of
    `sql` that the file may lack; they read as empty. `minutes_after` names the time column that
    the number is counted from. `rounded_to`, `not_before` and `not_after` go together: a value that
    the source has rounded, and that lies by less than the rounding on the wrong side of another
    time, takes that time.
    """

    column: tuple[str, ...] = ()
    sql: str = ""
    value: str = ""
    format: str = ""
    optional: tuple[str, ...] = ()
    minutes_after: str = ""
    rounded_to: Literal["", "minute", "day"] = ""
    not_before: str = ""
    not_after: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, given: object) -> object:
        if isinstance(given, str):
            return {"column": (given,)}
        if isinstance(given, dict):
            given = dict(given)
            if isinstance(given.get("column"), str):
                given["column"] = (given["column"],)
            if "value" in given:
                given["value"] = constant(given["value"])
        return given

    @field_validator("format")
    @classmethod
    def _format(cls, text: str) -> str:
        return check_time_format(text)

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if [bool(self.column), bool(self.sql), "value" in self.model_fields_set].count(True) != 1:
            raise ValueError('write exactly one of "column", "sql" and "value"')
        if bool(self.rounded_to) != bool(self.not_before or self.not_after):
            raise ValueError('"rounded_to" goes with "not_before" or "not_after"')
        return self


def constant(value: object) -> str:
    """Return a TOML value as the text that an export would hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


class RejectRule(Model):
    """`optional`: leave the rule out, without a warning, where the file lacks its columns."""

    reason: str = Field(min_length=1)
    when: str = Field(min_length=1)
    optional: bool = False


class UnknownRule(RejectRule):
    """A value that is not to be believed: set empty and counted."""

    column: str


class OneRowPerKey(Model):
    """Which row of several with one key stays; the others are rejected under the reason."""

    keep: Literal["first", "last"]
    order_by: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class Export(Model):
    """One `[[export]]` of `sources.toml`, or the ready part of one that a vendor's layout gives."""

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
    path: str = ""
    url: str = Field(default="", repr=False)
    source_table: str = ""
    vendor: str = ""
    table: str = ""
    format: Format | None = None
    encoding: str = "utf-8"
    separator: str = Field(default="", max_length=1)
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    header_rows: int = Field(default=1, ge=1, le=10)
    sheet: str = ""
    time_zone: str = ""
    dates: str = ""
    missing: tuple[str, ...] = ("",)
    amounts: Literal["", "major", "minor"] = ""
    malformed: Literal["block", "reject"] = "block"
    prefix: str = ""
    accept: tuple[str, ...] = ()
    columns: dict[str, ColumnRule] = {}
    values: dict[str, dict[str, str]] = {}
    reject: tuple[RejectRule, ...] = ()
    unknown: tuple[UnknownRule, ...] = ()
    one_row_per_key: OneRowPerKey | None = None

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, name: str) -> str:
        try:
            return codecs.lookup(name).name
        except LookupError as error:
            known = ("utf-8", "utf-16", "windows-1252", "windows-1254", "windows-1256", "iso-8859-9")
            raise ValueError(f'encoding "{name}" is not known{did_you_mean(name, known)}') from error

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return zone_name(name)

    @field_validator("dates")
    @classmethod
    def _dates(cls, text: str) -> str:
        return check_time_format(text)

    @field_validator("values", mode="before")
    @classmethod
    def _texts(cls, maps: object) -> object:
        if not isinstance(maps, dict):
            return maps
        return {
            column: {str(key): constant(value) for key, value in pairs.items()} if isinstance(pairs, dict) else pairs
            for column, pairs in maps.items()
        }

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
    def _fits_together(self) -> Self:
        if bool(self.path) == bool(self.url):
            raise ValueError('write either "path" or "url"')
        if self.url and not self.url.startswith(("postgresql://", "postgres://")):
            raise ValueError('"url" must start with postgresql://')
        if (self.url or self.path.endswith(".duckdb") or self.format == "duckdb") and not self.source_table:
            raise ValueError('a database needs "source_table", such as "public.tickets"')
        if self.decimal == self.thousands:
            raise ValueError(f'"decimal" and "thousands" are both "{self.decimal}"')
        return self


def zone_name(name: str) -> str:
    """Return an IANA zone name, or "" as it is.

    Raises
    ------
    ValueError
        If there is no such zone.
    """
    if name:
        try:
            zone(name)
        except ConfigError as error:
            raise ValueError(str(error)) from error
    return name


class Workbook(Model):
    """The `[workbook]` part: whose reports these are."""

    company: str = Field(min_length=1)
    reporting_time_zone: str
    reporting_currency: str = Field(pattern=r"^[A-Z]{3}$")
    as_of: AwareDatetime | None = None
    pseudonym_key: str = Field(default="", repr=False)

    @field_validator("reporting_time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return zone_name(name)


class Sources(Model):
    """The whole of `sources.toml`."""

    workbook: Workbook
    rates: dict[str, float] = {}
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
        names = [export.name for export in self.export]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'two exports are called "{name}"; give each its own name')
        if self.rates.get(self.workbook.reporting_currency, 1.0) != 1.0:
            raise ValueError(f"the rate of {self.workbook.reporting_currency}, the reporting currency, must be 1")
        return self


def load(path: Path) -> Sources:
    """Read `sources.toml`.

    Raises
    ------
    ConfigError
        If the file is missing, is not TOML, or says something that is not known; names the key.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist; write it, as data/README.md explains") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} is not TOML: {error}. Mend that line") from error
    try:
        return Sources.model_validate(content)
    except ValidationError as error:
        found = error.errors()
        # pydantic adds that no export is left when each is wrong: the wrong ones are named already
        said = [sentence(Sources, one, content) for one in found if len(found) == 1 or one["type"] != "too_short"]
        raise ConfigError("\n".join(f"{path.name}: {sentence}" for sentence in said)) from error
