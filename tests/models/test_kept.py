"""Shares kept and months gained, against lifelines, by hand, and by leaving customers out."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from cxlib.errors import MeasureError
from cxlib.models.kept import MONTH, Kept, gain, horizon_of, kept

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


def test_by_hand() -> None:
    """Four customers from month 0: one ends in the first month, one in the second, weights 1, 1, 1 and 3."""
    table = kept(
        months(0, 0, 0, 0), months(0.5, 1.5, NEVER, NEVER), months(0, 0, 0, 0), 3 * MONTH, np.array([1, 1, 1, 3.0]), 3
    )
    assert table.share == pytest.approx([5 / 6, 4 / 6, 4 / 6])
    assert table.at_risk.tolist() == [4, 3, 2]
    value, _ = table.months(2)
    assert value == pytest.approx((1 + 5 / 6) / 2 + (5 / 6 + 4 / 6) / 2)


def test_a_month_counts_only_where_it_was_seen_whole() -> None:
    """Began under watch in the middle of a month, or the month was not over at the cut: an end in it does not count."""
    table = kept(months(0, 0), months(1.5, 1.5), months(0.5, 0), round(1.9 * MONTH), np.ones(2), 2)
    assert table.at_risk.tolist() == [1, 0]
    assert table.share.tolist() == [1, 1]


def test_an_end_on_the_last_instant_of_a_month_belongs_to_it() -> None:
    table = kept(months(0, 0), np.array([12 * MONTH, NEVER]), months(0, 0), 24 * MONTH, np.ones(2), 13)
    assert table.share[11] == pytest.approx(0.5)


def test_agrees_with_lifelines_on_whole_months_with_late_entry_and_weights() -> None:
    rows = group(400, 1)
    rows["weight"] = np.ceil(rows["weight"])
    cut, horizon = 36 * MONTH, 18
    table = kept(**rows, cut=cut, months=horizon)
    entry = np.ceil((rows["entry"] - rows["start"]) / MONTH)
    ended = np.ceil((rows["end"] - rows["start"]) / MONTH)
    seen = np.floor((cut - rows["start"]) / MONTH)
    time, event = np.minimum(ended, seen), ended <= seen
    here = time > entry
    fit = KaplanMeierFitter().fit(time[here], event[here], entry=entry[here], weights=rows["weight"][here])
    assert table.share == pytest.approx(fit.predict(np.arange(1, horizon + 1)).to_numpy(), abs=1e-9)


def test_influence_is_what_leaving_a_customer_out_would_do() -> None:
    rows = group(300, 2)
    table = kept(**rows, cut=36 * MONTH, months=12)
    for who in (3, 77, 150):
        others = {name: np.delete(values, who) for name, values in rows.items()}
        without = kept(**others, cut=36 * MONTH, months=12)
        assert table.influence[who] == pytest.approx(table.share - without.share, abs=2e-4)


def test_a_gain_among_all_is_the_difference_and_among_some_it_is_divided() -> None:
    first, second = (kept(**group(300, seed, rate), cut=36 * MONTH, months=12) for seed, rate in ((3, 0.04), (4, 0.08)))
    every = gain(first, second, 12)
    assert [share.value for share in every.share] == pytest.approx(first.share - second.share)
    assert every.months.value == pytest.approx(first.months(12)[0] - second.months(12)[0])
    error = np.hypot(*(np.sqrt((table.months(12)[1] ** 2).sum()) for table in (first, second)))
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
        tables = [kept(zero, end, zero, 20 * MONTH, np.ones(250), horizon) for end in ends]
        found = gain(*tables, horizon, got).months
        held += found.low <= truth <= found.high
    assert held >= 180


def test_the_horizon_ends_where_too_few_are_watched() -> None:
    def seen(*counts: int) -> Kept:
        return Kept(np.ones(len(counts)), np.zeros((1, len(counts))), np.array(counts, float), np.ones(1))

    assert horizon_of((seen(50, 40, 30, 20), seen(60, 30, 10, 9)), 20, 24) == 2
    assert horizon_of((seen(50, 40), seen(60, 30)), 20, 24) == 2
    assert horizon_of((seen(50, 40), seen(60, 30)), 20, 1) == 1
    assert horizon_of((seen(5, 4), seen(60, 30)), 20, 24) == 0


def test_nobody_at_risk_leaves_the_share_as_it_was_and_a_gain_without_limits() -> None:
    none = np.zeros(0, np.int64)
    table = kept(none, none, none, MONTH, np.zeros(0), 2)
    assert table.share.tolist() == [1, 1]
    assert np.isinf(gain(table, table, 2).months.high)


def test_what_cannot_be_a_life_table_or_a_gain_is_refused() -> None:
    one = np.zeros(1, np.int64)
    with pytest.raises(MeasureError, match="one start, end, entry and weight per customer and at least one month"):
        kept(one, one, one, 0, np.ones(2), 3)
    table = kept(one, one + NEVER, one, 5 * MONTH, np.ones(1), 3)
    with pytest.raises(MeasureError, match="somebody who got the work and a horizon within the tables, not 0%"):
        gain(table, table, 3, np.array([False]))
    with pytest.raises(MeasureError, match="9 months"):
        gain(table, table, 9)
