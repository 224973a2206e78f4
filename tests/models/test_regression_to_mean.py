"""Regression to the mean against the paper's example, integration, and scores with a known reliability."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from cxlib.models.regression_to_mean import expected_change, movement


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9])
def test_the_example_of_barnett_and_colleagues(correlation: float) -> None:
    """Mean 60, standard deviation 15, cutoff 40, their published code's setting: against plain integration."""

    def below(weight: object) -> float:
        return float(integrate.quad(lambda x: weight(x) * stats.norm.pdf(x, 60, 15), -100, 40)[0])  # type: ignore[operator]

    share = below(lambda x: 1.0)
    first = below(lambda x: x) / share
    second = below(lambda x: 60 + correlation * (x - 60)) / share
    assert expected_change(15, correlation, 40, 60) == pytest.approx(second - first)


def test_without_any_correlation_the_mean_of_all_is_reached() -> None:
    """C(z) at z = 4/3 is 1.798: sigma C(z) = 26.97 points."""
    assert expected_change(15, 0.0, 40, 60) == pytest.approx(26.97, abs=0.005)
    assert expected_change(15, 1.0, 40, 60) == 0


def test_the_worst_tenth_with_a_reliability_of_a_half() -> None:
    """In standard deviations of the true score: picked at -2.48, at -1.24 the next time with nothing done."""
    spread = np.sqrt(2)
    cutoff = spread * stats.norm.ppf(0.1)
    picked = -spread * stats.norm.pdf(stats.norm.ppf(0.1)) / 0.1
    assert picked == pytest.approx(-2.482, abs=5e-4)
    assert picked + expected_change(spread, 0.5, cutoff, 0.0) == pytest.approx(-1.241, abs=5e-4)


def test_a_cutoff_below_everybody_still_has_an_answer() -> None:
    assert expected_change(1.0, 0.5, -60.0, 0.0) == pytest.approx(30, rel=0.01)


def test_the_lowest_tenth_takes_all_of_its_last_score() -> None:
    for first, cutoff in ((range(1, 11), 1), ([1, 2, 2, 4, 5, 6, 7, 8, 9, 10, 11], 2)):
        found = movement(first, np.arange(len(first)), range(len(first)), 0.1)
        assert found is not None
        assert found.cutoff == cutoff


def scores(count: int, reliability: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    own = rng.normal(size=count) * np.sqrt(reliability)
    return tuple(7 + 1.5 * (own + rng.normal(size=count) * np.sqrt(1 - reliability)) for _ in range(2))


def test_scores_with_a_known_reliability_move_as_the_formula_says() -> None:
    one, two = scores(40_000, 0.5)
    found = movement(one, two, np.arange(40_000), 0.1)
    assert found is not None
    assert found.correlation.value == pytest.approx(0.5, abs=0.02)
    assert found.observed.value == pytest.approx(found.expected, abs=0.03)
    assert found.observed.value == pytest.approx(1.5 * 0.5 * 1.755, abs=0.03)
    assert found.observed.value == pytest.approx(found.second.value - found.first.value)
    assert found.first.n == 4_000


def test_whole_points_move_nearly_as_the_formula_says() -> None:
    one, two = (np.clip(np.rint(score), 0, 10) for score in scores(40_000, 0.4))
    found = movement(one, two, np.arange(40_000), 0.1)
    assert found is not None
    assert found.observed.value == pytest.approx(found.expected, rel=0.1)


def test_pairs_of_one_customer_widen_the_interval() -> None:
    one, two = scores(400, 0.5)
    alone = movement(one, two, np.arange(400), 0.2)
    twice = movement(np.repeat(one, 2), np.repeat(two, 2), np.repeat(np.arange(400), 2), 0.2)
    assert alone is not None
    assert twice is not None
    assert twice.observed.high == pytest.approx(alone.observed.high, rel=0.02)
    assert twice.observed.n == 2 * alone.observed.n


def test_scores_that_do_not_differ_tell_nothing() -> None:
    assert movement([5, 5, 5, 5], [4, 5, 6, 7], range(4), 0.1) is None
    assert movement([1, 2, 3], [1, 2, 3], range(3), 0.1) is None


def test_few_picked_are_not_shown_and_one_customer_has_no_limits() -> None:
    few = movement(np.arange(30), np.arange(30)[::-1], np.arange(30), 0.1)
    assert few is not None
    assert "suppressed" in few.observed.flags
    one = movement([1.0, 2, 3, 4], [2.0, 1, 4, 3], [7, 7, 7, 7], 1.0)
    assert one is not None
    assert (one.correlation.low, one.correlation.high) == (-1, 1)
