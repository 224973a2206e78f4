"""The books carried on, against the same thing counted customer by customer."""

from __future__ import annotations

import numpy as np
import pytest

from cxlib.estimate import Floats
from cxlib.models.lifetime_value import contribution, pace_after
from cxlib.models.retention_curve import survival

ALPHA, BETA = 0.8, 2.4


AGE, COUNT, BRINGS = np.array([0.5, 3.0]), np.array([30.0, 70.0]), np.array([3_000.0, 14_000.0])


def paced(alpha: float | Floats = ALPHA, beta: float | Floats = BETA) -> Floats:
    return pace_after(alpha, beta, "points", 0.05, AGE, COUNT)


def brought(years: int, pace: float | Floats = 1.0, arrivals: float = 0.0) -> Floats:
    return contribution(AGE, BRINGS, arrivals * 120.0, ALPHA, BETA, years, pace)


def test_todays_customers_month_by_month() -> None:
    middle = (np.arange(24) + 0.5) / 12
    left = [survival(ALPHA, BETA + age, middle) for age in (0.5, 3.0)]
    monthly = (3_000 * left[0] + 14_000 * left[1]) / 12
    found = brought(2)
    assert found == pytest.approx([monthly[:12].sum(), monthly[12:].sum()])


def test_those_who_come_one_by_one() -> None:
    """One a month: each brings ten a month for as long as it is there, half of that in the month it comes."""
    expected = [0.0, 0.0]
    for came in range(24):
        for month in range(came, 24):
            there = 0.5 if month == came else float(survival(ALPHA, BETA, (month - came) / 12))
            expected[month // 12] += 10 * there
    assert contribution(np.ones(1), np.zeros(1), 12 * 120.0, ALPHA, BETA, 2) == pytest.approx(expected)


def test_nothing_changes_with_a_pace_of_one() -> None:
    assert brought(3, paced() ** 0, arrivals=24) == pytest.approx(brought(3, arrivals=24))


def test_money_that_stays_whatever_happens_gains_nothing() -> None:
    """Who is kept decides: money that never leaves cannot be kept, however many more customers are."""
    gain = np.diff([contribution(AGE, BRINGS, 0.0, 1e-6, 1.0, 1, pace) for pace in (1.0, paced())], axis=0)[0]
    assert gain == pytest.approx([0.0], abs=0.02)


def test_a_slower_pace_is_less_time() -> None:
    """At half the pace two years bring what one would bring twice over."""
    quick = [120 / 24 * float(survival(ALPHA, BETA + 2, (month + 0.5) / 24)) * 2 for month in range(24)]
    assert contribution(np.array([2.0]), np.array([120.0]), 0.0, ALPHA, BETA, 2, 0.5).sum() == pytest.approx(sum(quick))


def test_the_gain_grows_over_the_years() -> None:
    gain = brought(5, paced(), arrivals=24) - brought(5, arrivals=24)
    assert (np.diff(gain) > 0).all()


def test_draws_are_those_one_at_a_time() -> None:
    alpha, beta = np.array([0.8, 1.1]), np.array([2.4, 2.0])
    coming = np.array([[24.0 * 120.0], [12.0 * 90.0]])
    together = contribution(AGE, BRINGS, coming, alpha, beta, 2, paced(alpha, beta))
    for found, come, a, b in zip(together, coming[:, 0], alpha, beta, strict=True):
        assert found == pytest.approx(contribution(AGE, BRINGS, come, a, b, 2, paced(a, b)))


def test_a_step_larger_than_the_churn_keeps_everybody() -> None:
    pace = paced(0.01, 9.0)
    assert pace < 0.01
    assert contribution(AGE, BRINGS, 0.0, 0.01, 9.0, 1, pace)[0] == pytest.approx(17_000, rel=1e-4)
