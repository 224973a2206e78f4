"""Cumulative incidence of weighted records: against a printed table, two libraries, and its own derivative."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import AalenJohansenFitter
from statsmodels.duration.survfunc import CumIncidenceRight

from cxlib.models.competing_risks import cumulative_incidence


def waits(n: int = 200, seed: int = 5, ties: bool = True) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, 30, n).astype(float) if ties else rng.exponential(20, n)
    return duration, rng.choice([0, 1, 2], n)


def test_the_printed_example_of_breast_cancer() -> None:
    # Satagopan and others (2004), British Journal of Cancer 91, table 2: the first nine of 305 patients, months of
    # follow-up; died of the cancer (1), of something else (2), or alive (0). The others were followed for longer.
    duration = [7, 10, 14, 16, 18, 23, 24, 26, 27, *[100] * 296]
    event = [0, 1, 0, 1, 2, 1, 0, 2, 1, *[0] * 296]
    found = cumulative_incidence(duration, event, [0, 10, 16, 23, 27])
    assert np.round(100 * found.value, 1).tolist() == [0.0, 0.3, 0.7, 1.0, 1.3]
    # printed are 0.3, 0.6, 0.9 and 1.2: sums of increments that were rounded to 0.3 each, of these four
    steps = [1 / 304, 303 / 304 / 302, 303 / 304 * 301 / 302 * 300 / 301 / 300]
    assert np.diff(found.value)[:3] == pytest.approx(steps)
    assert np.round(100 * np.array(steps), 1).tolist() == [0.3, 0.3, 0.3]


@pytest.mark.parametrize("cause", [1, 2])
def test_value_and_error_are_those_of_statsmodels(cause: int) -> None:
    duration, event = waits()
    theirs = CumIncidenceRight(duration, event)
    ours = cumulative_incidence(duration, event, theirs.times, cause=cause)
    assert ours.value == pytest.approx(theirs.cinc[cause - 1])
    assert np.sqrt((ours.influence**2).sum(axis=0)) == pytest.approx(theirs.cinc_se[cause - 1])


def test_the_value_is_that_of_lifelines() -> None:
    duration, event = waits(ties=False)
    theirs = AalenJohansenFitter(calculate_variance=False).fit(duration, event, event_of_interest=1)
    times = [5.0, 20.0, 50.0]
    line = theirs.cumulative_density_.iloc[:, 0]
    expected = [float(line[line.index <= time].iloc[-1]) for time in times]
    assert cumulative_incidence(duration, event, times).value == pytest.approx(expected)


def test_whole_weights_are_repeated_records() -> None:
    duration, event = waits(60)
    weight = np.random.default_rng(1).integers(0, 4, 60)
    weighted = cumulative_incidence(duration, event, [5.0, 15.0, 25.0], weight)
    repeated = cumulative_incidence(np.repeat(duration, weight), np.repeat(event, weight), [5.0, 15.0, 25.0])
    assert weighted.value == pytest.approx(repeated.value)


def test_the_influence_is_the_derivative_by_the_weight() -> None:
    duration, event = waits(80)
    weight = np.random.default_rng(2).uniform(0.2, 2, 80)
    times = [4.0, 12.5, 28.0]
    base = cumulative_incidence(duration, event, times, weight)
    for record in range(0, 80, 9):
        more, less = weight.copy(), weight.copy()
        more[record] += 1e-5
        less[record] -= 1e-5
        ends = (cumulative_incidence(duration, event, times, each).value for each in (more, less))
        slope = (next(ends) - next(ends)) / 2e-5
        assert base.influence[record] == pytest.approx(slope * weight[record], abs=1e-8)
    assert base.influence.sum(axis=0) == pytest.approx(0, abs=1e-12)


def test_seen_to_the_end_it_is_the_plain_share() -> None:
    duration, event = np.arange(1.0, 41.0), np.tile([1, 2, 1, 2, 2], 8)
    found = cumulative_incidence(duration, event, [40.0, 90.0])
    assert found.value == pytest.approx([0.4, 0.4])
    assert (found.influence**2).sum(axis=0) == pytest.approx(0.4 * 0.6 / 40)


def test_what_nobody_was_followed_for_is_not_known() -> None:
    found = cumulative_incidence([3.0, 5.0], [1, 0], [4.0, 5.0, 6.0])
    assert found.value[:2] == pytest.approx([0.5, 0.5])
    assert np.isnan(found.value[2])
    assert np.isnan(found.influence[:, 2]).all()


def test_without_an_event_it_is_none_and_without_a_record_not_known() -> None:
    quiet = cumulative_incidence([5.0, 9.0], [0, 2], [0.0, 8.0])
    assert quiet.value.tolist() == [0.0, 0.0]
    assert (quiet.influence == 0).all()
    nobody = cumulative_incidence([], [], [1.0])
    assert np.isnan(nobody.value).all()
    assert nobody.influence.shape == (0, 1)
