"""The books carried on, against the same thing counted customer by customer."""

from __future__ import annotations

import numpy as np
import pytest

from cxlib.models.lifetime_value import Base, contribution, factor_for, first_year_bound
from cxlib.models.retention_curve import survival

ALPHA, BETA = 0.8, 2.4


def base(arrivals: float = 0.0) -> Base:
    return Base(np.array([0.5, 3.0]), np.array([30.0, 70.0]), np.array([3_000.0, 14_000.0]), arrivals, 120.0)


def test_the_factor_keeps_five_in_a_hundred_more() -> None:
    """Year one, counted at its end: 5 of 100 customers more are there."""
    factor = factor_for(base(), ALPHA, BETA)
    churn = np.array([0.8 / 3.7, 0.8 / 6.2])
    assert ((1 - factor) * churn * base().customers).sum() == pytest.approx(5)


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


def test_nothing_changes_with_a_factor_of_one() -> None:
    assert contribution(base(24), ALPHA, BETA, 3, 1.0) == pytest.approx(contribution(base(24), ALPHA, BETA, 3))


def test_the_first_year_never_brings_more_than_its_bound() -> None:
    for alpha, beta in ((0.8, 2.4), (2.0, 3.0), (50.0, 200.0)):
        factor = factor_for(base(), alpha, beta)
        before, after = (contribution(base(), alpha, beta, 1, by)[0] for by in (1.0, factor))
        profit = 2_000.0
        assert 0 < (after - before) / profit < first_year_bound(base(), profit)


def test_the_gain_grows_over_the_years() -> None:
    factor = factor_for(base(24), ALPHA, BETA)
    gain = contribution(base(24), ALPHA, BETA, 5, factor) - contribution(base(24), ALPHA, BETA, 5)
    assert (np.diff(gain) > 0).all()


def test_draws_are_those_one_at_a_time() -> None:
    alpha, beta = np.array([0.8, 1.1]), np.array([2.4, 2.0])
    drawn = Base(*vars(base()).values())
    many = Base(drawn.age, drawn.customers, drawn.contribution, np.array([[24.0], [12.0]]), np.array([[120.0], [90.0]]))
    together = contribution(many, alpha, beta, 2, factor_for(many, alpha, beta))
    for place, (arrivals, brings) in enumerate(((24.0, 120.0), (12.0, 90.0))):
        one = Base(drawn.age, drawn.customers, drawn.contribution, arrivals, brings)
        factor = factor_for(one, alpha[place], beta[place])
        assert together[place] == pytest.approx(contribution(one, alpha[place], beta[place], 2, factor))


def test_a_step_larger_than_the_churn_keeps_everybody() -> None:
    assert factor_for(base(), 0.01, 9.0) == pytest.approx(1e-6)
    assert contribution(base(), 0.01, 9.0, 1, 1e-6)[0] == pytest.approx(17_000, rel=1e-4)
