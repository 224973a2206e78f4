"""Staggered difference-in-differences by hand, against plain differences, dummies in a regression, and known truth."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from cxlib.errors import MeasureError
from cxlib.models.staggered import (
    NEVER,
    Panel,
    average,
    effects,
    two_way,
)

NAN = float("nan")


def panel(rows: list[list[float]], start: list[int]) -> Panel:
    return Panel(np.array(rows, float), np.array(start, np.intp))


HAND = panel(
    [
        [1, 1, 4, 5],  # starts at 2: +3, +4 on its level of 1
        [2, 2, 3, 6],  # starts at 2: +1, +4
        [5, 6, 6, 9],  # starts at 3: until then a control, +1, +1 on its start, then +3 on 6
        [0, 1, 2, 3],  # never
    ],
    [2, 2, 3, NEVER],
)


def test_a_panel_worked_by_hand() -> None:
    """Group 2 at 2: changes 3 and 1 less those of the two not yet treated, 0 and 1. At 3 only the last one is left."""
    found = effects(HAND)
    value, treated = found.by_event["value"], found.by_event["treated"]
    assert value[0] == pytest.approx((1.5 + 1.5 + 2) / 3)  # two units of group 2 and one of group 3
    assert value[1] == pytest.approx(2)
    assert treated.to_dict() == {-3: 1, -2: 3, 0: 3, 1: 2}
    assert found.level == pytest.approx((1 + 2 + 6) / 3)
    assert average(found, 0, 1, "ratio").value == pytest.approx((3 * 5 / 3 + 2 * 2) / 5)


def test_nobody_serves_for_comparison_while_its_own_start_is_coming() -> None:
    """Two periods are left out before a start; the second unit, which starts one later, is moved already."""
    rows = panel([[1, 1, 1, 1, 4], [1, 1, 1, 1, 3], [2, 2, 2, 2, 2]], [4, 5, NEVER])
    assert effects(rows, (-4, -3), (0, 0)).by_event["value"][0] == pytest.approx(3)
    assert effects(rows, (-4, -1), (0, 0)).by_event["value"][0] == pytest.approx(3 - (2 + 0) / 2)


def test_two_groups_and_two_periods_are_the_plain_difference() -> None:
    rng = np.random.default_rng(1)
    outcome = rng.normal(size=(60, 2))
    start = np.where(np.arange(60) < 25, 1, NEVER)
    change = outcome[:, 1] - outcome[:, 0]
    mine, others = change[:25], change[25:]
    found = average(effects(Panel(outcome, start)), 0, 0, "ratio")
    assert found.value == pytest.approx(mine.mean() - others.mean())
    error = np.sqrt((mine.var() / 25 + others.var() / 35) * 60 / 59)
    assert (found.high - found.value) == pytest.approx(stats.t.ppf(0.975, 24) * error)
    assert found.n == 25


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(2), 0
    start = np.repeat([4, 6, 8, NEVER], 20)
    on = np.arange(12)[None, :] >= start[:, None]
    for _ in range(300):
        own, times = rng.normal(size=(80, 1)), rng.normal(size=(1, 12))
        drift = np.cumsum(rng.normal(size=(80, 12)) * 0.3, axis=1)  # a unit's months hang together
        found = average(effects(Panel(own + times + drift + 0.5 * on, start)), 0, 3, "ratio")
        held += found.low <= 0.5 <= found.high
    assert stats.binomtest(held, 300, 0.95, alternative="less").pvalue > 0.01


def test_the_regression_with_fixed_effects_is_fooled_where_effects_grow_and_this_is_not() -> None:
    start = np.repeat([2, 10, NEVER], 10)
    since = np.arange(20)[None, :] - start[:, None]
    outcome = np.where(since >= 0, since + 1.0, 0.0)
    grown = Panel(outcome, start)
    found = effects(grown, reach=(0, 8))
    assert found.by_event["value"].tolist() == pytest.approx(range(1, 10))
    naive, negative = two_way(grown)
    assert negative > 0.01
    assert naive < np.mean(outcome[since >= 0]) - 1


def test_fixed_effects_equal_a_regression_on_dummies_with_holes_in_the_panel() -> None:
    rng = np.random.default_rng(3)
    outcome = rng.normal(size=(12, 7))
    outcome[rng.random(outcome.shape) < 0.2] = np.nan
    start = rng.integers(1, 9, 12)
    unit, period = np.nonzero(np.isfinite(outcome))
    on = (period >= start[unit]).astype(float)
    dummies = np.column_stack([on, np.eye(12)[unit], np.eye(7)[period][:, 1:]])
    fit = sm.OLS(outcome[unit, period], dummies).fit()
    found, negative = two_way(Panel(outcome, start))
    assert found == pytest.approx(fit.params[0])
    rest = sm.OLS(on, dummies[:, 1:]).fit().resid[on > 0]
    assert negative == pytest.approx(-rest[rest < 0].sum() / np.abs(rest).sum())


def test_without_a_start_there_is_nothing_to_regress_on() -> None:
    never = Panel(np.ones((3, 4)), np.full(3, NEVER))
    assert np.isnan(two_way(never)[0])
    assert effects(never).by_event.empty
    assert np.isnan(effects(never).level)


def test_units_count_where_they_were_seen() -> None:
    """The second unit of the group was not seen in period 2, the second control not before."""
    seen = panel([[1, 2, 5], [1, 1, NAN], [0, 0, 1], [NAN, NAN, 9]], [2, 2, NEVER, NEVER])
    found = effects(seen)
    assert found.by_event["value"][0] == pytest.approx(3 - 1)
    assert found.by_event["treated"][0] == 1
    assert found.by_event["influence"][0][[1, 3]].tolist() == [0, 0]


def test_who_had_the_work_before_the_panel_is_in_neither_group() -> None:
    early = panel([[9, 0, 9], [1, 1, 3], [0, 0, 0]], [-4, 2, NEVER])
    assert effects(early).by_event["value"][0] == pytest.approx(2)


def test_the_level_before_is_the_mean_of_the_base() -> None:
    rows = panel([[2, 4, 6, 30, 10], [0, 0, 0, 0, 0]], [4, NEVER])
    found = effects(rows, base=(-3, -2), reach=(-4, 0))
    assert found.by_event["value"].to_dict() == pytest.approx({-4: 2 - 5, -1: 30 - 5, 0: 10 - 5})


def test_where_nothing_can_be_told_nothing_is() -> None:
    found = effects(panel([[1, 2], [1, 1]], [1, NEVER]))
    assert np.isinf(average(found, 0, 0, "ratio").high)  # one unit in each group has no spread
    assert not average(found, 5, 9, "ratio").is_known


def test_a_base_after_the_start_is_refused() -> None:
    for base in ((-1, 0), (-2, -4)):
        with pytest.raises(MeasureError, match="must lie before the start, such as"):
            effects(HAND, base=base)
