"""Cumulative incidence with clusters: against lifelines, statsmodels and leaving one out."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from statsmodels.duration.survfunc import CumIncidenceRight

from cxlib.models.incidence import OTHER, STILL, WANTED, Durations, durations, incidence, influences


def some(seed: int = 3, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.exponential(50, n), rng.integers(0, 3, n)


@pytest.mark.parametrize("by", [10.0, 40.0, 90.0])
def test_value_and_error_are_those_of_aalen_and_johansen(by: float) -> None:
    time, end = some()
    value, influence = influences(durations(time, end, np.arange(300)), by)
    with np.errstate(all="ignore"):
        theirs = CumIncidenceRight(time, end)
    place = np.searchsorted(theirs.times, by, side="right") - 1
    assert value == pytest.approx(theirs.cinc[0][place])
    assert np.sqrt((influence**2).sum()) == pytest.approx(theirs.cinc_se[0][place])


def test_ties_and_late_entry_as_lifelines_has_them() -> None:
    time, end = some(4)
    time, entry = np.ceil(time), np.floor(np.random.default_rng(5).uniform(0, 30, 300))
    seen = time > entry
    theirs = KaplanMeierFitter().fit(time[seen], end[seen] > 0, entry=entry[seen])
    ours = durations(time, np.where(end > 0, WANTED, STILL), np.arange(300), entry)
    for by in (20.0, 60.0, 120.0):
        assert influences(ours, by)[0] == pytest.approx(1 - float(theirs.survival_function_at_times(by).iloc[0]))


def test_influences_are_what_leaving_one_out_changes() -> None:
    time, end = some(6, 120)
    entry = np.random.default_rng(7).uniform(0, 20, 120)
    cases = durations(np.round(time), end, np.arange(120), np.round(entry))
    value, influence = influences(cases, 60.0)
    for place in range(0, len(cases.time), 7):
        rest = np.arange(len(cases.time)) != place
        without = Durations(cases.time[rest], cases.end[rest], cases.cluster[rest], cases.entry[rest])
        assert value - influences(without, 60.0)[0] == pytest.approx(influence[place], abs=0.002)
    assert influence.sum() == pytest.approx(0, abs=1e-12)


def test_copies_of_a_case_are_no_news() -> None:
    time, end = some(8)
    plain = incidence(durations(time, end, np.arange(300)), [60.0])[0]
    copied = incidence(durations(np.repeat(time, 4), np.repeat(end, 4), np.repeat(np.arange(300), 4)), [60.0])[0]
    assert copied.value == pytest.approx(plain.value)
    assert (copied.low, copied.high) == (pytest.approx(plain.low, abs=1e-3), pytest.approx(plain.high, abs=1e-3))


def test_watched_in_full_it_is_the_plain_share() -> None:
    time, end = some(9)
    end = np.where(end == STILL, OTHER, end)
    assert incidence(durations(time, end, np.arange(300)), [40.0])[0].value == pytest.approx(
        ((time <= 40) & (end == WANTED)).mean()
    )


def test_a_lost_case_is_not_one_still_running() -> None:
    """One less Kaplan and Meier with the lost as censored would say too much."""
    time, end = some(10)
    right = incidence(durations(time, end, np.arange(300)), [120.0])[0].value
    naive = influences(durations(time, (end == WANTED).astype(int), np.arange(300)), 120.0)[0]
    assert naive > right + 0.1


def test_what_ends_at_once_counts_from_the_beginning() -> None:
    cases = durations([0.0] * 10 + [5.0] * 10, [WANTED] * 5 + [OTHER] * 5 + [WANTED] * 10, np.arange(20))
    assert [one.value for one in incidence(cases, [0.0, 4.0, 5.0])] == pytest.approx([0.25, 0.25, 0.75])


def test_ends_of_what_can_be_known() -> None:
    none = incidence(durations([5.0] * 20, [STILL] * 20, np.arange(20)), [0.0, 3.0, 6.0])
    assert [one.value for one in none[:2]] == [0, 0]
    assert none[1].high == pytest.approx(0.161, abs=0.001)  # Wilson, 0 of 20
    assert not none[2].is_known  # nobody was seen for so long
    every = incidence(durations([5.0] * 20, [WANTED] * 20, np.arange(20)), [6.0])[0]
    assert (every.value, round(every.low, 3), every.high) == (1, 0.839, 1)
    assert incidence(durations([], [], []), [1.0])[0].flags == ("no-data",)
    assert incidence(durations([1.0] * 3, [WANTED] * 3, np.arange(3)), [1.0])[0].flags == ("suppressed",)
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
        one = incidence(cases, [60.0])[0]
        right += one.low <= truth <= one.high
    assert right >= 0.95 * worlds - 2 * np.sqrt(worlds * 0.95 * 0.05)
