"""Lifetime values against published figures, direct sums and numerical integrals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize, stats
from scipy.special import hyp2f1

from cxlib.errors import MeasureError
from cxlib.models.lifetime_value import (
    READINGS,
    Terms,
    churn_after,
    constant_uplift,
    lifetime_value,
    pace_after,
    retention_that_brings,
    scaled_uplift,
    uplift,
)
from cxlib.models.retention_curve import survival

REGULAR, HIGH_END = (0.7041, 1.1820), (0.6681, 3.8061)
ALIKE = 1e5
"""alpha + beta at which customers are all alike."""


def summed(
    alpha: float, beta: float, discount: float, growth: float = 0.0, grows_for: int = 0, shape: float = 1
) -> float:
    period = np.arange(20_000)
    margin = (1 + growth) ** np.minimum(period, grows_for)
    return float((survival(alpha, beta, period, shape) * margin * np.exp(-period * np.log1p(discount))).sum())


def test_discounted_lifetime_is_the_hypergeometric_function() -> None:
    alpha, beta, discount = np.array([0.37, 1.3, 7.9]), np.array([0.9, 4.2, 88.8]), np.array([0.03, 0.10, 0.20])
    assert lifetime_value(alpha, beta, Terms(discount)) == pytest.approx(
        hyp2f1(1, beta, alpha + beta, 1 / (1 + discount)), rel=1e-10
    )


def test_whole_numbers_are_no_exception() -> None:
    """scipy's 2F1 is not a number at alpha = 50, beta = 450."""
    near, at = (lifetime_value(alpha, 450.0, Terms(0.05)) for alpha in (50.0001, 50.0))
    assert at == pytest.approx(near, rel=1e-5)


@pytest.mark.parametrize(("segment", "value"), [(REGULAR, 3.695), (HIGH_END, 5.922)])
def test_discounted_expected_lifetime(segment: tuple[float, float], value: float) -> None:
    """The two segments of Fader and Hardie at 10 %; a constant churn of the first year would give 2.32 and 4.41."""
    assert lifetime_value(*segment, Terms(0.10)) == pytest.approx(value, abs=5e-4)
    assert lifetime_value(*segment, Terms(0.10)) == pytest.approx(summed(*segment, 0.10), rel=1e-9)
    first_year = segment[1] / sum(segment)
    assert 1.1 / (1.1 - first_year) == pytest.approx({3.695: 2.324, 5.922: 4.412}[value], abs=1e-3)


# Rise in per cent at a discount rate of 10 %, constant margin, by retention before (0.95 + 0.05: nobody leaves).
TABLE = {
    "points": (9.1, 11.1, 14.3, 20.0, 25.0, 33.3, 50.0),
    "relative": (4.3, 6.4, 9.6, 15.4, 20.5, 29.0, 46.3),
    "defections": (4.3, 4.2, 3.9, 3.4, 3.1, 2.6, 1.7),
}
RETENTION = np.array([0.50, 0.60, 0.70, 0.80, 0.85, 0.90, 0.95])


@pytest.mark.parametrize("reading", READINGS)
def test_the_table_of_three_readings(reading: str) -> None:
    assert 100 * constant_uplift(RETENTION, 0.10, reading) == pytest.approx(TABLE[reading], abs=0.05)


def test_customers_all_alike_have_the_constant_value() -> None:
    for retention in (0.6, 0.85):
        alpha, beta = (1 - retention) * ALIKE, retention * ALIKE
        assert lifetime_value(alpha, beta, Terms(0.10)) == pytest.approx(1.1 / (1.1 - retention), rel=1e-4)
        rise = uplift(alpha, beta, Terms(0.10), pace_after(alpha, beta, "points"))
        assert rise == pytest.approx(constant_uplift(retention, 0.10, "points"), rel=1e-3)


@pytest.mark.parametrize("discount", [0.05, 0.10, 0.15])
def test_exactly_a_quarter_where_retention_is_three_quarters_and_the_discount_rate(discount: float) -> None:
    assert retention_that_brings(0.25, discount) == pytest.approx(0.75 + discount)
    assert constant_uplift(0.75 + discount, discount, "points") == pytest.approx(0.25)


def test_halving_defections() -> None:
    """The published rise of 75 % in credit cards is of halved defections, 10 % to 5 %; constant margins give 33 %."""
    assert constant_uplift(0.90, 0.10, "defections", 0.5) == pytest.approx(1 / 3)


def test_the_credit_card_example_needs_what_was_not_published() -> None:
    """Reichheld and Sasser (1990): a customer costs 51 to win, brings 30, 42, 44, 49 and 55 in five years, and is
    worth 134 at 20 % defections, 300 at 10 % and 525 at 5 %.

    Lives of 1 / defections years (5, 10, 20) and one discount rate found from the first value reproduce the other two
    to 6 % if nothing grows after year five. Neither the rate nor those later profits were published, so it is a
    reconstruction and not a replication.
    """
    profits = np.array([30.0, 42, 44, 49, 55] + 15 * [55.0])

    def worth(years: int, discount: float) -> float:
        return float((profits[:years] / (1 + discount) ** np.arange(1, years + 1)).sum()) - 51

    discount = optimize.brentq(lambda rate: worth(5, rate) - 134, 0.0, 0.5)
    assert 0.04 < discount < 0.07
    assert worth(10, discount) == pytest.approx(300, rel=0.06)
    assert worth(20, discount) == pytest.approx(525, rel=0.06)
    assert worth(20, discount) / worth(10, discount) - 1 == pytest.approx(0.75, abs=0.02)


