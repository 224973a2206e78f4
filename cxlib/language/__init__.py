"""What depends on the reader's language: sentences, numbers, dates, durations.

English sentences are their own key; another language is a gettext catalog beside this file.
"""

import gettext
import math
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_compact_currency, format_currency, format_decimal, format_percent
from babel.units import format_unit

from cxlib.errors import ConfigError
from cxlib.period import Month, local_time

AVAILABLE = ("en",)
CATALOGS = Path(__file__).parent / "catalogs"

MINUS = "\N{MINUS SIGN}"

DURATIONS = {"minutes": 1.0, "days": 1440.0}
"""Units of time that are shown in the unit a person would use, in minutes."""

DURATION_UNITS = {10: ("minute", 1, 1), 90: ("minute", 1, 0), 48 * 60: ("hour", 60, 1), math.inf: ("day", 1440, 1)}
"""Below how many minutes a duration is shown in which unit, its length in minutes, and with how many decimals."""

POINTS = {"share": ("per cent", 100), "points": ("", 1)}
"""Units whose differences are said in points: as what, and times what."""

COUNTS = ("", "points", "customers", "tickets", "answers", "opportunities", "subscriptions", "accounts", "orders")
"""Units that are shown as whole numbers."""


@dataclass(frozen=True)
class Language:
    """A reader's language by its code, such as "en"; ConfigError where there is no catalog for it."""

    code: str = "en"

    def __post_init__(self) -> None:
        if self.code not in AVAILABLE:
            raise ConfigError(f'language "{self.code}" is not available; there are: {", ".join(AVAILABLE)}')

    @cached_property
    def locale(self) -> Locale:
        return Locale.parse(self.code)

    @cached_property
    def _catalog(self) -> gettext.NullTranslations:
        return gettext.translation("cxlib", CATALOGS, [self.code], fallback=True)

    @property
    def direction(self) -> str:
        return self.locale.text_direction

    def text(self, message: str, **values: object) -> str:
        """Return a sentence in the language with its `{placeholders}` filled."""
        return self._catalog.gettext(message).format_map(values) if values else self._catalog.gettext(message)

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with grouping and exactly `digits` decimals.

        >>> Language("en").number(10412.5, 1)
        '10,412.5'
        """
        return _minus(format_decimal(value, _pattern(digits), locale=self.locale, decimal_quantization=True))

    def percent(self, share: float, digits: int = 1) -> str:
        """Return a share as per cent.

        >>> Language("en").percent(0.8734)
        '87.3%'
        """
        pattern = self.locale.percent_formats[None].pattern.replace("#,##0", _pattern(digits))
        return _minus(format_percent(share, pattern, locale=self.locale))

    def money(self, amount: float, currency: str, like: float | None = None) -> str:
        """Return an amount without cents; from a million on in short form, if `like` is as large.

        >>> Language("en").money(412300.4, "EUR")
        '€412,300'
        """
        if min(abs(amount), abs(amount if like is None else like)) >= 1_000_000:
            return _minus(format_compact_currency(amount, currency, locale=self.locale, fraction_digits=2))
        return _minus(format_currency(amount, currency, "¤#,##0", locale=self.locale, currency_digits=False))

    def duration(self, minutes: float, like: float | None = None) -> str:
        """Return a duration in the unit a person would use, or in the unit that suits `like`.

        >>> Language("en").duration(42), Language("en").duration(318), Language("en").duration(5000)
        ('42 min', '5.3 hr', '3.5 days')
        >>> Language("en").duration(42, like=318)
        '0.7 hr'
        """
        size = abs(minutes if like is None else like)
        unit, scale, digits = next(told for below, told in DURATION_UNITS.items() if size < below)
        value = round(minutes / scale, digits)
        pattern = _pattern(digits if value % 1 else 0)
        return _minus(format_unit(value, f"duration-{unit}", "short", format=pattern, locale=self.locale))

    def measure(self, value: float, unit: str, like: float | None = None) -> str:
        """Return a measured value with its unit ("share", "points", "minutes", "EUR a month", a count).

        A duration is given in the unit that suits `like`, so that the two ends of an interval share one.
        A unit that is not known here is what a sentence calls it; averages of things counted ("people", …) keep
        one decimal below a hundred.
        """
        if math.isnan(value):
            return "–"
        if math.isinf(value):
            return self.text("no limit")
        if unit.endswith(" difference"):
            return self.difference(value, unit.removesuffix(" difference"), like)
        if unit == "share":
            return self.percent(value)
        if unit in DURATIONS:
            return self.duration(value * DURATIONS[unit], None if like is None else like * DURATIONS[unit])
        if _is_money(unit):
            return self.money(value, unit[:3], like)
        return self.number(value, _digits(value if like is None else like, unit))

    def difference(self, value: float, unit: str, like: float | None = None) -> str:
        """Return a difference with its sign; shares differ in percentage points."""
        unit = unit.removesuffix(" difference")
        if unit in POINTS:
            bare, scale = POINTS[unit]
            return self.text("{number} points", number=self.difference(scale * value, bare))
        shown = self.number(value, 1) if unit == "per cent" else self.measure(value, unit, like)
        return "+" + shown if value > 0 and _is_not_zero(shown) else shown

    def interval(self, low: float, high: float, unit: str, like: float | None = None) -> str:
        """Return "84.9% to 89.4%"; of a difference, whose unit ends so, "−1.2 to +0.8 points".

        Both ends are in the unit of time that suits `like`, the value between them, or else the one further from zero.
        """
        bare = unit.removesuffix(" difference")
        if bare != unit and bare in POINTS:
            bare, scale = POINTS[bare]
            first, last = (self.difference(scale * end, bare) for end in (low, high))
            return self.text("{low} to {high} points", low=first, high=last)
        ends = [end for end in (low, high) if math.isfinite(end)]
        if like is None or _is_money(bare):  # an amount is short only where the other is
            like = (min if _is_money(bare) else max)(ends, key=abs, default=0.0)
        first, last = (self.measure(end, unit, like) for end in (low, high))
        return self.text("{low} to {high}", low=first, high=last)

    def month(self, month: Month) -> str:
        """Return "October 2026"."""
        return format_date(month.first_day, "LLLL y", locale=self.locale)

    def month_short(self, month: Month) -> str:
        """Return "Oct 26", for axes."""
        return format_date(month.first_day, "LLL yy", locale=self.locale)

    @property
    def weekdays(self) -> list[str]:
        """Short names of the days of a week, Monday first."""
        return [self.locale.days["format"]["abbreviated"][number] for number in range(7)]

    def country(self, code: str) -> str:
        return str(self.locale.territories.get(code, code))

    def day(self, day: date) -> str:
        """Return "9 November 2026"."""
        return format_date(day, "d MMMM y", locale=self.locale)

    def moment(self, utc: datetime, time_zone: str) -> str:
        """Return a UTC moment in a time zone, with the zone's name."""
        local = local_time(utc, time_zone)
        return f"{format_datetime(local, 'd MMMM y, HH:mm', locale=self.locale)} ({time_zone})"


def _is_money(unit: str) -> bool:
    """Return whether a unit is a currency ("EUR"), or one a month ("EUR a month")."""
    currency = unit.removesuffix(" a month")
    return len(currency) == 3 and currency.isalpha() and currency.isupper()


def is_plain(unit: str) -> bool:
    """Return whether a number of this unit is written without a sign of its unit."""
    return unit not in ("share", *DURATIONS) and not unit.endswith(" difference") and not _is_money(unit)


def _digits(size: float, unit: str) -> int:
    if unit in COUNTS or abs(size) >= 100:
        return 0
    return 2 if unit == "ratio" else 1


def _pattern(digits: int) -> str:
    return "#,##0" + ("." + "0" * digits if digits else "")


def _minus(text: str) -> str:
    """Return a formatted number with a real minus sign, and none before what rounds to zero."""
    if not text.startswith("-"):
        return text
    return MINUS + text[1:] if _is_not_zero(text) else text[1:]


def _is_not_zero(shown: str) -> bool:
    return any(mark.isdigit() and int(mark) for mark in shown)
