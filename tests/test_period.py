"""Months and time zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.errors import ConfigError, PeriodError
from cxlib.period import Month, zone

MONTHS = st.builds(Month, st.integers(1950, 2150), st.integers(1, 12))


@given(MONTHS, st.integers(-500, 500))
def test_shifting_there_and_back(month: Month, by: int) -> None:
    assert month.shift(by).shift(-by) == month
    assert (month.shift(by) > month) == (by > 0)


@given(MONTHS)
def test_text_there_and_back(month: Month) -> None:
    assert Month.parse(str(month)) == month


@given(MONTHS, st.sampled_from(["UTC", "Europe/Istanbul", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]))
def test_months_meet_without_gap_or_overlap(month: Month, name: str) -> None:
    assert month.end(name) == month.shift(1).start(name)
    inside = month.end(name) - timedelta(seconds=1)
    assert Month.of(inside.replace(tzinfo=UTC).astimezone(zone(name))) == month


def test_trailing_months_end_with_this_one() -> None:
    assert [str(m) for m in Month(2026, 2).trailing(3)] == ["2025-12", "2026-01", "2026-02"]


def test_start_of_a_month_in_istanbul_is_three_hours_earlier_in_utc() -> None:
    assert Month(2026, 10).start("Europe/Istanbul") == datetime(2026, 9, 30, 21)


@pytest.mark.parametrize(
    ("as_of", "last"),
    [("2026-11-01 00:00", "2026-10"), ("2026-10-31 21:00", "2026-10"), ("2026-10-31 20:59", "2026-09")],
)
def test_last_complete_month_in_istanbul(as_of: str, last: str) -> None:
    assert str(Month.last_complete(datetime.fromisoformat(as_of), "Europe/Istanbul")) == last


@pytest.mark.parametrize("text", ["2026-13", "2026-00"])
def test_a_number_that_is_no_month(text: str) -> None:
    with pytest.raises(PeriodError, match=f"{text} is not a month; write it as 2026-10"):
        Month.parse(text)


@pytest.mark.parametrize("text", ["2026", "10-2026", "2026-1", "2026-10-01", " 2026-10"])
def test_a_text_that_is_no_month(text: str) -> None:
    with pytest.raises(PeriodError, match=f'"{text}" is not a month; write it as 2026-10'):
        Month.parse(text)


@pytest.mark.parametrize("name", ["CET", "EST", "GMT+3"])
def test_an_abbreviation_is_no_zone(name: str) -> None:
    with pytest.raises(ConfigError, match=r'write an IANA name such as "Europe/Istanbul" or "UTC"'):
        zone(name)


def test_a_zone_that_is_not_known() -> None:
    with pytest.raises(ConfigError, match=r'time zone "Europe/Atlantis" is not known'):
        zone("Europe/Atlantis")
