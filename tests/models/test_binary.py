"""Shares, their ratios, and shares between groups made alike: against statsmodels, published numbers and resampling."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cxlib.models import binary
from cxlib.models.binary import (
    cluster_variance,
    is_separated,
    share,
    share_difference,
    share_of_all,
    share_ratio,
    standardised,
)


def of(wins: int, trials: int) -> np.ndarray:
    return np.arange(trials) < wins


def each(trials: int, start: int = 0) -> np.ndarray:
    return np.arange(start, start + trials)


def test_share_of_independent_rows_has_wilsons_interval() -> None:
    one = share(of(8, 10), each(10))
    assert (round(one.low, 4), round(one.high, 4), one.n) == (0.4902, 0.9433, 10)  # Wilson (1927)
    assert one.flags == ("small",)


@pytest.mark.parametrize(("everybody", "asked"), [(52, 38), (30, 10), (17, 16)])
def test_of_few_there_are_the_limits_hold_whatever_the_share(everybody: int, asked: int) -> None:
    """Every sample that could be drawn, by its own chance, from every population there could be."""
    found = [share_of_all(of(yes, asked), everybody) for yes in range(asked + 1)]
    for agree in range(everybody + 1):
        chances = stats.hypergeom.pmf(np.arange(asked + 1), everybody, agree, asked)
        holds = [one.low - 1e-12 <= agree / everybody <= one.high + 1e-12 for one in found]
        assert chances @ holds >= 0.95
    wilson = [share(of(yes, asked), each(asked)) for yes in range(asked + 1)]
    narrower = [mine.high - mine.low < plain.high - plain.low for mine, plain in zip(found, wilson, strict=True)]
    assert np.mean(narrower) > 0.7


def test_of_endless_many_the_exact_limits_are_those_of_the_binomial() -> None:
    found = share_of_all(of(33, 38), 200_000)
    assert (found.low, found.high) == pytest.approx(proportion_confint(33, 38, method="beta"), abs=1e-4)
    all_of_them = share_of_all(of(33, 38), 38)
    assert (all_of_them.low, all_of_them.value, all_of_them.high) == (33 / 38,) * 3
    assert not share_of_all(of(0, 0), 10).is_known


@pytest.mark.parametrize("copies", [2, 5])
def test_copies_of_a_row_are_no_news(copies: int) -> None:
    wins = np.repeat(of(40, 100), copies)
    copied = share(wins, np.repeat(each(100), copies))
    low, high = proportion_confint(40, 100, method="wilson")
    assert (copied.low, copied.high) == (pytest.approx(low, abs=0.001), pytest.approx(high, abs=0.001))
    assert copied.n == 100 * copies
    assert copied.method == "Wilson, clustered"


def test_few_are_not_shown_and_none_are_not_known() -> None:
    few = share(of(2, 4), each(4))
    assert few.flags == ("suppressed",)
    assert np.isnan([few.value, few.low, few.high]).all()
    assert share([], []).flags == ("no-data",)


def test_cluster_variance_is_statsmodels() -> None:
    rng = np.random.default_rng(1)
    group = rng.integers(0, 40, 300)
    y = rng.normal(size=300) + rng.normal(size=40)[group]
    fit = sm.OLS(y, np.ones(300)).fit(cov_type="cluster", cov_kwds={"groups": group, "use_correction": False})
    groups = len(np.unique(group))
    ours = cluster_variance((y - y.mean()) / 300, group)
    assert ours == pytest.approx(float(fit.cov_params()[0, 0]) * groups / (groups - 1))
    assert cluster_variance([1.0, 2.0], ["a", "a"]) == 0


def test_difference_and_ratio_of_two_shares_as_published() -> None:
    """80 of 100 against 60 of 90: Newcombe's (1998) difference, Miettinen and Nurminen's (1985) ratio."""
    apart = share_difference(share(of(80, 100), each(100)), share(of(60, 90), each(90, 100)))
    assert (round(apart.low, 4), round(apart.high, 4)) == (0.0077, 0.2555)
    assert apart.unit == "share difference"
    times = share_ratio(of(80, 100), of(60, 90), each(100), each(90, 100))
    assert (round(times.value, 4), round(times.low, 4), round(times.high, 4)) == (1.2, 1.0105, 1.4482)


def test_copies_of_an_opportunity_are_no_news_to_the_ratio() -> None:
    plain = share_ratio(of(40, 80), of(20, 80), each(80), each(80, 80))
    copied = share_ratio(
        np.repeat(of(40, 80), 3), np.repeat(of(20, 80), 3), np.repeat(each(80), 3), np.repeat(each(80, 80), 3)
    )
    assert copied.value == plain.value
    assert (copied.low, copied.high) == (pytest.approx(plain.low, rel=0.01), pytest.approx(plain.high, rel=0.01))
    assert copied.method == "score, clustered"


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [((0, 20), (10, 20), 0.0, 0.6), ((20, 20), (5, 20), 1.9, 10.0), ((20, 20), (20, 20), 0.8, 1.3)],
)
def test_ratio_at_the_edge_has_limits(first: tuple[int, int], second: tuple[int, int], low: float, high: float) -> None:
    times = share_ratio(of(*first), of(*second), each(first[1]), each(second[1], 100))
    assert low <= times.low <= times.value <= times.high <= high


def test_without_a_success_to_compare_with_there_is_no_ratio() -> None:
    assert share_ratio(of(5, 20), of(0, 20), each(20), each(20)).flags == ("no-data",)
    assert share_ratio([], of(0, 20), [], each(20)).flags == ("no-data",)


def confounded(rng: np.random.Generator, n: int = 1_500, buyers: int = 500) -> pd.DataFrame:
    """Return sales in which customers come by referral and ask for small things, and those are won more often."""
    buyer = rng.integers(0, buyers, n)
    source = np.where(rng.random(n) < 0.4, "referral", "cold")
    size = rng.normal(size=n) + (source == "cold")
    own = 0.4 * rng.normal(size=buyers)[buyer]
    exposed = rng.random(n) < 1 / (1 + np.exp(-(1.2 * (source == "referral") - 0.5 * size)))
    logit = -1.0 + 0.7 * exposed + 1.0 * (source == "referral") - 0.6 * size + own
    won = rng.random(n) < 1 / (1 + np.exp(-logit))
    return pd.DataFrame({"won": won, "exposed": exposed, "source": source, "size": size, "buyer": buyer})


def true_shares() -> tuple[float, float]:
    """Return what customers buy, and what they would if they were none, over a very large population."""
    rng = np.random.default_rng(0)
    n = 2_000_000
    referral = rng.random(n) < 0.4
    size = rng.normal(size=n) + ~referral
    exposed = rng.random(n) < 1 / (1 + np.exp(-(1.2 * referral - 0.5 * size)))
    base = (-1.0 + 1.0 * referral - 0.6 * size + 0.4 * rng.normal(size=n))[exposed]
    with_, without = (float((1 / (1 + np.exp(-(base + effect)))).mean()) for effect in (0.7, 0.0))
    return with_, without


def test_without_covariates_nothing_changes() -> None:
    rows = confounded(np.random.default_rng(2))
    one = standardised(rows["won"], rows["exposed"], pd.DataFrame(index=rows.index), rows["buyer"])
    assert one.first.value == pytest.approx(rows["won"][rows["exposed"]].mean())
    assert one.second.value == pytest.approx(rows["won"][~rows["exposed"]].mean())


def test_averages_are_those_of_predictions_made_plainly() -> None:
    rows = confounded(np.random.default_rng(3))
    design = pd.DataFrame({"one": 1.0, "x": rows["exposed"], "r": rows["source"] == "referral", "s": rows["size"]})
    fit = sm.Logit(rows["won"].astype(float), design.astype(float)).fit(disp=0)
    customers = design[rows["exposed"]]
    plain = [float(fit.predict(customers.assign(x=x).astype(float)).mean()) for x in (1.0, 0.0)]
    one = standardised(rows["won"], rows["exposed"], rows[["source", "size"]], rows["buyer"])
    assert [one.first.value, one.second.value] == pytest.approx(plain, abs=1e-8)
    assert one.difference.value == pytest.approx(plain[0] - plain[1])
    assert one.ratio.value == pytest.approx(plain[0] / plain[1])


def test_intervals_are_as_wide_as_resampling_buyers_makes_them() -> None:
    rows = confounded(np.random.default_rng(4), n=900, buyers=150)
    one = standardised(rows["won"], rows["exposed"], rows[["source", "size"]], rows["buyer"])
    rng, by_buyer = np.random.default_rng(5), dict(list(rows.groupby("buyer")))
    drawn = []
    for _ in range(250):
        sample = pd.concat([by_buyer[b] for b in rng.choice(list(by_buyer), len(by_buyer))])
        design = np.column_stack(
            [np.ones(len(sample)), sample["exposed"], sample["source"] == "referral", sample["size"]]
        ).astype(float)
        fit = sm.GLM(sample["won"].astype(float), design, family=sm.families.Binomial()).fit()
        with_ = design[design[:, 1] == 1]
        without = with_ * [1, 0, 1, 1]
        drawn.append((fit.predict(with_).mean(), fit.predict(without).mean()))
    first, second = np.array(drawn).T
    for estimate, values in ((one.first, first), (one.difference, first - second)):
        assert (estimate.high - estimate.low) / (2 * 1.96) == pytest.approx(values.std(), rel=0.15)
    assert np.log(one.ratio.high / one.ratio.low) / (2 * 1.96) == pytest.approx(np.log(first / second).std(), rel=0.15)


@pytest.mark.slow
def test_like_with_like_holds_the_truth_where_the_plain_comparison_misses_it() -> None:
    truth = true_shares()
    apart = truth[0] - truth[1]
    right, plain_right, worlds = 0, 0, 200
    for seed in range(worlds):
        rows = confounded(np.random.default_rng([seed, 9]))
        one = standardised(rows["won"], rows["exposed"], rows[["source", "size"]], rows["buyer"])
        plain = share_difference(
            *(share(rows["won"][rows["exposed"] == x], rows["buyer"][rows["exposed"] == x]) for x in (True, False))
        )
        right += one.difference.low <= apart <= one.difference.high
        plain_right += plain.low <= apart <= plain.high
    assert right >= 0.95 * worlds - 2 * np.sqrt(worlds * 0.95 * 0.05)
    assert plain_right < 0.2 * worlds


def test_rare_categories_are_pooled_and_unknown_values_kept() -> None:
    covariates = pd.DataFrame(
        {
            "source": ["a"] * 50 + ["b"] * 40 + ["c"] * 5 + ["d"] * 5,
            "amount": [np.nan] * 10 + list(range(90)),
            "same": ["x"] * 100,
            "nothing": [np.nan] * 100,
        }
    )
    columns = binary.encode(covariates)
    assert columns.shape == (100, 4)  # b, the rare ones, amount, and whether it is known
    assert np.isfinite(columns).all()


@pytest.mark.parametrize(
    ("y", "x", "separated"),
    [
        ([0, 0, 1, 1], [1, 2, 3, 4], True),
        ([0, 0, 1, 1], [1, 2, 2, 4], True),  # but for a tie
        ([0, 1, 0, 1], [1, 2, 3, 4], False),
    ],
)
def test_separation_is_found(y: list[int], x: list[int], separated: bool) -> None:
    design = np.column_stack([np.ones(4), x]).astype(float)
    assert is_separated(np.array(y, float), design) is separated


def test_nothing_is_estimated_where_it_cannot_be() -> None:
    rows = confounded(np.random.default_rng(6), n=300)
    none = pd.DataFrame(index=rows.index)
    assert standardised(rows["won"], rows["exposed"] | True, none, rows["buyer"]).why_not == "one group"
    mirror = pd.DataFrame({"motion": np.where(rows["exposed"], "upsell", "new")})
    assert standardised(rows["won"], rows["exposed"], mirror, rows["buyer"]).why_not == "one group"
    few = standardised(of(3, 300), rows["exposed"], rows[["source", "size"]], rows["buyer"])
    assert few.why_not == "too few"
    tells = pd.DataFrame({"stage": np.where(rows["won"], "signed", "not signed")})
    apart = standardised(rows["won"], rows["exposed"], tells, rows["buyer"])
    assert apart.why_not == "separated"
    assert not apart.ratio.is_known
    assert apart.ratio.flags == ("no-data",)
    assert standardised([], [], pd.DataFrame(), []).why_not == "one group"
