"""Time in the simulated company: whole minutes since Monday 2018-12-31 00:00 UTC.

Months are UTC months counted from 2019-01, so that the loop over months starts with an empty company.
Working time is Monday to Friday, 8 to 18 o'clock in the region of the customer.
"""

from __future__ import annotations

import numpy as np

from company.kinds import Bools, Floats, Ints, Times
from cxlib.period import Month

EPOCH = np.datetime64("2018-12-31T00:00", "m")
DAY = 1_440
WEEK = 7 * DAY
OPENS = 8 * 60
WORKING_DAY = 10 * 60
WORKING_WEEK = 5 * WORKING_DAY
BILLING_MONTH = 43_830  # 30.4375 days
BILLING_YEAR = 525_960  # 365.25 days

BEGINNING = Month(2019, 1)
FIRST_MONTH = Month(2023, 11)
LAST_MONTH = Month(2026, 10)
MONTHS = 36


def minute_of(moment: str) -> int:
    """Return the minute of an ISO date or time in UTC."""
    return int((np.datetime64(moment, "m") - EPOCH) // np.timedelta64(1, "m"))


def month_index(month: Month) -> int:
    """Return the position of a month in the simulation; 2019-01 is 0."""
    return (month.year - BEGINNING.year) * 12 + month.month - BEGINNING.month


FIRST = month_index(FIRST_MONTH)
LAST = month_index(LAST_MONTH)
EXPORTED_AT = "2026-11-09T06:00"  # UTC
AS_OF = minute_of(EXPORTED_AT)
MONTH_STARTS: Ints = np.array([minute_of(f"{BEGINNING.shift(back)}-01") for back in range(LAST + 3)], dtype=np.int64)
WINDOW_START = int(MONTH_STARTS[FIRST])

# Hours east of UTC in winter, and whether clocks go forward in summer, in the order of REGIONS.
_WINTER: Ints = np.array([60, 180, 60, 240, 0], dtype=np.int64)
_SUMMER_TIME: Ints = np.array([60, 0, 60, 0, 60], dtype=np.int64)


def _last_sunday(year: int, month: int) -> int:
    next_month = minute_of(str(Month(year, month).shift(1)) + "-01")
    last_day = next_month // DAY - 1
    return (last_day - (last_day % 7 + 1) % 7) * DAY + 60  # clocks change at 01:00 UTC


# Start and end of European summer time, alternating; an odd count of them before a minute means summer.
_CHANGES: Ints = np.array([_last_sunday(y, m) for y in range(2019, 2028) for m in (3, 10)], dtype=np.int64)


def offset(minute: Ints, region: Ints) -> Ints:
    """Return the minutes to add to UTC for the clock on the wall of each region."""
    summer = np.searchsorted(_CHANGES, minute, side="right") % 2
    return _WINTER[region] + _SUMMER_TIME[region] * summer


def to_local(minute: Ints, region: Ints) -> Ints:
    """Return the minute on the clock of each region."""
    return minute + offset(minute, region)


def to_utc(local: Ints, region: Ints) -> Ints:
    """Return the UTC minute of a local one; right wherever the local clock shows it once."""
    return local - offset(local - _WINTER[region], region)


def working_minutes(local: Ints) -> Ints:
    """Return the working minutes from the epoch to each local minute."""
    week, rest = local // WEEK, local % WEEK
    weekday, minute = rest // DAY, rest % DAY
    today = np.clip(minute - OPENS, 0, WORKING_DAY)
    return week * WORKING_WEEK + np.where(weekday < 5, weekday * WORKING_DAY + today, WORKING_WEEK)


def at_working_minute(working: Ints) -> Ints:
    """Return the local minute at which so many working minutes have passed."""
    week, rest = working // WORKING_WEEK, working % WORKING_WEEK
    return week * WEEK + rest // WORKING_DAY * DAY + OPENS + rest % WORKING_DAY


def is_working_time(local: Ints) -> Bools:
    """Return which local minutes lie in working time."""
    minute = local % DAY
    return (local % WEEK // DAY < 5) & (minute >= OPENS) & (minute < OPENS + WORKING_DAY)


# People write from 6 to 23 o'clock, most in the late morning and after lunch; nobody at night, so that
# no time falls into the hour that the clock change repeats.
_HOURS: Floats = np.array([0] * 6 + [1, 3, 7, 11, 12, 10, 7, 9, 11, 10, 8, 6, 4, 3, 3, 2, 2, 1], dtype=float)
_HOUR_SHARE: Floats = np.cumsum(_HOURS) / _HOURS.sum()
_WEEKEND_WEIGHT = 0.18


def moments(rng: np.random.Generator, month: int, region: Ints) -> Ints:
    """Draw one UTC minute in a month for each region given, by hour of day and day of week."""
    first, last = MONTH_STARTS[month] // DAY, MONTH_STARTS[month + 1] // DAY
    days = np.arange(first, last)
    weight = np.cumsum(np.where(days % 7 < 5, 1.0, _WEEKEND_WEIGHT))
    count = len(region)
    day = days[np.searchsorted(weight / weight[-1], rng.random(count), side="right")]
    hour = np.searchsorted(_HOUR_SHARE, rng.random(count), side="right")
    local = day * DAY + hour * 60 + rng.integers(0, 60, count)
    return to_utc(local, region)


def month_of(minute: Ints) -> Ints:
    """Return the index of the month that holds each minute."""
    return np.searchsorted(MONTH_STARTS, minute, side="right") - 1


def times(minute: Ints) -> Times:
    """Return naive UTC times; a minute that there is not, or that never comes, becomes NaT."""
    known = (minute >= 0) & (minute < MONTH_STARTS[-1] + 20 * BILLING_YEAR)
    moment = EPOCH + np.where(known, minute, 0).astype("timedelta64[m]")
    return np.where(known, moment, np.datetime64("NaT")).astype("datetime64[s]")
