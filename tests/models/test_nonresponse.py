"""Weights for those who did not answer, against published tables, other fits and simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from cxlib.errors import MeasureError
from cxlib.estimate import net_promoter_score
from cxlib.models.nonresponse import (
    LEAST_CHANCE,
    effective_size,
    late_responders,
    rake,
    response_chances,
    trimmed,
    weighted_score,
    weighted_share,
    with_different_silent,
    worst_case,
)

# The worked example of the course "Agent-based models" at indicatrix.org (synthetic populations): race by age.
SEED = np.array([[125, 75, 95, 80], [30, 15, 60, 15], [16, 19, 22, 18], [7, 4, 2, 4]], float)
ROWS, COLUMNS = np.array([150.0, 40, 18, 12]), np.array([40.0, 60, 70, 50])
FITTED = [
    [29.20, 42.80, 41.51, 36.50],
    [5.76, 7.04, 21.56, 5.63],
    [2.08, 6.02, 5.34, 4.56],
    [2.96, 4.14, 1.58, 3.31],
]


def raked_table(seed: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    places = [part.ravel() for part in np.indices(seed.shape)]
    return rake(seed.ravel(), [(places[0], rows), (places[1], columns)]).reshape(seed.shape)


def test_raking_a_table_gives_the_published_result() -> None:
    table = raked_table(SEED, ROWS, COLUMNS)
    np.testing.assert_allclose(table, FITTED, atol=0.011)  # the last digit was rounded on the way


def test_raking_keeps_every_margin_and_every_odds_ratio() -> None:
    """What defines the result: Deming and Stephan's table has the new margins and the old interactions."""
    table = raked_table(SEED, ROWS, COLUMNS)
    np.testing.assert_allclose(table.sum(axis=1), ROWS)
    np.testing.assert_allclose(table.sum(axis=0), COLUMNS)
    np.testing.assert_allclose(odds_ratios(table), odds_ratios(SEED))


def odds_ratios(table: np.ndarray) -> np.ndarray:
    return table[:-1, :-1] * table[1:, 1:] / (table[:-1, 1:] * table[1:, :-1])


