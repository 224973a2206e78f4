"""Cumulative incidence: a printed table, lifelines, statsmodels, its own derivative, and worlds with clusters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from statsmodels.duration.survfunc import CumIncidenceRight

from cxlib.models.incidence import OTHER, STILL, WANTED, durations, incidence, influences, kaplan_meier


def some(seed: int = 3, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.exponential(50, n), rng.integers(0, 3, n)


def reached(
    time: npt.ArrayLike, end: npt.ArrayLike, by: npt.ArrayLike, weight: npt.ArrayLike = 1.0, entry: npt.ArrayLike = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    return influences(durations(time, end, np.arange(len(np.asarray(time))), entry, weight), by)


def test_the_printed_example_of_breast_cancer() -> None:
    # Satagopan and others (2004), British Journal of Cancer 91, table 2: the first nine of 305 patients, months of
    # follow-up; died of the cancer (1), of something else (2), or alive (0). The others were followed for longer.
    time = [7, 10, 14, 16, 18, 23, 24, 26, 27, *[100] * 296]
    end = [0, 1, 0, 1, 2, 1, 0, 2, 1, *[0] * 296]
    found, _ = reached(time, end, [0, 10, 16, 23, 27])
    assert np.round(100 * found, 1).tolist() == [0.0, 0.3, 0.7, 1.0, 1.3]
    # printed are 0.3, 0.6, 0.9 and 1.2: sums of increments that were rounded to 0.3 each, of these four
    steps = [1 / 304, 303 / 304 / 302, 303 / 304 * 301 / 302 * 300 / 301 / 300]
    assert np.diff(found)[:3] == pytest.approx(steps)
    assert np.round(100 * np.array(steps), 1).tolist() == [0.3, 0.3, 0.3]


@pytest.mark.parametrize("ties", [True, False])
def test_value_and_error_are_those_of_aalen_and_johansen(ties: bool) -> None:
    time, end = some()
    time = np.ceil(time) if ties else time
    with np.errstate(all="ignore"):
        theirs = CumIncidenceRight(time, end)
    for kind, other in ((0, 1), (1, 2)):
        value, influence = reached(time, np.select([end == other, end == 0], [WANTED, STILL], OTHER), theirs.times)
        assert value == pytest.approx(theirs.cinc[kind])
        with_error = np.isfinite(theirs.cinc_se[kind])
        errors = np.sqrt((influence**2).sum(axis=0))
        assert errors[with_error] == pytest.approx(theirs.cinc_se[kind][with_error])
        assert with_error.sum() > 50


def test_with_delayed_entry_it_is_that_of_lifelines() -> None:
    time, end = some(11, 600)
    entry = np.where(np.random.default_rng(12).random(600) < 0.5, 0.0, 20.0)
    seen = time > entry
    oracle = AalenJohansenFitter(calculate_variance=False).fit(time[seen], end[seen], WANTED, entry=entry[seen])
    times = np.linspace(0.5, 120, 30)
    assert reached(time, end, times, entry=entry)[0] == pytest.approx(oracle.predict(times).to_numpy(), rel=1e-9)


def test_reasons_and_those_still_there_add_up_to_one() -> None:
    time, end = some(13)
    entry = np.random.default_rng(14).uniform(0, 20, 300)
    times = np.linspace(0, 100, 21)
    ways = (np.where(end == STILL, STILL, np.where(end == kind, WANTED, OTHER)) for kind in (1, 2))
    parts = [reached(time, way, times, entry=entry)[0] for way in ways]
    there = kaplan_meier(time, end > 0, entry, times)[0].value
    assert sum(parts) + there == pytest.approx(np.ones(21))


def test_whole_weights_are_repeated_records() -> None:
    time, end = some(15, 60)
    weight = np.random.default_rng(1).integers(0, 4, 60)
    entry = np.random.default_rng(2).integers(0, 3, 60) * 5.0
    times = [5.0, 15.0, 45.0]
    repeated = (np.repeat(line, weight) for line in (time, end))
    again = reached(*repeated, times, entry=np.repeat(entry, weight))
    assert reached(time, end, times, weight, entry)[0] == pytest.approx(again[0])


def test_the_influence_is_the_derivative_by_the_weight() -> None:
    time, end = some(16, 80)
    time = np.ceil(time / 3)
    weight, times = np.random.default_rng(2).uniform(0.2, 2, 80), [4.0, 12.5, 28.0]
    entry = np.where(np.arange(80) % 3 == 0, 2.0, 0.0)
    cases = durations(time, end, np.arange(80), entry, weight)
    _, base = influences(cases, times)
    for record in range(0, len(cases.time), 9):
        more, less = cases.weight.copy(), cases.weight.copy()
        more[record] += 1e-5
        less[record] -= 1e-5
        ends = [influences(replace(cases, weight=each), times)[0] for each in (more, less)]
        assert base[record] == pytest.approx((ends[0] - ends[1]) / 2e-5 * cases.weight[record], abs=1e-8)
    assert base.sum(axis=0) == pytest.approx(0, abs=1e-12)


def test_what_nobody_was_followed_for_is_not_known() -> None:
    found, influence = reached([3.0, 5.0], [1, 0], [4.0, 5.0, 6.0])
    assert found[:2] == pytest.approx([0.5, 0.5])
    assert np.isnan(found[2])
    assert np.isnan(influence[:, 2]).all()
    assert reached([3.0, 5.0], [0, 2], [9.0])[0].tolist() == [0.0]  # all over, and none in the way asked about


def test_without_an_end_it_is_none_and_without_a_record_not_known() -> None:
    quiet, influence = reached([5.0, 9.0], [0, 2], [0.0, 8.0])
    assert quiet.tolist() == [0.0, 0.0]
    assert (influence == 0).all()
    assert (reached([5.0, 9.0], [0, 0], [0.0, 8.0])[1] == 0).all()
    nobody, none = reached([], [], [1.0])
    assert np.isnan(nobody).all()
    assert none.shape == (0, 1)


def test_ties_and_late_entry_as_lifelines_has_them() -> None:
    time, end = some(4)
    time, entry = np.ceil(time), np.floor(np.random.default_rng(5).uniform(0, 30, 300))
    seen = time > entry
    theirs = KaplanMeierFitter().fit(time[seen], end[seen] > 0, entry=entry[seen])
    ours = durations(time, np.where(end > 0, WANTED, STILL), np.arange(300), entry)
    for by in (20.0, 60.0, 120.0):
        assert influences(ours, [by])[0][0] == pytest.approx(1 - float(theirs.survival_function_at_times(by).iloc[0]))


def test_influences_are_what_leaving_one_out_changes() -> None:
    time, end = some(6, 120)
    entry = np.random.default_rng(7).uniform(0, 20, 120)
    cases = durations(np.round(time), end, np.arange(120), np.round(entry))
    (value,), influence = influences(cases, [60.0])
    for place in range(0, len(cases.time), 7):
        rest = np.arange(len(cases.time)) != place
        without = replace(cases, weight=rest.astype(float))
        assert value - influences(without, [60.0])[0][0] == pytest.approx(influence[place, 0], abs=0.002)
    assert influence.sum() == pytest.approx(0, abs=1e-12)


def test_copies_of_a_case_are_no_news() -> None:
    time, end = some(8)
    plain = incidence(durations(time, end, np.arange(300)), [60.0])[60.0]
    copied = incidence(durations(np.repeat(time, 4), np.repeat(end, 4), np.repeat(np.arange(300), 4)), [60.0])[60.0]
    assert copied.value == pytest.approx(plain.value)
    assert (copied.low, copied.high) == (pytest.approx(plain.low, abs=1e-3), pytest.approx(plain.high, abs=1e-3))


def test_watched_in_full_it_is_the_plain_share() -> None:
    time, end = some(9)
    end = np.where(end == STILL, OTHER, end)
    assert incidence(durations(time, end, np.arange(300)), [40.0])[40.0].value == pytest.approx(
        ((time <= 40) & (end == WANTED)).mean()
    )


def test_a_lost_case_is_not_one_still_running() -> None:
    """One less Kaplan and Meier with the lost as censored would say too much."""
    time, end = some(10)
    right = incidence(durations(time, end, np.arange(300)), [120.0])[120.0].value
    naive = influences(durations(time, (end == WANTED).astype(int), np.arange(300)), [120.0])[0][0]
    assert naive > right + 0.1


def test_what_ends_at_once_counts_from_the_beginning() -> None:
    cases = durations([0.0] * 10 + [5.0] * 10, [WANTED] * 5 + [OTHER] * 5 + [WANTED] * 10, np.arange(20))
    assert [one.value for one in incidence(cases, [0.0, 4.0, 5.0]).values()] == pytest.approx([0.25, 0.25, 0.75])


def test_ends_of_what_can_be_known() -> None:
    none = list(incidence(durations([5.0] * 20, [STILL] * 20, np.arange(20)), [0.0, 3.0, 6.0]).values())
    assert [one.value for one in none[:2]] == [0, 0]
    assert none[1].high == pytest.approx(0.161, abs=0.001)  # Wilson, 0 of 20
    assert not none[2].is_known  # nobody was seen for so long
    every = incidence(durations([5.0] * 20, [WANTED] * 20, np.arange(20)), [6.0])[6.0]
    assert (every.value, round(every.low, 3), every.high) == (1, 0.839, 1)
    assert incidence(durations([], [], []), [1.0])[1.0].flags == ("no-data",)
    assert incidence(durations([1.0] * 3, [WANTED] * 3, np.arange(3)), [1.0])[1.0].flags == ("suppressed",)
    assert len(durations([0.0, 2.0, 3.0], [1, 1, 1], [0, 1, 2], [0.0, 2.0, 1.0]).time) == 2


def test_limits_hold_the_truth_with_clusters_late_entry_and_censoring() -> None:
    """Each buyer has a speed of its own; won and lost compete; those over before day 10 of some are not seen."""
    worlds, right = 300, 0
    population = np.random.default_rng(0)
    speed = population.gamma(4, 0.25, 400_000)
    truth = float((0.4 * (1 - np.exp(-speed * 60 / 50))).mean())
    for seed in range(worlds):
        rng = np.random.default_rng([seed, 1])
        buyer = rng.integers(0, 150, 450)
        time = rng.exponential(50, 450) / rng.gamma(4, 0.25, 150)[buyer]
        end = np.where(rng.random(450) < 0.4, WANTED, OTHER)
        seen_until = rng.uniform(20, 200, 450)
        entry = np.where(rng.random(450) < 0.2, 10.0, 0.0)
        cases = durations(np.minimum(time, seen_until), np.where(time <= seen_until, end, STILL), buyer, entry)
        one = incidence(cases, [60.0])[60.0]
        right += one.low <= truth <= one.high
    assert right >= 0.95 * worlds - 2 * np.sqrt(worlds * 0.95 * 0.05)
