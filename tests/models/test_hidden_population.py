"""Sizes of populations seen in part, against published examples and simulated truth."""

from __future__ import annotations

import warnings
from itertools import product
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from cxlib.errors import MeasureError
from cxlib.models.hidden_population import (
    HISTORIES,
    above_seen,
    chao_lower_bound,
    chapman,
    expected,
    log_linear,
    stratified_chapman,
    three_lists,
)

# Hepatitis A in a college in Taiwan, 1995, by three lists: Chao, Tsay, Lin, Shau and Chao (2001), Statistics in
# Medicine 20(20); also the data set HAV of the R package CARE1.
HEPATITIS = {
    (1, 1, 1): 28,
    (1, 1, 0): 21,
    (1, 0, 1): 17,
    (1, 0, 0): 69,
    (0, 1, 1): 18,
    (0, 1, 0): 55,
    (0, 0, 1): 63,
}
PAIRS = {"first two": (135, 122, 49), "first and third": (135, 126, 45), "last two": (122, 126, 46)}


def test_chapman_gives_the_textbook_example() -> None:
    """Ten turtles marked, fifteen caught later, five of them marked: 28, 95 % interval 22 to 65 (Sadinle 2009)."""
    size = chapman(10, 15, 5)
    assert size.value == pytest.approx(28.33, abs=0.005)
    assert (round(size.low), round(size.high)) == (22, 65)
    assert size.seen == 20


@pytest.mark.parametrize(("pair", "petersen"), [("first two", 336), ("first and third", 378), ("last two", 334)])
def test_chapman_lies_just_below_the_published_petersen_estimates(pair: str, petersen: int) -> None:
    """Chao et al. (2001), pairwise estimates: 336, 378 and 334."""
    first, second, both = PAIRS[pair]
    assert round(first * second / both) == petersen
    assert petersen - 4 < chapman(first, second, both).value < petersen


def test_sebers_variance_is_the_textbook_formula_and_the_simulated_one() -> None:
    rng = np.random.default_rng(2)
    draws = []
    for _ in range(4_000):
        one, two = rng.permutation(300) < 120, rng.permutation(300) < 100
        draws.append(chapman(120, 100, int((one & two).sum())))
    values = np.array([draw.value for draw in draws])
    assert values.mean() == pytest.approx(300, rel=0.01)
    assert np.mean([draw.variance for draw in draws]) == pytest.approx(values.var(), rel=0.08)


@pytest.mark.parametrize(("size", "p", "q"), [(60, 0.3, 0.4), (400, 0.15, 0.3), (1_000, 0.6, 0.2)])
def test_sadinles_interval_covers(size: int, p: float, q: float) -> None:
    rng, hits, rounds = np.random.default_rng(7), 0, 1_500
    for _ in range(rounds):
        cells = rng.multinomial(size, [p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)])
        found = chapman(cells[0] + cells[1], cells[0] + cells[2], cells[0])
        hits += found.low <= size <= found.high
    assert hits / rounds > 0.935


def test_lists_without_overlap_still_have_a_lower_limit() -> None:
    size = chapman(12, 9, 0)
    assert size.low >= 21
    assert size.high > 500


def test_an_empty_list_says_nothing() -> None:
    assert np.isnan(chapman(0, 30, 0).value)
    assert chapman(0, 30, 0).seen == 30


def test_more_on_both_than_on_one_is_refused() -> None:
    with pytest.raises(MeasureError, match="two lists: 9 on both, but 5 on the first and 20 on the second"):
        chapman(5, 20, 9)


def test_strata_undo_a_dependence_that_one_total_hides() -> None:
    """Two groups, one on every list and one on hardly any: pooled, the number is far too low (Chao 2001)."""
    groups = [(1_000, 0.8, 0.7), (1_000, 0.1, 0.1)]
    strata = [(round(n * p), round(n * q), round(n * p * q)) for n, p, q in groups]
    pooled = chapman(*(sum(part) for part in zip(*strata, strict=True)))
    apart = stratified_chapman(strata)
    assert pooled.high < 1_500
    assert apart.low < 2_000 < apart.high
    assert apart.value == pytest.approx(2_000, rel=0.06)
    assert apart.seen == sum(a + b - m for a, b, m in strata)