def test_raking_is_the_fit_of_a_loglinear_model_with_the_old_table_as_offset() -> None:
    places = [part.ravel() for part in np.indices(SEED.shape)]
    target = np.outer(ROWS, COLUMNS).ravel() / ROWS.sum()  # any table with the wanted margins
    design = np.column_stack([np.eye(4)[places[0]], np.eye(4)[places[1]][:, 1:]])
    fit = sm.GLM(target, design, family=sm.families.Poisson(), offset=np.log(SEED.ravel())).fit(tol=1e-12)
    np.testing.assert_allclose(raked_table(SEED, ROWS, COLUMNS).ravel(), fit.mu, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_raked_weights_reach_the_margins_of_the_frame(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = rng.integers(0, 3, (300, 2))
    answered = rng.random(300) < 0.2 + 0.2 * frame[:, 0]
    if any(len(np.unique(frame[answered, k])) < 3 for k in (0, 1)):
        return
    margins = [(frame[answered, k], np.bincount(frame[:, k], minlength=3)) for k in (0, 1)]
    weights = rake(np.ones(answered.sum()), margins)
    for codes, target in margins:
        np.testing.assert_allclose(np.bincount(codes, weights, 3), target, rtol=1e-8)


def test_raking_refuses_a_category_that_nobody_answered_for() -> None:
    with pytest.raises(MeasureError, match=r"1 of 3 categories of margin 1 have people asked and nobody who answered"):
        rake([1.0, 1.0], [([0, 1], [5, 5, 2])])


def test_raking_refuses_margins_of_two_frames() -> None:
    with pytest.raises(MeasureError, match=r"the margins add up to 10 and 12; they must be one frame"):
        rake([1.0, 1.0], [([0, 1], [5, 5]), ([0, 1], [6, 6])])


def test_raking_says_when_margins_cannot_all_be_reached() -> None:
    with pytest.raises(MeasureError, match="did not reach its 2 margins in 2000 rounds; merge small categories"):
        rake([1.0, 1.0], [([0, 1], [5, 5]), ([0, 1], [2, 8])])


def test_chances_of_answering_are_the_shares_of_a_saturated_frame() -> None:
    group = np.repeat([0, 1, 2], 100)
    answered = np.concatenate([np.arange(100) < k for k in (20, 50, 90)])
    chances = response_chances(np.eye(3)[group][:, 1:], answered)
    np.testing.assert_allclose(chances[[0, 100, 200]], [0.2, 0.5, 0.9], rtol=1e-6)


def test_chances_of_others_than_those_asked_can_be_read_off() -> None:
    group = np.repeat([0, 1], 100)
    answered = np.concatenate([np.arange(100) < k for k in (20, 50)])
    np.testing.assert_allclose(response_chances(group[:, None], answered, [[1.0], [0.0]]), [0.5, 0.2], rtol=1e-6)


def test_columns_that_say_the_same_do_no_harm() -> None:
    group = np.repeat([0.0, 1.0], 50)
    answered = np.concatenate([np.arange(50) < k for k in (10, 30)])
    once, twice = (response_chances(np.column_stack([group] * k), answered) for k in (1, 2))
    np.testing.assert_allclose(once, twice, rtol=1e-5)


@pytest.mark.parametrize("answered", [np.zeros(20, bool), np.ones(20, bool)])
def test_where_all_or_none_answered_the_chance_is_theirs(answered: np.ndarray) -> None:
    chances = response_chances(np.arange(20.0)[:, None], answered)
    np.testing.assert_allclose(chances, max(answered.mean(), LEAST_CHANCE))


def test_a_group_that_never_answers_has_a_small_chance_and_no_warning() -> None:
    group = np.repeat([0.0, 1.0], 50)
    chances = response_chances(group[:, None], (group == 0) & (np.arange(100) % 2 == 0))
    assert chances[-1] == pytest.approx(LEAST_CHANCE)
    assert chances[0] == pytest.approx(0.5, abs=1e-3)


def test_trimming_caps_and_keeps_the_total() -> None:
    weights = np.array([1.0] * 99 + [50.0])
    cut = trimmed(weights, 5.0)
    assert cut.sum() == pytest.approx(weights.sum())
    assert cut.max() == pytest.approx(5.0)
    np.testing.assert_allclose(cut[:99], 144 / 99)
    np.testing.assert_array_equal(trimmed([2.0, 3.0]), [2.0, 3.0])
    assert len(trimmed([])) == 0


def test_effective_size_is_kishs() -> None:
    """Kish (1965), 11.7: with shares W of the sample at weights k, n / neff = (sum Wk) (sum W/k) for two classes."""
    assert effective_size(np.ones(7)) == pytest.approx(7)
    assert effective_size(np.repeat([1.0, 3.0], 50)) == pytest.approx(100 * 4**2 / (2 * (1 + 9)))
    assert effective_size([]) == 0


def test_an_unweighted_share_has_wilsons_interval() -> None:
    yes = np.arange(80) < 12
    share = weighted_share(yes, np.ones(80), np.arange(80))
    low, high = proportion_confint(12, 80, method="wilson")
    # the linearised variance has n - 1 in place of n, which is not counted as clustering below one in eighty
    np.testing.assert_allclose([share.low[0], share.high[0]], [low, high], atol=1e-3)


def test_twins_are_worth_one() -> None:
    yes = np.arange(40) < 10
    once = weighted_share(yes, np.ones(40), np.arange(40))
    twice = weighted_share(np.tile(yes, 2), np.ones(80), np.tile(np.arange(40), 2))
    np.testing.assert_allclose([once.low, once.high], [twice.low, twice.high], atol=2e-3)


def test_weights_move_the_share_and_widen_the_interval() -> None:
    rng = np.random.default_rng(5)
    yes, weights = rng.random(400) < 0.3, rng.choice([1.0, 6.0], 400)
    share, plain = (weighted_share(yes, w, np.arange(400)) for w in (weights, np.ones(400)))
    assert share.value[0] == pytest.approx((weights * yes).sum() / weights.sum())
    assert share.high[0] - share.low[0] > plain.high[0] - plain.low[0]


def test_nobody_gives_no_share() -> None:
    assert np.isnan(weighted_share([], [], []).value[0])


@pytest.mark.slow
def test_weighted_shares_cover_the_truth_under_clusters_and_unequal_chances() -> None:
    rng, hits, rounds = np.random.default_rng(11), 0, 600
    for _ in range(rounds):
        person = np.repeat(np.arange(600), 2)
        kind = rng.integers(0, 2, 600)[person]
        level = np.where(kind == 1, 0.5, 0.2) + rng.uniform(-0.2, 0.2, 600)[person]
        answered = rng.random(1_200) < np.where(kind == 1, 0.3, 0.6)
        yes = rng.random(1_200) < level
        weights = 1 / response_chances(kind[:, None], answered)[answered]
        share = weighted_share(yes[answered], weights, person[answered])
        hits += share.low[0] <= 0.35 <= share.high[0]
    assert hits / rounds > 0.935


def test_worst_case_is_manskis() -> None:
    """With 70 of 100 answering and 14 of them saying yes, anything from 14 to 44 in a hundred is possible."""
    assert worst_case(14, 56, 30) == (0.14, 0.44)
    assert np.isnan(worst_case(0, 0, 0)).all()


def test_a_pattern_mixture_is_the_mean_of_both_patterns() -> None:
    mixed = with_different_silent(0.2, 0.4, [0.0, 0.5, 1.0, 2.0, 99.0])
    np.testing.assert_allclose(mixed, [0.08, 0.14, 0.2, 0.32, 0.68])


def test_late_answers_show_their_trend() -> None:
    rng = np.random.default_rng(3)
    delay = rng.exponential(size=3_000)
    rank = delay.argsort().argsort() / 3_000
    falling = late_responders(rng.random(3_000) < 0.5 - 0.3 * rank, delay, np.ones(3_000))
    flat = late_responders(rng.random(3_000) < 0.3, delay, np.ones(3_000))
    assert falling[2] < 0
    assert falling[0] == pytest.approx(-0.3, abs=0.08)
    assert flat[1] < 0 < flat[2]


def test_too_few_answers_have_no_trend() -> None:
    assert np.isnan(late_responders([True, False], [1.0, 2.0], [1.0, 1.0])).all()


def test_a_weighted_score_with_equal_weights_is_the_plain_one() -> None:
    scores = [10] * 30 + [8] * 20 + [3] * 10  # Rocks (2016) in the author's own code: 33.33, 13.30 to 50.19
    value, low, high = (float(end[0]) for end in weighted_score(scores, [2.5] * 60, range(60)))
    assert (value, low, high) == pytest.approx((33.33, 13.30, 50.19), abs=0.3)


def test_a_weighted_score_rests_on_kishs_number_of_answers() -> None:
    scores, weights = np.array([10] * 30 + [3] * 30), np.array([3.0] * 30 + [1.0] * 30)
    worth = weights.sum() ** 2 / (weights**2).sum()
    found = weighted_score(scores, weights, range(60))
    wanted = net_promoter_score([0.75 * worth], [0.25 * worth], [worth])
    assert found.value[0] == pytest.approx(50)
    # the linearised variance is the larger of the two or the smaller; the interval is never narrower than Kish's
    assert found.low[0] <= wanted.low[0] + 1e-9
    assert found.high[0] >= wanted.high[0] - 1e-9


def test_answers_of_one_person_count_as_one_in_a_weighted_score() -> None:
    scores = np.repeat([10, 10, 8, 3, 10, 3, 9, 7, 2, 10], 12)
    alone = weighted_score(scores, np.ones(120), range(120))
    alike = weighted_score(scores, np.ones(120), np.repeat(range(10), 12))
    ten = weighted_score(scores[::12], np.ones(10), range(10))
    assert [alike.value[0], alone.value[0]] == pytest.approx([ten.value[0]] * 2)
    assert alike.high[0] - alike.low[0] > 2.5 * (alone.high[0] - alone.low[0])
    assert alike.high[0] - alike.low[0] == pytest.approx(ten.high[0] - ten.low[0], rel=0.15)
