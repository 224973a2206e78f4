"""Trends and families of changes: against other packages, and how often they err where the truth is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.multitest import multipletests

from cxlib.change import judged_together, trend
from cxlib.estimate import Estimate, Z, two_sided_p
from cxlib.finding import Change, direction_of

Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def course(values: np.ndarray, sd: np.ndarray | float, unit: str = "share") -> list[Estimate]:
    errors = np.broadcast_to(sd, len(values))
    return [
        Estimate(float(v), float(v - Z * s), float(v + Z * s), 100, unit, "")
        for v, s in zip(values, errors, strict=True)
    ]


def test_a_line_without_scatter_has_the_error_of_weighted_least_squares() -> None:
    at, sd = np.arange(9), np.linspace(0.5, 2.0, 9)
    found = trend(course(10 + 0.3 * at, sd, "points"))
    fit = sm.WLS(10 + 0.3 * at, sm.add_constant(at), weights=sd**-2).fit()
    assert found.value == pytest.approx(8 * fit.params[1])
    half = 8 * np.sqrt(fit.normalized_cov_params[1, 1]) * 2.3646  # t with 7 degrees of freedom
    assert (found.low, found.high) == (
        pytest.approx(found.value - half, rel=1e-4),
        pytest.approx(found.value + half, rel=1e-4),
    )
    assert (found.n, found.unit) == (9, "points difference")


def test_scatter_beyond_the_intervals_widens_the_trend_to_it() -> None:
    y = 5 + 0.2 * np.arange(18) + np.tile([1.0, -1.0], 9)  # neighbours differ: no autocorrelation to allow for
    found, fit = trend(course(y, 0.01)), sm.OLS(y, sm.add_constant(np.arange(18))).fit()
    assert found.high - found.value == pytest.approx(17 * 2.1199 * fit.bse[1], rel=1e-4)


def test_two_years_clear_a_trend_of_seasons() -> None:
    at = np.arange(24)
    season = 5 * np.sin(2 * np.pi * at / 12)
    assert trend(course(0.1 * at + season, 1.0)).value == pytest.approx(23 * 0.1)
    assert abs(trend(course(0.1 * at[:23] + season[:23], 1.0)).value - 22 * 0.1) > 1


def test_a_trend_needs_six_whole_months() -> None:
    line = course(np.arange(6.0), 1.0)
    assert trend(line).value == pytest.approx(5)
    first = Estimate(9.0, 7.0, 11.0, 100, "share", "", ("first-month",))
    for short in (line[:5], [first, *line[1:]], [Estimate.unknown(0, "share"), *line[1:]]):
        assert not trend(short).is_known
        assert trend(short).n == 5
    exact = [Estimate(float(k), float(k), float(k), 100, "customers", "") for k in range(12)]
    assert not trend(exact).is_known, "a full count has no trend that chance could make"


def kept(random: np.random.Generator, months: int, leave: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    """Return the share kept over twelve months, month by month, of 400 places whose customers are replaced."""
    last = np.zeros(400, int)
    spells = []
    while last.min() < months + 12:
        ends = last + random.geometric(leave, 400)
        spells.append((last, ends))
        last = ends
    ends_of = range(12, months + 12)
    paid = [sum(((s <= t - 12) & (e > t)).sum() for s, e in spells) / 400 for t in ends_of]
    share = np.array(paid)
    return share, np.sqrt(share * (1 - share) / 400)


def noise(more: float) -> Draw:
    return lambda random, months: (random.normal(scale=np.hypot(1, more), size=months), np.ones(months))


def covered(draw: Draw, months: int, window: int = 1, worlds: int = 400) -> float:
    random = np.random.default_rng(5)
    found = [trend(course(*draw(random, months)), window) for _ in range(worlds)]
    return float(np.mean([one.low <= 0 <= one.high for one in found]))


@pytest.mark.parametrize("months", [6, 12, 24])
def test_nothing_that_moves_is_seldom_called_a_trend(months: int) -> None:
    assert covered(noise(0), months) >= 0.94
    assert covered(noise(1), months) >= 0.93
    assert covered(kept, months, window=12) >= 0.94


def test_windows_that_overlap_taken_for_independent_fake_precision() -> None:
    assert covered(kept, 24, window=1) < covered(kept, 24, window=12) - 0.1


def test_the_slope_of_what_wandered_is_covered() -> None:
    """The true figures may wander from month to month: the trend is about where they went, not why."""
    random, hits = np.random.default_rng(6), 0
    for _ in range(300):
        true = np.cumsum(random.normal(scale=1.0, size=18))
        line = 17 * np.polyfit(np.arange(18), true, 1)[0]
        found = trend(course(true + random.normal(size=18), 1.0))
        hits += found.low <= line <= found.high
    assert hits / 300 >= 0.95


def test_a_slide_of_half_a_year_is_found() -> None:
    slide = np.array([0.979, 0.95, 0.92, 0.88, 0.84, 0.80])
    assert direction_of(trend(course(slide, np.sqrt(slide * (1 - slide) / 400)), window=12)) == "fell"


def compared(value: float, half: float) -> Change:
    change = Estimate(value, value - half, value + half, 100, "points difference", "")
    return Change("f", "nps", change, change, change, "2026-09", direction_of(change))


def test_the_interval_that_is_given_is_the_one_that_decides() -> None:
    random = np.random.default_rng(7)
    for _ in range(200):
        family = [compared(value, Z) for value in random.normal(random.choice([0, 0, 3], 15), 1)]
        rejected = multipletests([two_sided_p(one.change) for one in family], method="fdr_bh")[0]
        found = judged_together(family)
        assert [one.is_measured for one in found] == rejected.tolist()
        assert all(one.verdict == direction_of(one.change) for one in found)


def test_of_the_intervals_that_tell_a_change_one_in_twenty_misses() -> None:
    random, misses = np.random.default_rng(8), []
    for _ in range(400):
        true = random.choice([0.0, 0.0, 1.0, 3.0], 20)
        found = judged_together([compared(value, Z) for value in random.normal(true, 1)])
        told = [(one, t) for one, t in zip(found, true, strict=True) if one.is_measured]
        misses.append(np.mean([not one.change.low <= t <= one.change.high for one, t in told]) if told else 0.0)
    assert np.mean(misses) <= 0.055
    alone = [not abs(value - t) <= Z for t in (1.0,) * 4000 if abs(value := random.normal(t, 1)) > Z]
    assert np.mean(alone) > 0.1, "as they are, intervals of what was picked miss more often"


def test_a_full_count_is_no_comparison_that_chance_could_make() -> None:
    exact, unsure = compared(5.0, 0.0), compared(2.0, Z)
    assert judged_together([exact, unsure]) == [exact, unsure]
    assert [one.verdict for one in judged_together([unsure] * 2)] == ["rose"] * 2
    assert judged_together([unsure, compared(0.1, Z)])[0].verdict == "no-measurable-change"
