"""Months in the reporting time zone. Nothing here reads the clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cxlib.errors import ConfigError, PeriodError


def zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name.

    ConfigError where there is none; abbreviations such as "CET" or "EST" are refused because they hide summer time.
    """
    if "/" not in name and name != "UTC":
        raise ConfigError(f'time zone "{name}": write an IANA name such as "Europe/Istanbul" or "UTC"')
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f'time zone "{name}" is not known; write an IANA name such as "Europe/Istanbul"') from error


def local_time(moment: datetime, time_zone: str) -> datetime:
    """Return a moment in naive UTC as it is in the zone."""
    return moment.replace(tzinfo=UTC).astimezone(zone(time_zone))


def day_start(day: date, time_zone: str) -> datetime:
    """Return the first instant of a day in the zone, as naive UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone(time_zone)).astimezone(UTC).replace(tzinfo=None)


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, half open: its end is the first instant of the next."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1900 <= self.year <= 2200):
            raise PeriodError(f"{self.year}-{self.month:02d} is not a month; write it as 2026-10")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read "2026-10"; PeriodError where the text has another form."""
        match = re.fullmatch(r"(\d{4})-(\d{2})", text)
        if not match:
            raise PeriodError(f'"{text}" is not a month; write it as 2026-10')
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, moment: date) -> Month:
        """Return the month that holds a date (or a local date and time)."""
        return cls(moment.year, moment.month)

    @classmethod
    def last_complete(cls, as_of: datetime, time_zone: str) -> Month:
        """Return the last month that had ended at `as_of` (UTC, naive) in the zone."""
        return cls.of(local_time(as_of, time_zone)).previous()

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def shift(self, months: int) -> Month:
        """Return the month that many months later (earlier if negative)."""
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    def previous(self) -> Month:
        return self.shift(-1)

    def trailing(self, count: int) -> tuple[Month, ...]:
        """Return `count` months that end with this one, oldest first."""
        return tuple(self.shift(-back) for back in range(count - 1, -1, -1))

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    def start(self, time_zone: str) -> datetime:
        """Return the first instant of the month in the zone, as naive UTC."""
        return day_start(self.first_day, time_zone)

    def end(self, time_zone: str) -> datetime:
        """Return the first instant after the month in the zone, as naive UTC."""
        return self.shift(1).start(time_zone)