def test_a_stratum_with_one_list_empty_leaves_the_sum_unknown() -> None:
    assert np.isnan(stratified_chapman([(20, 30, 5), (0, 3, 0)]).value)
    assert stratified_chapman([(20, 30, 5), (0, 0, 0)]).value == pytest.approx(chapman(20, 30, 5).value)
    assert np.isnan(stratified_chapman([]).value)


def models() -> dict[tuple[tuple[int, int], ...], tuple[float, Any]]:
    """Return the estimated number on no list and the fit of each model of the published lists."""
    fits = log_linear(np.array([HEPATITIS[history] for history in HISTORIES], float))
    return {pairs: (float(np.exp(fit.params[0])), fit) for pairs, fit in fits.items()}


def test_log_linear_models_give_the_published_table() -> None:
    """Chao et al. (2001): independent lists 388 with deviance 24.36 on 3 degrees."""
    hidden, independent = models()[()]
    assert 271 + hidden == pytest.approx(388, abs=0.5)
    assert independent.deviance == pytest.approx(24.36, abs=0.005)
    assert independent.df_resid == 3


def test_every_model_has_the_closed_form_of_bishop_fienberg_and_holland() -> None:
    """With lists 1 and 2, and 2 and 3 dependent, lists 1 and 3 are independent among those not on list 2."""
    hidden = {pairs: number for pairs, (number, _) in models().items()}
    assert hidden[((0, 1), (1, 2))] == pytest.approx(69 * 63 / 17)
    assert hidden[((0, 1), (0, 2))] == pytest.approx(55 * 63 / 18)
    assert hidden[((0, 2), (1, 2))] == pytest.approx(69 * 55 / 21)
    # one pair dependent: that pair together against the third list
    either, third, both = 21 + 69 + 55, 63, 28 + 17 + 18
    assert hidden[((0, 1),)] == pytest.approx(either * third / both)


def test_the_best_model_is_chosen_by_aic() -> None:
    size, known = three_lists(HEPATITIS), models()
    hidden, best = known[((0, 1), (1, 2))]
    assert best.aic == min(fit.aic for _, fit in known.values())
    assert size.value == pytest.approx(271 + hidden) == pytest.approx(526.7, abs=0.05)
    assert size.low < size.value < size.high


def test_the_completed_tables_are_those_of_a_fitted_model() -> None:
    rng = np.random.default_rng(4)
    lists = np.array([*HISTORIES, (0, 0, 0)], float)
    for pairs in ((), ((0, 1),), ((1, 2),), ((0, 2),), ((0, 1), (0, 2)), ((0, 1), (1, 2)), ((0, 2), (1, 2))):
        counts = rng.integers(3, 90, 8).astype(float)
        design = np.column_stack([np.ones(8), lists, *(lists[:, a] * lists[:, b] for a, b in pairs)])
        fit = sm.GLM(counts, design, family=sm.families.Poisson()).fit(tol=1e-12)
        np.testing.assert_allclose(expected(counts, pairs), fit.mu, rtol=1e-6)


def test_for_two_dependent_lists_and_one_the_interval_is_nearly_that_of_two_lists() -> None:
    """With the first two lists as one, the model is Lincoln and Petersen's, so the limits are near Sadinle's."""
    pair, third = np.array([160, 80, 80, 480]), np.array([56, 28, 28, 168])  # the third list holds 35 % of each
    counts = {}
    for (a, b), n, k in zip(((1, 1), (1, 0), (0, 1), (0, 0)), pair, third, strict=True):
        counts[a, b, 1], counts[a, b, 0] = int(k), int(n - k)
    counts.pop((0, 0, 0))
    size = three_lists(counts)
    two = chapman(int(pair[:3].sum()), int(third.sum()), int(third[:3].sum()))
    assert size.value == pytest.approx(800)
    assert size.low <= two.low * 1.03 < 800
    assert size.high >= two.high * 0.97 > 800


