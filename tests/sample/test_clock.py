"""The vectorised clock against the standard library and against counting minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from company import clock
from company.kinds import DACH, MIDDLE_EAST, NEVER, NONE, NORDICS, REGIONS, TURKIYE, UK

ZONES = {
    DACH: "Europe/Berlin",
    TURKIYE: "Europe/Istanbul",
    NORDICS: "Europe/Stockholm",
    MIDDLE_EAST: "Asia/Dubai",
    UK: "Europe/London",
}
EPOCH = datetime(2018, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize("region", range(len(REGIONS)))
def test_offset_is_that_of_the_zone(region: int) -> None:
    minutes = np.arange(0, int(clock.MONTH_STARTS[-1]), 1_381)
    zone = ZoneInfo(ZONES[region])
    moments = [(EPOCH + timedelta(minutes=int(minute))).astimezone(zone) for minute in minutes]
    expected = [int((moment.utcoffset() or timedelta()).total_seconds()) // 60 for moment in moments]
    assert clock.offset(minutes, np.full(len(minutes), region)).tolist() == expected


def test_local_and_back_in_working_time() -> None:
    minutes = np.arange(0, int(clock.MONTH_STARTS[-1]), 977)
    for region in range(len(REGIONS)):
        regions = np.full(len(minutes), region)
        local = clock.to_local(minutes, regions)
        working = clock.is_working_time(local)
        assert working.sum() > 1_000
        assert (clock.to_utc(local, regions) == minutes)[working].all()


def test_working_minutes_are_those_counted_one_by_one() -> None:
    two_weeks = np.arange(2 * clock.WEEK)
    open_now = [m // clock.DAY % 7 < 5 and 8 * 60 <= m % clock.DAY < 18 * 60 for m in two_weeks.tolist()]
    counted = np.concatenate([[0], np.cumsum(open_now)[:-1]])
    assert (clock.working_minutes(two_weeks) == counted).all()


def test_at_working_minute_is_the_inverse() -> None:
    working = np.arange(0, 3 * clock.WORKING_WEEK, 7)
    assert (clock.working_minutes(clock.at_working_minute(working)) == working).all()
    assert clock.is_working_time(clock.at_working_minute(working)).all()


def test_moments_lie_in_their_month_and_never_at_night() -> None:
    rng, region = np.random.default_rng(1), np.arange(5_000) % len(REGIONS)
    for month in (clock.FIRST, clock.LAST):
        local = clock.to_local(clock.moments(rng, month, region), region)
        assert (local >= clock.MONTH_STARTS[month]).all()
        assert (local < clock.MONTH_STARTS[month + 1]).all()
        assert (local % clock.DAY >= 6 * 60).all()


def test_times_of_what_never_comes_are_missing() -> None:
    moments = clock.times(np.array([0, NONE, NEVER]))
    assert moments[0] == np.datetime64("2018-12-31T00:00:00")
    assert np.isnat(moments[1:]).all()


def test_window_is_36_months() -> None:
    assert clock.LAST - clock.FIRST + 1 == clock.MONTHS
    assert clock.times(clock.MONTH_STARTS[[clock.FIRST]])[0] == np.datetime64("2023-11-01")
