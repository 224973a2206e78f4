"""Intervals against published tables, other packages and simulated truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times, qth_survival_time
from scipy import stats

from cxlib import estimate
from cxlib.estimate import Estimate, Interval


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_proportion_against_newcombe_1998_table_1_method_3(k: int, n: int, low: float, high: float) -> None:
    interval = estimate.proportion([k], [n])
    assert interval.value[0] == pytest.approx(k / n)
    assert (interval.low[0], interval.high[0]) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_proportion_of_all_successes_does_not_collapse() -> None:
    interval = estimate.proportion([10], [10])
    assert interval.low[0] == pytest.approx(0.7225, abs=5e-5)
    assert interval.high[0] == 1


def test_proportion_of_nothing_is_unknown_and_leaves_its_neighbour_alone() -> None:
    interval = estimate.proportion([0, 8], [0, 10])
    assert np.isnan(interval.value[0])
    assert np.isnan(interval.low[0])
    assert interval.value[1] == 0.8


def test_a_design_effect_of_two_is_half_the_sample() -> None:
    assert estimate.proportion([80], [200], [2.0]).low[0] == pytest.approx(estimate.proportion([40], [100]).low[0])


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
    ],
)
def test_difference_against_newcombe_1998_table_2_method_10(
    a: tuple[int, int], b: tuple[int, int], low: float, high: float
) -> None:
    change = estimate.difference(estimate.wilson(*a), estimate.wilson(*b))
    assert (change.low, change.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_p_value_is_five_per_cent_where_a_limit_touches_zero() -> None:
    assert estimate.two_sided_p(Estimate(2.0, 0.0, 5.0, 10, "points", "")) == pytest.approx(0.05)
    assert estimate.two_sided_p(Estimate(-2.0, -5.0, 0.0, 10, "points", "")) == pytest.approx(0.05)
    assert estimate.two_sided_p(Estimate(2.0, 0.1, 5.0, 10, "points", "")) < 0.05


def test_p_value_of_a_full_count_is_zero_or_one() -> None:
    assert estimate.two_sided_p(Estimate(2.0, 2.0, 2.0, 10, "EUR a month", "")) == 0
    assert estimate.two_sided_p(Estimate(0.0, 0.0, 0.0, 10, "EUR a month", "")) == 1


def test_net_promoter_score_against_rocks_2016_adjusted_wald() -> None:
    # worked by hand: (30.75 - 10.75) / 63, variance (41.5 / 63 - 0.3175²) / 63
    interval = estimate.net_promoter_score([30], [10], [60])
    assert interval.value[0] == pytest.approx(33.3333, abs=1e-4)
    assert (interval.low[0], interval.high[0]) == (pytest.approx(13.30, abs=0.01), pytest.approx(50.19, abs=0.01))


@pytest.mark.parametrize(("n", "half"), [(50, 21), (100, 15), (200, 10.7), (400, 7.6), (1000, 4.8)])
def test_net_promoter_score_half_width_at_50_30_20(n: int, half: float) -> None:
    interval = estimate.net_promoter_score([0.5 * n], [0.2 * n], [n])
    assert (interval.high[0] - interval.low[0]) / 2 == pytest.approx(half, rel=0.04)


def test_net_promoter_score_never_leaves_its_scale() -> None:
    interval = estimate.net_promoter_score([5, 0, 1], [0, 5, 0], [5, 5, 1])
    assert (interval.low >= -100).all()
    assert (interval.high <= 100).all()
    assert ((interval.low <= interval.value) & (interval.value <= interval.high)).all()


@pytest.mark.parametrize(
    ("k", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.391), (50, 37.11, 65.92)]
)
def test_count_against_garwood_1936(k: int, low: float, high: float) -> None:
    interval = estimate.count([k])
    assert (interval.low[0], interval.high[0]) == (pytest.approx(low, abs=2e-3), pytest.approx(high, abs=5e-3))


def test_ratio_against_the_bootstrap_over_customers() -> None:
    rng = np.random.default_rng(7)
    x = rng.lognormal(6, 0.6, 300)
    y = x * rng.binomial(1, 0.85, 300) * rng.lognormal(0, 0.3, 300)
    interval = estimate.ratio([y.sum()], [x.sum()], [(y * y).sum()], [(x * x).sum()], [(x * y).sum()], [300])
    boot = stats.bootstrap(
        (y, x),
        lambda a, b, axis=-1: a.sum(axis) / b.sum(axis),
        paired=True,
        vectorized=True,
        n_resamples=4000,
        method="BCa",
        rng=np.random.default_rng(1),
    ).confidence_interval
    width = boot.high - boot.low
    assert interval.low[0] == pytest.approx(boot.low, abs=0.12 * width)
    assert interval.high[0] == pytest.approx(boot.high, abs=0.12 * width)


def _ratio(shape: Callable[..., Interval], y: Sequence[float], x: Sequence[float]) -> Estimate:
    a, b = np.asarray(y, float), np.asarray(x, float)
    found = shape([a.sum()], [b.sum()], [a @ a], [b @ b], [a @ b], [len(a)])
    return Estimate(*(float(line[0]) for line in found), len(a), "share", "")


def test_ratio_on_the_log_scale_by_hand() -> None:
    # 2, 1 and 0 of 1 each: value 1, three customers more; variance 2 * 3/2 + 1.5, of a base of 6; t of 2 is 4.30265
    found = _ratio(estimate.ratio, [2, 1, 0], [1, 1, 1])
    error = np.sqrt(4.5) / 6
    assert (found.low, found.high) == (pytest.approx(np.exp(-4.30265 * error)), pytest.approx(np.exp(4.30265 * error)))


def test_nothing_that_moved_is_no_certainty() -> None:
    """Of twelve customers as large as one another the rule of three says that a quarter may yet move."""
    found = _ratio(estimate.ratio, [100] * 12, [100] * 12)
    assert found.value == 1
    assert found.low == pytest.approx(1 - 3 / 12, abs=0.1)
    assert found.high == pytest.approx(1 + 3 / 12, abs=0.1)
    uneven = _ratio(estimate.ratio, [100] * 11 + [5000], [100] * 11 + [5000])
    assert uneven.low < found.low  # one customer is almost all
    assert _ratio(estimate.ratio, [1], [1]).low == 0
    assert np.isinf(_ratio(estimate.ratio, [0] * 9, [1] * 9).high)


@pytest.mark.parametrize("kept", [0, 5, 7, 10])
def test_bounded_ratio_of_equal_customers_against_agresti_and_coull_1998(kept: int) -> None:
    found = _ratio(estimate.bounded_ratio, [1] * kept + [0] * (10 - kept), [1] * 10)
    share = (kept + 2) / 14  # add two successes and two failures; here with Student's t and rows - 1
    squares = kept * (1 - share) ** 2 + (10 - kept) * share**2
    half = 2.2622 * np.sqrt(squares * 10 / 9 + 2 * (1 - share) ** 2 + 2 * share**2) / 14
    assert found.low == pytest.approx(max(min(share - half, kept / 10), 0), abs=1e-4)
    assert found.high == pytest.approx(min(max(share + half, kept / 10), 1), abs=1e-4)


def test_bounded_ratio_stays_between_nothing_and_all() -> None:
    found = _ratio(estimate.bounded_ratio, [99, 50, 80], [100, 50, 80])
    assert 0 <= found.low <= found.value <= found.high <= 1
    nothing_lost = _ratio(estimate.bounded_ratio, [100, 50, 80] * 5, [100, 50, 80] * 5)
    assert (nothing_lost.value, nothing_lost.high) == (1, 1)
    assert nothing_lost.low == pytest.approx(1 - 3 / 15, abs=0.1)  # the rule of three
    assert (_ratio(estimate.bounded_ratio, [5], [5]).low, _ratio(estimate.bounded_ratio, [0], [5]).high) == (0, 1)


@pytest.mark.parametrize("shape", [estimate.ratio, estimate.bounded_ratio])
def test_a_ratio_of_nobody_is_unknown_and_leaves_its_neighbour_alone(shape: Callable[..., Interval]) -> None:
    found = shape([0, 8], [0, 9], [0, 7], [0, 9], [0, 8], [0, 9])
    alone = shape([8], [9], [7], [9], [8], [9])
    assert np.isnan([line[0] for line in found]).all()
    assert [line[1] for line in found] == [line[0] for line in alone]


def test_weighted_poisson_against_the_rates_of_fay_and_feuer_1997() -> None:
    """Down's syndrome of fifth and later children by the mother's age, Michigan 1950 to 1964.

    Limits as the R package dsrTest 1.0.0 prints them for the method "gamma".
    """
    cases = np.array([0, 8, 63, 112, 262, 295])
    births = np.array([327, 30666, 123419, 149919, 104088, 34392])
    standard = np.array([319933, 931318, 786511, 488235, 237863, 61313])
    weight = 1e5 * standard / standard.sum() / births
    found = estimate.weighted_poisson(
        np.array([weight @ cases]), np.array([weight**2 @ cases]), np.array([weight.max()])
    )
    assert [float(line[0]) for line in found] == pytest.approx([75.52901, 67.70212, 188.30017], abs=1e-5)


@pytest.mark.parametrize("k", [1, 10, 50])
def test_total_of_equal_amounts_is_the_exact_count(k: int) -> None:
    found, exact = estimate.total([7.0 * k], [49.0 * k], [7.0], [k]), estimate.count([k])
    assert (found.low[0], found.high[0]) == (pytest.approx(7 * exact.low[0]), pytest.approx(7 * exact.high[0]))


def test_total_of_nothing_has_no_upper_limit_and_disturbs_no_neighbour() -> None:
    found = estimate.total([0, 30], [0, 500], [0, 20], [0, 2])
    assert (found.value[0], found.low[0], found.high[0]) == (0, 0, np.inf)
    assert 0 < found.low[1] < 30 < found.high[1] < np.inf


@pytest.mark.parametrize(("sigma", "least"), [(0.5, 0.95), (1.2, 0.93)])
def test_total_covers_a_compound_poisson_sum(sigma: float, least: float) -> None:
    """Of thirty amounts that are lognormal, the many small and few large ones of what customers pay."""
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(2000):
        amounts = rng.lognormal(-(sigma**2) / 2, sigma, rng.poisson(30))
        interval = estimate.total([amounts.sum()], [(amounts**2).sum()], [amounts.max()], [len(amounts)])
        covered += bool(interval.low[0] <= 30 <= interval.high[0])
    assert least <= covered / 2000 < 0.985


def test_between_groups_variance_makes_wilson_cover_where_rows_are_clustered() -> None:
    rng = np.random.default_rng(11)
    naive = clustered = 0
    for _ in range(600):
        share = rng.beta(2, 2, 400)
        n = rng.integers(1, 12, 400)
        k = rng.binomial(n, share)
        group = rng.integers(0, 64, 400)
        sums_n, sums_k = np.bincount(group, n, 64), np.bincount(group, k, 64)
        p = k.sum() / n.sum()
        variance = estimate.between_groups_variance(sums_k - p * sums_n, np.zeros(64, int), 1, 64)
        effect = estimate.design_effect(variance, n.sum() * p * (1 - p))
        plain, wide = estimate.proportion([k.sum()], [n.sum()]), estimate.proportion([k.sum()], [n.sum()], effect)
        naive += bool(plain.low[0] <= 0.5 <= plain.high[0])
        clustered += bool(wide.low[0] <= 0.5 <= wide.high[0])
    assert clustered / 600 == pytest.approx(0.95, abs=0.025)
    assert naive / 600 < 0.85


def test_groups_without_rows_count_as_zero() -> None:
    full = np.zeros(64)
    full[:3] = [4.0, 5.0, 6.0]
    assert estimate.between_groups_variance(full, np.zeros(64, int), 1, 64) == pytest.approx(
        estimate.between_groups_variance([4.0, 5.0, 6.0], [0, 0, 0], 1, 64)
    )


# Freireich et al. (1963), remission in weeks, as printed by Cox and Oakes (1984), table 1.1
MERCAPTOPURINE = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def _durations(text: str) -> tuple[np.ndarray, np.ndarray]:
    parts = text.split()
    return np.array([float(p.rstrip("+")) for p in parts]), np.array([not p.endswith("+") for p in parts])


def _counts(*samples: tuple[np.ndarray, np.ndarray]) -> pd.DataFrame:
    lines = []
    for cell, (times, observed) in enumerate(samples):
        for time in np.unique(times):
            events = ((times == time) & observed).sum()
            lines.append((cell, events, ((times == time) & ~observed).sum(), time))
    return pd.DataFrame(lines, columns=["cell", "events", "censored", "minutes"])


def test_censored_median_against_the_published_medians_of_freireich() -> None:
    (median,) = estimate.censored_quantiles(_counts(_durations(MERCAPTOPURINE), _durations(PLACEBO)), 2, [0.5])
    assert median.value.tolist() == [23, 8]
    # Klein and Moeschberger (2003), section 4.5: log-log limits; the upper one of the treated is not reached
    assert median.low.tolist() == [13, 4]
    assert median.high.tolist() == [np.inf, 11]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("censoring", [0.0, 0.3, 0.7])
def test_censored_quantiles_against_lifelines(share: float, censoring: float) -> None:
    rng = np.random.default_rng(int(100 * share + 10 * censoring))
    times = np.floor(rng.lognormal(3, 1, 397)) + 1  # a prime number: no curve meets a share exactly
    observed = rng.random(397) > censoring
    fitter = KaplanMeierFitter().fit(times, observed)
    (interval,) = estimate.censored_quantiles(_counts((times, observed)), 1, [share])
    assert interval.value[0] == qth_survival_time(1 - share, fitter.survival_function_)
    if share == 0.5:
        low, high = median_survival_times(fitter.confidence_interval_).iloc[0]
        assert (interval.low[0], interval.high[0]) == (low, high)


def test_a_cell_without_durations_is_unknown() -> None:
    (median,) = estimate.censored_quantiles(_counts(_durations(PLACEBO)), 2, [0.5])
    assert median.value[0] == 8
    assert np.isnan(median.value[1])


def test_a_net_sum_recovers_the_limits_of_both_parts() -> None:
    # by hand: 100 (80 to 130) less 30 (26 to 42), and less nothing
    gains = estimate.Interval(np.array([100.0, 100.0]), np.array([80.0, 80.0]), np.array([130.0, 130.0]))
    losses = estimate.Interval(np.array([30.0, 0.0]), np.array([26.0, 0.0]), np.array([42.0, np.inf]))
    found = estimate.net(gains, losses)
    assert found.value.tolist() == [70, 100]
    assert found.low.tolist() == pytest.approx([70 - np.hypot(20, 12), 80])
    assert found.high.tolist() == pytest.approx([70 + np.hypot(30, 4), 130])