@pytest.mark.slow
def test_three_lists_cover_the_truth() -> None:
    rng, hits, rounds = np.random.default_rng(21), 0, 150
    for _ in range(rounds):
        on = rng.random((500, 3)) < (0.25, 0.4, 0.3)
        on[:, 1] |= on[:, 0] & (rng.random(500) < 0.3)  # the first two lists go together
        counts = {h: int((on == np.array(h, bool)).all(axis=1).sum()) for h in HISTORIES}
        size = three_lists(counts)
        hits += size.low <= 500 <= size.high
    assert hits / rounds > 0.9


def test_no_overlap_at_all_is_refused() -> None:
    alone = {(1, 0, 0): 40, (0, 1, 0): 30, (0, 0, 1): 20}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(MeasureError, match="too little overlap between the lists to say how many are on none"):
            three_lists(alone)


@pytest.mark.parametrize(
    ("once", "twice", "seen", "published"),
    [(31, 18, 93, 117.473684), (31, 13, 84, 117.214286)],
)
def test_chaos_bound_is_that_of_the_rain_forest_plots(once: int, twice: int, seen: int, published: float) -> None:
    """Barro Colorado Island, plots 1 and 2: S.chao1 in the documentation of the R package vegan (estimateR)."""
    assert chao_lower_bound(once, twice, seen).value == pytest.approx(published, abs=5e-7)


def test_the_error_of_chaos_bound_is_the_published_one() -> None:
    """The same plots: se.chao1 11.583785 and 15.918953, there with a term of order 1 / n more."""
    assert chao_lower_bound(31, 18, 93).variance ** 0.5 == pytest.approx(11.583785, rel=5e-4)
    assert chao_lower_bound(31, 13, 84).variance ** 0.5 == pytest.approx(15.918953, rel=5e-4)


@pytest.mark.parametrize(
    ("seen", "value", "error", "low", "high"),
    [(26, 43.893, 14.306, 30.511, 96.971), (37, 61.403, 18.532, 43.502, 128.583)],
)
def test_log_normal_limits_are_those_of_the_spider_data(
    seen: int, value: float, error: float, low: float, high: float
) -> None:
    """Spiders in girdled and logged forest: asymptotic richness in the vignette of the R package iNEXT."""
    size = above_seen(seen, value - seen, error**2)
    assert (size.low, size.high) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.03))


def test_chaos_bound_is_a_floor_for_unlike_people() -> None:
    rng = np.random.default_rng(8)
    below = 0
    for _ in range(200):
        times = rng.poisson(rng.gamma(0.8, 1.0, 1_000))
        size = chao_lower_bound(int((times == 1).sum()), int((times == 2).sum()), int((times > 0).sum()))
        below += size.value < 1_000
    assert below > 190


def test_nobody_seen_twice_tells_of_no_one_hidden() -> None:
    """Of four seen once each the formula would make ten, of forty 820, whoever there is."""
    assert np.isnan([chao_lower_bound(seen, 0, seen).value for seen in (0, 4, 40)]).all()
    assert chao_lower_bound(0, 3, 3).high == 3


def test_a_floor_is_never_above_everybody_there_is() -> None:
    size = chao_lower_bound(31, 18, 93, 110)
    assert (size.value, size.high) == (110, 110)
    assert size.low == chao_lower_bound(31, 18, 93).low < 110
    assert chao_lower_bound(31, 18, 93, 200) == chao_lower_bound(31, 18, 93)
    with pytest.raises(MeasureError, match="more than the 93 seen at all, or these than 90"):
        chao_lower_bound(31, 18, 93, 90)


def test_counts_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(MeasureError, match="5 seen once and 4 seen twice are more than the 8 seen at all"):
        chao_lower_bound(5, 4, 8)


def test_the_histories_are_all_but_the_hidden_one() -> None:
    assert set(HISTORIES) == set(product((0, 1), repeat=3)) - {(0, 0, 0)}
