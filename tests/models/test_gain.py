"""What some work kept: months watched whole, against lifelines and by hand, and gains of known truth."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from cxlib.errors import MeasureError
from cxlib.models.incidence import MONTH, Durations, gain, horizon_of, in_months, influences

NEVER = 10**12


def months(*numbers: float) -> np.ndarray:
    return np.array([round(number * MONTH) for number in numbers], np.int64)


def group(count: int, seed: int, monthly: float = 0.08) -> dict[str, np.ndarray]:
    """Return customers who begin over two years and are seen from the first year's end on."""
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 24 * MONTH, count)
    end = start + (rng.exponential(1 / monthly, count) * MONTH).astype(np.int64) + 1
    entry = np.maximum(start, 12 * MONTH)
    seen = end > entry
    return {"start": start[seen], "end": end[seen], "entry": entry[seen], "weight": rng.gamma(2.0, 1.0, seen.sum())}


def left(group: Durations, months: int) -> np.ndarray:
    """Return the share still there at the end of each month."""
    return 1 - influences(group, np.arange(1, months + 1))[0]


def watched(group: Durations, longest: int) -> list[int]:
    """Return how many customers are watched through each month."""
    fewest = range(1, len(group.time) + 1)
    return [sum(horizon_of([group], few, longest) >= month for few in fewest) for month in range(1, longest + 1)]


def test_by_hand() -> None:
    """Four customers from month 0: one ends in the first month, one in the second, weights 1, 1, 1 and 3."""
    zero = months(0, 0, 0, 0)
    group = in_months(zero, months(0.5, 1.5, NEVER, NEVER), zero, 3 * MONTH, np.array([1, 1, 1, 3.0]))
    assert left(group, 3) == pytest.approx([5 / 6, 4 / 6, 4 / 6])
    assert watched(group, 3) == [4, 3, 2]
    nobody_left = in_months(zero, zero + NEVER, zero, 3 * MONTH, np.ones(4))
    found = gain(nobody_left, group, 2)
    assert found.months.value == pytest.approx(2 - ((1 + 5 / 6) / 2 + (5 / 6 + 4 / 6) / 2))


def test_a_month_counts_only_where_it_was_seen_whole() -> None:
    """Began under watch in the middle of a month, or the month was not over at the cut: an end in it does not count."""
    group = in_months(months(0, 0), months(1.5, 1.5), months(0.5, 0), round(1.9 * MONTH), np.ones(2))
    assert watched(group, 2) == [1, 0]
    assert left(group, 1).tolist() == [1]


def test_an_end_on_the_last_instant_of_a_month_belongs_to_it() -> None:
    group = in_months(months(0, 0), np.array([12 * MONTH, NEVER]), months(0, 0), 24 * MONTH, np.ones(2))
    assert left(group, 12)[10:] == pytest.approx([1, 0.5])


def test_agrees_with_lifelines_on_whole_months_with_late_entry_and_weights() -> None:
    rows = group(400, 1)
    rows["weight"] = np.ceil(rows["weight"])
    cut, horizon = 36 * MONTH, 18
    entry = np.ceil((rows["entry"] - rows["start"]) / MONTH)
    ended = np.ceil((rows["end"] - rows["start"]) / MONTH)
    seen = np.floor((cut - rows["start"]) / MONTH)
    time, event = np.minimum(ended, seen), ended <= seen
    here = time > entry
    fit = KaplanMeierFitter().fit(time[here], event[here], entry=entry[here], weights=rows["weight"][here])
    theirs = fit.predict(np.arange(1, horizon + 1)).to_numpy()
    assert left(in_months(**rows, cut=cut), horizon) == pytest.approx(theirs, abs=1e-9)


def test_a_gain_among_all_is_the_difference_and_among_some_it_is_divided() -> None:
    first, second = (in_months(**group(300, seed, rate), cut=36 * MONTH) for seed, rate in ((3, 0.04), (4, 0.08)))
    every = gain(first, second, 12)
    gaps = left(first, 12) - left(second, 12)
    assert [share.value for share in every.share] == pytest.approx(gaps)
    assert every.months.value == pytest.approx(np.trapezoid(np.append(0, gaps)))
    parts = [influences(one, np.arange(1, 13))[1] for one in (first, second)]
    error = np.hypot(*(np.sqrt(((part.sum(axis=1) - part[:, -1] / 2) ** 2).sum()) for part in parts))
    assert (every.months.high - every.months.value) / 1.96 == pytest.approx(error, rel=0.01)
    got = np.arange(len(first.weight)) % 2 == 0
    took = np.average(got, weights=first.weight)
    some = gain(first, second, 12, got)
    assert some.months.value == pytest.approx(every.months.value / took)
    assert some.slope.value == pytest.approx(np.polyfit(range(12), [share.value for share in some.share], 1)[0])


def test_the_interval_of_a_divided_gain_holds_the_truth_as_often_as_it_says() -> None:
    """Half of the first group stays with a monthly hazard of 0.03 instead of 0.08; the others are as the second."""
    rng, held, horizon = np.random.default_rng(5), 0, 12
    survival = {rate: np.exp(-rate * np.arange(horizon + 1)) for rate in (0.03, 0.08)}
    truth = np.trapezoid(survival[0.03] - survival[0.08])
    for _ in range(200):
        got = rng.random(250) < 0.5
        rate = np.where(got, 0.03, 0.08)
        ends = [(rng.exponential(1 / r, 250) * MONTH).astype(np.int64) + 1 for r in (rate, 0.08)]
        zero = np.zeros(250, np.int64)
        groups = [in_months(zero, end, zero, 20 * MONTH, np.ones(250)) for end in ends]
        found = gain(*groups, horizon, got).months
        held += found.low <= truth <= found.high
    assert held >= 180


def test_the_horizon_ends_where_too_few_are_watched() -> None:
    def seen(*counts: int) -> Durations:
        """Of so many customers watched through each month."""
        lasts = months(*(np.sum(np.array(counts) > k) for k in range(counts[0])))
        zero = np.zeros(len(lasts), np.int64)
        return in_months(zero, lasts, zero, 99 * MONTH, np.ones(len(lasts)))

    assert horizon_of((seen(50, 40, 30, 20), seen(60, 30, 10, 9)), 20, 24) == 2
    assert horizon_of((seen(50, 40), seen(60, 30)), 20, 24) == 2
    assert horizon_of((seen(50, 40), seen(60, 30)), 20, 1) == 1
    assert horizon_of((seen(5, 4), seen(60, 30)), 20, 24) == 0


def test_what_cannot_be_a_gain_is_refused() -> None:
    one = np.zeros(1, np.int64)
    customer = in_months(one, one + NEVER, one, 5 * MONTH, np.ones(1))
    with pytest.raises(MeasureError, match="somebody who got the work and at least one month, not 0% and 3 months"):
        gain(customer, customer, 3, np.array([False]))
    with pytest.raises(MeasureError, match="100% and 0 months"):
        gain(customer, customer, 0)
