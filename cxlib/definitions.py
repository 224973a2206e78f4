"""`definitions.toml`: what the company means by its words, read strictly. Without the file nothing is assumed.

It lies beside the sources file. A number that rests on a definition the owner has not given is not told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

import pandas as pd
from pydantic import BeforeValidator, Field, field_validator, model_validator

from cxlib.nearest import did_you_mean
from cxlib.period import zone
from cxlib.toml import Strict, read_toml

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")


class Interval(NamedTuple):
    """From one minute of a day to another; 1440 is its end."""

    opens: int
    closes: int

    def __str__(self) -> str:
        return "–".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in self)


class Stretch(NamedTuple):
    """Open or closed hours (naive UTC), with the minutes that were open before: a difference of two is a wait."""

    begins: datetime
    until: datetime
    is_open: bool
    minutes_before: float


def _opening(text: object) -> object:
    """Read "09:00-12:30, 13:30-18:00"; an empty text is a day on which nobody works."""
    if not isinstance(text, str):
        return text
    intervals = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        match = _HOURS.fullmatch(part)
        hours = [int(one) for one in match.groups()] if match else [0, 60, 0, 60]
        one = Interval(hours[0] * 60 + hours[1], hours[2] * 60 + hours[3])
        if max(hours[1], hours[3]) > 59 or not one.opens < one.closes <= 1440:
            raise ValueError(f'"{part}" is not from when to when on one day; write it as "09:00-18:00"')
        intervals.append(one)
    if any(later.opens < earlier.closes for earlier, later in pairwise(intervals)):
        raise ValueError(f'"{text}" overlaps or is out of order')
    return tuple(intervals)


Opening = Annotated[tuple[Interval, ...], BeforeValidator(_opening)]


def _days(weekly: object) -> object:
    """Read the days of a week, one by one or as "monday-friday"."""
    if not isinstance(weekly, dict):
        return weekly
    each: dict[str, object] = {}
    for key, hours in weekly.items():
        first, _, last = key.partition("-")
        for name in filter(None, (first, last)):
            if name not in WEEK:
                raise ValueError(f'"{name}" is not a day of the week{did_you_mean(name, WEEK)}')
        start, end = WEEK.index(first), WEEK.index(last or first)
        span = WEEK[start : end + 1] if start <= end else WEEK[start:] + WEEK[: end + 1]
        if twice := each.keys() & set(span):
            raise ValueError(f"{', '.join(sorted(twice))} stands in it twice")
        each |= dict.fromkeys(span, hours)
    return each


@cache
def free_days(country: str, category: str, year: int) -> frozenset[date]:
    """Return the days of a year that are free, or half free, in a country; none of one that is not known."""
    import holidays  # it takes a sixth of a second, for which not every command waits

    known = getattr(holidays, country, None) if country else None
    if known is None or category not in known.supported_categories:
        return frozenset()
    return frozenset(known(years=year, categories=(category,)))


class Hours(Strict):
    """The weekly hours in force from a day on; days that are not named are days off."""

    valid_from: date = date.min
    weekly: Annotated[dict[str, Opening], BeforeValidator(_days)]


class OwnDay(Strict):
    """A day that differs from its weekday and from the public holidays."""

    day: date
    open: Opening


class Calendar(Strict):
    """When a team works. Without `groups` it is the calendar of every group that no other one names."""

    name: str = Field(min_length=1)
    zone: str
    groups: tuple[str, ...] = ()
    holidays: str = ""  # ISO code of the country whose public holidays are free
    half_day_ends: time = time(13)
    hours: tuple[Hours, ...] = Field(min_length=1)
    day: tuple[OwnDay, ...] = ()

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        return zone(name).key

    @field_validator("holidays")
    @classmethod
    def _known_country(cls, code: str) -> str:
        from holidays import list_supported_countries  # see free_days

        if code and code not in (countries := list_supported_countries()):
            raise ValueError(f'no holidays of "{code}" are known{did_you_mean(code, countries)}; write TR, IR, DE, …')
        return code

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        begins = [one.valid_from for one in self.hours]
        if begins != sorted(set(begins)):
            raise ValueError("the hours stand in the order of valid_from, each once")
        return self

    def open_on(self, day: date) -> tuple[Interval, ...]:
        """Return the hours of one local day: its own, else a holiday's, else those of the week in force."""
        own = [one.open for one in self.day if one.day == day]
        in_force = [one for one in self.hours if one.valid_from <= day]
        if own or not in_force:
            return own[0] if own else ()
        usual = in_force[-1].weekly.get(WEEK[day.weekday()], ())
        if day in free_days(self.holidays, "public", day.year):
            return ()
        if day not in free_days(self.holidays, "half_day", day.year):
            return usual
        ends = self.half_day_ends.hour * 60 + self.half_day_ends.minute
        return tuple(Interval(opens, min(closes, ends)) for opens, closes in usual if opens < ends)

    def stretches(self, first: date, last: date) -> list[Stretch]:
        """Return all time from one day to another (UTC, both whole), cut where work begins or ends and at midnight."""
        begin, days = datetime.combine(first, time()), (last - first).days + 1
        place, starts, ends = zone(self.zone), set[datetime](), set[datetime]()
        for number in range(-1, days + 1):
            midnight = datetime.combine(first + timedelta(days=number), time(), place)
            for interval in self.open_on(midnight.date()):
                # minutes are added to the clock on the wall, so a day on which it is set has fewer or more of them
                opens, closes = (_utc(midnight + timedelta(minutes=minute)) for minute in interval)
                starts.add(opens)
                ends.add(closes)
        nights = {begin + timedelta(days=number) for number in range(days + 1)}
        stretches, is_open, minutes = list[Stretch](), False, 0.0
        for begins, until in pairwise(sorted(nights | starts | ends)):
            is_open = begins in starts or (is_open and begins not in ends)
            stretches.append(Stretch(begins, until, is_open, minutes))
            minutes += (until - begins).total_seconds() / 60 if is_open else 0.0
        return [one for one in stretches if begin <= one.begins < begin + timedelta(days=days)]


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