def test_value_with_growth_that_stops() -> None:
    assert lifetime_value(*HIGH_END, Terms(0.10, 0.07, 6)) == pytest.approx(summed(*HIGH_END, 0.10, 0.07, 6), rel=1e-9)
    assert lifetime_value(*HIGH_END, Terms(0.10, -0.30, 4)) == pytest.approx(
        summed(*HIGH_END, 0.10, -0.30, 4), rel=1e-9
    )
    assert lifetime_value(*HIGH_END, Terms(0.10, -2.0, 4)) == pytest.approx(1.0)  # nothing is left after the first


def test_value_up_to_a_horizon() -> None:
    period = np.arange(5)
    direct = (survival(*REGULAR, period) * 1.05 ** np.minimum(period, 3) / 1.1**period).sum()
    assert lifetime_value(*REGULAR, Terms(0.10, 0.05, 3, 5)) == pytest.approx(direct)


def test_value_of_a_curve_whose_risks_change() -> None:
    assert lifetime_value(1.2, 3.6, Terms(0.10), shape=1.4) == pytest.approx(summed(1.2, 3.6, 0.10, shape=1.4))


def test_arrays_are_broadcast() -> None:
    alpha, discount = np.array([0.7, 0.9, 1.1]), np.array([0.05, 0.10])[:, None]
    values = lifetime_value(alpha, 2.0, Terms(discount, np.array([0.0, 0.1, 0.2]), 3))
    assert values.shape == (2, 3)
    assert values[1, 2] == pytest.approx(summed(1.1, 2.0, 0.10, 0.2, 3))


def test_readings_in_order_of_size() -> None:
    rises = [uplift(*REGULAR, Terms(0.10), pace_after(*REGULAR, reading)) for reading in READINGS]
    assert rises[0] > rises[1] > rises[2] > 0


def test_a_scaled_uplift_moves_the_mean_and_holds_the_polarization() -> None:
    churn = REGULAR[0] / sum(REGULAR)
    total = sum(REGULAR)
    after = ((churn - 0.05) * total, (1 - churn + 0.05) * total)
    direct = summed(*after, 0.10) / summed(*REGULAR, 0.10) - 1
    factor = (churn - 0.05) / churn
    assert scaled_uplift(*REGULAR, Terms(0.10), factor) == pytest.approx(direct, rel=1e-9)


def test_a_step_larger_than_the_churn_leaves_nobody_to_lose() -> None:
    assert churn_after(0.03, "points") < 1e-5
    alpha, beta = 0.03 * 5, 0.97 * 5
    pace = pace_after(alpha, beta, "points")
    rise = uplift(alpha, beta, Terms(0.10), pace)
    assert pace < 1e-4
    assert (1 + rise) * lifetime_value(alpha, beta, Terms(0.10)) == pytest.approx(11.0, rel=1e-3)


def test_risks_that_fall_in_proportion_help_less() -> None:
    """A customer who stays with p stays with p^s: the survival of a mixture, integrated over customers."""
    alpha, beta = 0.8, 3.0

    def left(time: float, slower: float) -> float:
        def stays(theta: float) -> float:
            return (1 - theta) ** (slower * time) * stats.beta.pdf(theta, alpha, beta)

        return float(integrate.quad(stays, 0, 1)[0])

    slower = optimize.brentq(lambda s: left(1, s) - (beta / (alpha + beta) + 0.05), 0.1, 1)
    years = 30
    before, after = (sum(left(k, s) / 1.1**k for k in range(years)) for s in (1.0, slower))
    terms, pace = Terms(0.10, horizon=years), pace_after(alpha, beta, "points")
    assert pace == pytest.approx(slower)
    assert uplift(alpha, beta, terms, pace) == pytest.approx(after / before - 1, rel=1e-5)
    churn = alpha / (alpha + beta)
    assert uplift(alpha, beta, terms, pace) < scaled_uplift(alpha, beta, terms, (churn - 0.05) / churn)


def test_the_pace_of_customers_who_have_been_there() -> None:
    """Thirty of half a year and seventy of three: five of the hundred more are there a year on, in each draw."""
    alpha, beta, age, count = np.array([0.8, 1.1]), np.array([2.4, 2.0]), np.array([0.5, 3.0]), np.array([30.0, 70.0])
    pace = pace_after(alpha, beta, "points", 0.05, age, count)
    for place in range(2):
        left = [survival(alpha[place], beta[place] + age, by) @ count for by in (1.0, pace[place])]
        assert left[1] - left[0] == pytest.approx(5)
        assert pace_after(alpha[place], beta[place], "points", 0.05, age, count) == pytest.approx(pace[place])


def test_a_pace_of_a_curve_whose_risks_change() -> None:
    """A customer who stays t years with p^(t^c) stays them with p^(pace t^c)."""
    pace, years = 0.7, np.arange(40)
    left = survival(1.2, 3.6, pace ** (1 / 1.4) * years, 1.4) @ (1 / 1.1**years)
    assert lifetime_value(1.2, 3.6, Terms(0.10, horizon=40), 1.4, pace) == pytest.approx(left)


def test_a_whole_life_needs_a_discount_rate() -> None:
    with pytest.raises(MeasureError, match="a whole life cannot be valued at a discount rate of 0: give one above 0"):
        lifetime_value(*REGULAR, Terms(0.0))
    assert lifetime_value(*REGULAR, Terms(0.0, horizon=2)) == pytest.approx(1 + REGULAR[1] / sum(REGULAR))
