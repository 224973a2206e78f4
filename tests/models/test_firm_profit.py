"""The books carried on, against the same thing counted customer by customer."""

from __future__ import annotations

import numpy as np
import pytest

from cxlib.estimate import Floats
from cxlib.models.lifetime_value import Base, contribution, pace_after
from cxlib.models.retention_curve import survival

ALPHA, BETA = 0.8, 2.4


def paced(of: Base, alpha: float | Floats = ALPHA, beta: float | Floats = BETA) -> Floats:
    return pace_after(alpha, beta, "points", 0.05, of.age, of.customers)


def base(arrivals: float = 0.0) -> Base:
    return Base(np.array([0.5, 3.0]), np.array([30.0, 70.0]), np.array([3_000.0, 14_000.0]), arrivals, 120.0)


def test_todays_customers_month_by_month() -> None:
    middle = (np.arange(24) + 0.5) / 12
    left = [survival(ALPHA, BETA + age, middle) for age in (0.5, 3.0)]
    monthly = (3_000 * left[0] + 14_000 * left[1]) / 12
    found = contribution(base(), ALPHA, BETA, 2)
    assert found == pytest.approx([monthly[:12].sum(), monthly[12:].sum()])


def test_those_who_come_one_by_one() -> None:
    """One a month: each brings ten a month for as long as it is there, half of that in the month it comes."""
    only_new = Base(np.array([1.0]), np.array([1.0]), np.array([0.0]), 12.0, 120.0)
    expected = [0.0, 0.0]
    for came in range(24):
        for month in range(came, 24):
            there = 0.5 if month == came else float(survival(ALPHA, BETA, (month - came) / 12))
            expected[month // 12] += 10 * there
    assert contribution(only_new, ALPHA, BETA, 2) == pytest.approx(expected)


def test_nothing_changes_with_a_pace_of_one() -> None:
    assert contribution(base(24), ALPHA, BETA, 3, 1.0) == pytest.approx(contribution(base(24), ALPHA, BETA, 3))


def test_money_that_stays_whatever_happens_gains_nothing() -> None:
    """Who is kept decides: money that never leaves cannot be kept, however many more customers are."""
    gain = contribution(base(), 1e-6, 1.0, 1, paced(base())) - contribution(base(), 1e-6, 1.0, 1)
    assert gain == pytest.approx([0.0], abs=0.02)


def test_a_slower_pace_is_less_time() -> None:
    """At half the pace two years bring what one would bring twice over."""
    old = Base(np.array([2.0]), np.array([1.0]), np.array([120.0]), 0.0, 0.0)
    quick = [120 / 24 * float(survival(ALPHA, BETA + 2, (month + 0.5) / 24)) * 2 for month in range(24)]
    assert contribution(old, ALPHA, BETA, 2, 0.5).sum() == pytest.approx(sum(quick))


def test_the_gain_grows_over_the_years() -> None:
    gain = contribution(base(24), ALPHA, BETA, 5, paced(base(24))) - contribution(base(24), ALPHA, BETA, 5)
    assert (np.diff(gain) > 0).all()


def test_draws_are_those_one_at_a_time() -> None:
    alpha, beta = np.array([0.8, 1.1]), np.array([2.4, 2.0])
    drawn = Base(*vars(base()).values())
    many = Base(drawn.age, drawn.customers, drawn.contribution, np.array([[24.0], [12.0]]), np.array([[120.0], [90.0]]))
    together = contribution(many, alpha, beta, 2, paced(many, alpha, beta))
    for place, (arrivals, brings) in enumerate(((24.0, 120.0), (12.0, 90.0))):
        one = Base(drawn.age, drawn.customers, drawn.contribution, arrivals, brings)
        pace = paced(one, alpha[place], beta[place])
        assert together[place] == pytest.approx(contribution(one, alpha[place], beta[place], 2, pace))


def test_a_step_larger_than_the_churn_keeps_everybody() -> None:
    pace = paced(base(), 0.01, 9.0)
    assert pace < 0.01
    assert contribution(base(), 0.01, 9.0, 1, pace)[0] == pytest.approx(17_000, rel=1e-4)