class Promise(Strict):
    """How soon a request is to be answered and solved: a service level. The most exact one that fits holds."""

    priority: str = ""
    group: str = ""
    first_reply_minutes: float = Field(default=0, ge=0)
    resolution_minutes: float = Field(default=0, ge=0)
    clock: Literal["business", "calendar"] = "business"

    @model_validator(mode="after")
    def _promises_something(self) -> Self:
        if not (self.first_reply_minutes or self.resolution_minutes):
            raise ValueError("write first_reply_minutes, resolution_minutes or both")
        return self


class Definitions(Strict):
    """All that `definitions.toml` says."""

    calendar: tuple[Calendar, ...] = ()
    service_level: tuple[Promise, ...] = ()
    targets: dict[str, float] = Field(default={})

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [one.name for one in self.calendar]
        groups = [group for one in self.calendar for group in one.groups or ("",)]
        levels = [(one.priority.lower(), one.group.lower()) for one in self.service_level]
        given: list[tuple[Sequence[object], str]] = [
            (names, "calendar"),
            (groups, "group with a calendar"),
            (levels, "service level"),
        ]
        for said, words in given:
            if twice := {str(one or "without groups") for one in said if said.count(one) > 1}:
                raise ValueError(f"{words} {', '.join(sorted(twice))} stands in it twice")
        if not self.calendar and any(one.clock == "business" for one in self.service_level):
            raise ValueError('a service level on the business clock needs a [[calendar]], or clock = "calendar"')
        return self

    @property
    def id(self) -> str:
        """Which definitions these are: the same text for the same meaning, an empty one for none."""
        return "" if self == Definitions() else hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def relations(self, first: date, last: date) -> dict[str, pd.DataFrame]:
        """Return what facts read of them, by name: `open_hours` from one day to another, `works`, `promised`."""
        hours = [(one.name, *stretch) for one in self.calendar for stretch in one.stretches(first, last)]
        works = [(group, one.name) for one in self.calendar for group in one.groups or ("",)]
        promised = [
            (one.priority.lower(), one.group.lower(), one.first_reply_minutes, one.resolution_minutes, one.clock)
            for one in self.service_level
        ]
        minutes, moment = dict.fromkeys(("first_reply_minutes", "resolution_minutes"), "float"), "datetime64[us]"
        return {
            "open_hours": _frame(
                hours, calendar="str", begins=moment, until=moment, is_open="bool", minutes_before="float"
            ),
            "works": _frame(works, agent_group="str", calendar="str"),
            "promised": _frame(promised, priority="str", agent_group="str", **minutes, clock="str"),
        }


def _frame(rows: Sequence[tuple[object, ...]], **kinds: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def load_definitions(sources: Path) -> Definitions:
    """Read the definitions beside a sources file; none where there is no such file. Raises ConfigError."""
    path = sources.parent / "definitions.toml"
    return read_toml(path, Definitions, "") if path.exists() else Definitions()
