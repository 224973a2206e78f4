"""Intervals against published tables, other packages and simulated truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times, qth_survival_time
from scipy import stats

from cxlib import estimate
from cxlib.estimate import Estimate


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


def test_bounded_ratio_stays_between_nothing_and_all() -> None:
    kept, before = np.array([99.0, 50, 80]), np.array([100.0, 50, 80])
    interval = estimate.bounded_ratio(
        [kept.sum()], [before.sum()], [(kept**2).sum()], [(before**2).sum()], [(kept * before).sum()], [3]
    )
    assert 0 <= interval.low[0] <= interval.value[0] <= interval.high[0] <= 1
    nothing_lost = estimate.bounded_ratio([230], [230], [18900], [18900], [18900], [3])
    assert nothing_lost.value[0] == 1
    assert nothing_lost.low[0] == pytest.approx(estimate.proportion([3], [3]).low[0])


def test_total_covers_a_compound_poisson_sum() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(2000):
        amounts = rng.gamma(2.0, 50.0, rng.poisson(60))
        interval = estimate.total([amounts.sum()], [(amounts**2).sum()])
        covered += bool(interval.low[0] <= 60 * 100 <= interval.high[0])
    assert covered / 2000 == pytest.approx(0.95, abs=0.02)


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
