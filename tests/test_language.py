"""Numbers, durations and dates in the reader's language."""

from __future__ import annotations

import doctest
from datetime import datetime

import pytest

import cxlib.language
from cxlib.errors import ConfigError
from cxlib.language import Language
from cxlib.period import Month

ENGLISH = Language("en")


def test_examples_in_the_docstrings() -> None:
    assert doctest.testmod(cxlib.language).failed == 0
    assert doctest.testmod(cxlib.language).attempted >= 5


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.87345, "share", "87.3%"),
        (41.4, "points", "41"),
        (-12.0, "points", "−12"),
        (-0.2, "points", "0"),
        (0.4, "minutes", "0.4 min"),
        (61.0, "minutes", "61 min"),
        (600.0, "minutes", "10 hr"),
        (10412.0, "tickets", "10,412"),
        (636166.85, "EUR a month", "€636,167"),
        (1_234_567.0, "USD a month", "$1.23M"),
        (float("nan"), "share", "–"),
        (float("inf"), "minutes", "no limit"),
    ],
)
def test_a_measure_with_its_unit(value: float, unit: str, shown: str) -> None:
    assert ENGLISH.measure(value, unit) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.043, "share", "+4.3 points"),
        (-0.043, "share", "−4.3 points"),
        (10.0, "points", "+10 points"),
        (0.0001, "share", "0.0 points"),
        (-37.0, "minutes", "−37 min"),
        (15034.0, "EUR a month", "+€15,034"),
        (8.0, "tickets", "+8"),
    ],
)
def test_a_difference_has_its_sign(value: float, unit: str, shown: str) -> None:
    assert ENGLISH.difference(value, unit) == shown


def test_both_ends_of_an_interval_share_a_unit() -> None:
    assert ENGLISH.interval(64, 135, "minutes") == "1.1 hr to 2.2 hr"
    assert ENGLISH.interval(-120, 17, "minutes difference") == "−2 hr to +0.3 hr"
    assert ENGLISH.interval(-0.176, 0.089, "share difference") == "−17.6 to +8.9 points"
    assert ENGLISH.interval(64, float("inf"), "minutes") == "64 min to no limit"


def test_months_and_moments() -> None:
    assert ENGLISH.month(Month(2026, 10)) == "October 2026"
    assert ENGLISH.month_short(Month(2026, 10)) == "Oct 26"
    assert ENGLISH.moment(datetime(2026, 11, 9, 6), "Europe/Istanbul") == "9 November 2026, 09:00 (Europe/Istanbul)"


def test_a_language_without_catalog_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'language "tlh" is not available; there are: en'):
        Language("tlh")


def test_direction() -> None:
    assert ENGLISH.direction == "ltr"
