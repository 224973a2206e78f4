"""Counts with a long tail: against scipy, tabulated ranks and simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cxlib.models import counts


def told(seed: int, n: int, mean: float = 4.0, shape: float = 0.7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(mean * rng.gamma(shape, 1 / shape, n)).astype(float)


def plainly(y: np.ndarray, who: np.ndarray, draws: int = 2_000) -> tuple[float, float]:
    """Return the bootstrap-t limits of a mean, one draw after the other."""
    rng, groups = np.random.default_rng(99), [y[who == one] for one in np.unique(who)]

    def mean_and_error(parts: list[np.ndarray]) -> tuple[float, float]:
        rows = np.concatenate(parts)
        residuals = [float((part - rows.mean()).sum()) for part in parts]
        return float(rows.mean()), float(np.sqrt(np.sum(np.square(residuals)))) / len(rows)

    value, error = mean_and_error(groups)
    drawn = (mean_and_error([groups[k] for k in rng.integers(0, len(groups), len(groups))]) for _ in range(draws))
    t = [(drawn_value - value) / drawn_error for drawn_value, drawn_error in drawn]
    least, most = np.quantile(t, [0.025, 0.975])
    return value - most * error, value - least * error


def test_mean_has_the_interval_that_drawing_customers_one_by_one_gives() -> None:
    y, who = told(1, 300), np.random.default_rng(13).integers(0, 120, 300)
    ours, (low, high) = counts.mean(y, who), plainly(y, who)
    assert ours.value == y.mean()
    assert (ours.low, ours.high) == (pytest.approx(low, rel=0.04), pytest.approx(high, rel=0.04))
    assert ours.high - ours.value > ours.value - ours.low  # a long tail: more room above


def test_of_many_independent_answers_the_interval_is_scipys() -> None:
    y = told(1, 2_000)
    theirs = stats.bootstrap((y,), np.mean, method="BCa", rng=np.random.default_rng(2)).confidence_interval
    ours = counts.mean(y, np.arange(2_000))
    assert (ours.low, ours.high) == (pytest.approx(theirs.low, rel=0.02), pytest.approx(theirs.high, rel=0.02))


def test_one_who_told_among_many_who_did_not_sets_no_upper_limit() -> None:
    one = counts.mean([0.0] * 29 + [30.0], np.arange(30))
    assert (one.value, one.low, one.high) == (1, 0, np.inf)


def test_copies_of_an_answer_are_no_news() -> None:
    y = told(3, 200)
    plain = counts.mean(y, np.arange(200))
    copied = counts.mean(np.repeat(y, 3), np.repeat(np.arange(200), 3))
    assert (copied.value, copied.low, copied.high) == (
        pytest.approx(plain.value), pytest.approx(plain.low), pytest.approx(plain.high),
    )  # fmt: skip
    assert counts.median(np.repeat(y, 3), np.repeat(np.arange(200), 3)).high >= counts.median(y, np.arange(200)).high


def test_the_same_answers_give_the_same_interval() -> None:
    y = told(4, 100)
    assert counts.mean(y, np.arange(100)) == counts.mean(y, np.arange(100))


def test_difference_of_means() -> None:
    one, two = told(5, 150, 8.0), told(6, 250, 1.0)
    ours = counts.mean_difference(one, two, np.arange(150), np.arange(1000, 1250), "people")
    theirs = stats.bootstrap(
        (one, two), lambda a, b, axis: a.mean(axis) - b.mean(axis), n_resamples=9_999, method="BCa",
        rng=np.random.default_rng(7),
    ).confidence_interval  # fmt: skip
    assert ours.value == pytest.approx(one.mean() - two.mean())
    assert (ours.low, ours.high) == (pytest.approx(theirs.low, abs=0.3), pytest.approx(theirs.high, abs=0.3))
    paired = counts.mean_difference(one, one + 1, np.arange(150), np.arange(150), "people")
    # the same people: what they have in common cancels
    assert (paired.low, paired.high) == (pytest.approx(-1), pytest.approx(-1))


@pytest.mark.parametrize(("n", "lower", "upper"), [(10, 2, 9), (20, 6, 15), (25, 8, 18), (100, 40, 61)])
def test_median_lies_between_the_tabulated_ranks(n: int, lower: int, upper: int) -> None:
    """The ranks of the 95 % interval of a median, as in the tables of Hahn and Meeker (1991)."""
    one = counts.median(np.arange(1, n + 1), np.arange(n))
    assert (one.value, one.low, one.high) == ((n + 1) // 2, lower, upper)


def test_a_median_of_five_has_no_upper_limit() -> None:
    one = counts.median([0, 1, 2, 3, 40], np.arange(5))
    assert (one.value, one.low, one.high) == (2, 0, np.inf)


@pytest.mark.parametrize(
    ("y", "top", "part"),
    [
        ([0] * 9 + [10], 0.1, 1.0),
        ([3] * 10, 0.1, 0.1),
        ([1] * 10 + [5] * 5, 0.1, 7.5 / 35),  # one and a half of the five
        ([8, 4, 2, 1, 1], 0.2, 0.5),
    ],
)
def test_part_of_the_whole_that_the_top_brings(y: list[int], top: float, part: float) -> None:
    one = counts.share_of_top(y, np.arange(len(y)), top)
    assert one.value == pytest.approx(part)
    assert one.low <= one.high


def test_no_telling_has_no_tail() -> None:
    assert counts.share_of_top([0, 0, 0, 0, 0, 0], range(6)).flags == ("no-data",)


def test_equal_counts_have_an_interval_without_width() -> None:
    same = counts.mean([3.0] * 40, np.arange(40))
    assert (same.low, same.value, same.high) == (3, 3, 3)


def test_one_customer_alone_has_no_interval() -> None:
    one = counts.mean([1.0, 5.0, 2.0, 0.0, 3.0], ["a"] * 5)
    assert one.value == 2.2
    assert np.isnan([one.low, one.high]).all()
    assert "no interval" in one.method
    assert not np.isfinite(counts.share_of_top([1.0, 5.0, 2.0, 0.0, 3.0], ["a"] * 5).low)


def test_few_are_not_shown_and_none_are_not_known() -> None:
    assert counts.mean([1.0, 2.0], [0, 1]).flags == ("suppressed",)
    assert np.isnan(counts.mean([1.0, 2.0], [0, 1]).value)
    assert counts.median([], []).flags == counts.mean([], []).flags == ("no-data",)
    assert counts.mean_difference([], [1.0], [], [0], "people").flags == ("no-data",)


def test_people_who_never_tell_are_found() -> None:
    y = told(8, 3_000, 4.0, 2.0)
    y[np.random.default_rng(9).random(3_000) < 0.3] = 0
    never, _ = counts.zeros(y)
    assert never.low < 0.3 < never.high
    assert never.high - never.low < 0.1


def test_people_who_merely_differ_are_not_split_in_two() -> None:
    y = told(10, 3_000)
    never, expected = counts.zeros(y)
    assert not never.is_known
    assert expected == pytest.approx((1 + 4.0 / 0.7) ** -0.7, abs=0.03)
    assert expected == pytest.approx((y == 0).mean(), abs=0.03)


@pytest.mark.parametrize(
    "y", [np.zeros(50), np.full(50, 2.0), np.array([0.0, 1.0] * 40), told(11, 20), np.r_[np.zeros(60), 50.0]]
)
def test_a_model_that_does_not_fit_is_not_used(y: np.ndarray) -> None:
    assert not counts.zeros(y)[0].is_known


@pytest.mark.slow
def test_intervals_of_the_mean_hold_the_truth() -> None:
    """Customers with several answers and a level of their own; the mean of many worlds is 4."""
    worlds, right, wide = 60, 0, 0
    for seed in range(worlds):
        rng = np.random.default_rng([seed, 12])
        who = rng.integers(0, 200, 400)
        level = rng.gamma(2.0, 0.5, 200)[who]
        y = rng.poisson(4.0 * level * rng.gamma(1.5, 1 / 1.5, 400)).astype(float)
        one, alone = counts.mean(y, who), counts.mean(y, np.arange(400))
        right += one.low <= 4.0 <= one.high
        wide += one.high - one.low > alone.high - alone.low
    assert right >= 0.95 * worlds - 2.2 * np.sqrt(worlds * 0.95 * 0.05)
    assert wide > 0.9 * worlds
