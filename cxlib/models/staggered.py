"""What work that starts at different times for different customers does: difference-in-differences.

Everybody's change since before the work began is compared with the change, over the same months, of those for whom
it has not begun yet. Callaway and Sant'Anna (2021), Journal of Econometrics 225(2): group-time effects against the
not-yet and never treated, joined by the time since the start; errors from the influence of each unit, so that all
months of one unit hang together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.errors import MeasureError
from cxlib.estimate import ALPHA, Bools, Estimate, Floats, Ints

NEVER = 10**9
"""The start of a unit for which the work never begins."""


@dataclass(frozen=True)
class Panel:
    """Units followed over periods.

    Parameters
    ----------
    outcome : ndarray, shape (units, periods)
        NaN where a unit was not observed.
    start : ndarray of int, shape (units,)
        Period in which the work began: below 0 if before the first one, `NEVER` if never.
    """

    outcome: Floats
    start: Ints

    def __post_init__(self) -> None:
        if self.outcome.ndim != 2 or self.start.shape != self.outcome.shape[:1]:
            raise MeasureError(
                f"a panel needs one row of outcomes and one start per unit, not {self.outcome.shape} and "
                f"{self.start.shape}"
            )


@dataclass(frozen=True)
class Effects:
    """Effects by the number of periods since the start (0: the period of the start itself).

    Attributes
    ----------
    value, treated : mapping of int
        Effect, and units with the work that it rests on.
    influence : mapping of int to ndarray, shape (units,)
        What each unit contributes to the error of the effect.
    level : float
        Mean outcome of the units with the work before it began; NaN where there are none.
    """

    value: Mapping[int, float]
    treated: Mapping[int, int]
    influence: Mapping[int, Floats]
    level: float

    def within(self, first: int, last: int) -> list[int]:
        """Return the event times from `first` to `last` that have an effect, in order."""
        return [event for event in sorted(self.value) if first <= event <= last]

    def covariance(self, events: list[int]) -> Floats:
        """Return the covariance of the effects at some event times, shape (events, events)."""
        influence = np.array([self.influence[event] for event in events])
        units = int(np.any(influence != 0, axis=0).sum())
        scale = units / (units - 1) if units > 1 else np.inf
        with np.errstate(invalid="ignore"):
            return np.asarray(influence @ influence.T * scale, float)


@dataclass(frozen=True)
class PreTrend:
    """Wald's test that nothing moved before the start; `p` is NaN where there is nothing to test with."""

    statistic: float
    freedom: int
    p: float


@dataclass(frozen=True)
class TwoWay:
    """The two-way fixed-effects coefficient, and the share of its weights on treated cells that is negative.

    `negative` is the sum of negative weights over the sum of all absolute ones: de Chaisemartin and D'Haultfoeuille
    (2020), American Economic Review 110(9). Above zero, early starters serve as controls for late ones
    (Goodman-Bacon 2021, Journal of Econometrics 225(2)).
    """

    value: float
    negative: float


def effects(panel: Panel, base: tuple[int, int] = (-1, -1), reach: tuple[int, int] = (-12, 24)) -> Effects:
    """Return the effects by event time.

    Parameters
    ----------
    panel : Panel
    base : (int, int)
        First and last event time of the periods whose mean is the unit's own level before the work; (-1, -1) is
        the period before the start. Ending it earlier leaves out periods in which the start was already coming, of
        those who began and of those they are compared with: nobody serves so shortly before a start of its own
        (anticipation in Callaway and Sant'Anna).
    reach : (int, int)
        First and last event time to compute. Those inside `base` are left out: they are what the others are
        measured against.

    Raises
    ------
    MeasureError
        If the base does not lie before the start.
    """
    if not base[0] <= base[1] < 0:
        raise MeasureError(f"the base {base} must lie before the start, such as (-12, -4), the earlier time first")
    periods = panel.outcome.shape[1]
    groups = [int(g) for g in np.unique(panel.start) if 0 <= g < periods]
    levels = {g: _level(panel.outcome, g + base[0], g + base[1]) for g in groups}
    found: dict[int, tuple[float, int, Floats]] = {}
    for event in range(reach[0], reach[1] + 1):
        if not base[0] <= event <= base[1]:
            cells = [_cell(panel, levels[g], g, g + event, base) for g in groups if 0 <= g + event < periods]
            joined = _joined([cell for cell in cells if cell is not None], len(panel.start))
            if joined is not None:
                found[event] = joined
    return Effects(
        {event: cell[0] for event, cell in found.items()},
        {event: cell[1] for event, cell in found.items()},
        {event: cell[2] for event, cell in found.items()},
        _mean_level(panel, levels),
    )


def _mean_level(panel: Panel, levels: Mapping[int, Floats]) -> float:
    own = np.concatenate([np.empty(0), *(level[panel.start == g] for g, level in levels.items())])
    own = own[np.isfinite(own)]
    return float(own.mean()) if len(own) else float("nan")


def group_time(panel: Panel, base: tuple[int, int] = (-1, -1)) -> pd.DataFrame:
    """Return the effect in each group (by period of start) and period: `start, period, value, treated, controls`."""
    periods = panel.outcome.shape[1]
    rows = []
    for g in (int(g) for g in np.unique(panel.start) if 0 <= g < periods):
        level = _level(panel.outcome, g + base[0], g + base[1])
        for t in range(periods):
            cell = None if base[0] <= t - g <= base[1] else _cell(panel, level, g, t, base)
            if cell is not None:
                change, mine, others = cell
                rows.append((g, t, change[mine].mean() - change[others].mean(), mine.sum(), others.sum()))
    return pd.DataFrame(rows, columns=["start", "period", "value", "treated", "controls"])


def _level(outcome: Floats, first: int, last: int) -> Floats:
    """Return each unit's mean over some periods, NaN where it was seen in none of them."""
    part = outcome[:, max(first, 0) : max(last + 1, 0)]
    seen = np.isfinite(part).sum(axis=1)
    total = np.where(np.isfinite(part), part, 0.0).sum(axis=1)
    return np.where(seen > 0, total / np.maximum(seen, 1), np.nan)


def _cell(panel: Panel, level: Floats, g: int, t: int, base: tuple[int, int]) -> tuple[Floats, Bools, Bools] | None:
    """Return the changes, who began at g, and who was not about to begin by t nor by g; None where either is nobody."""
    change = panel.outcome[:, t] - level
    seen = np.isfinite(change)
    coming = -1 - base[1]
    mine, others = seen & (panel.start == g), seen & (panel.start > max(g, t) + coming)
    return (change, mine, others) if mine.any() and others.any() else None


def _joined(cells: list[tuple[Floats, Bools, Bools]], units: int) -> tuple[float, int, Floats] | None:
    """Return the mean effect over all who began, how many they are, and each unit's influence."""
    if not cells:
        return None
    total = sum(int(mine.sum()) for _, mine, _ in cells)
    gaps = [change[mine] - change[others].mean() for change, mine, others in cells]
    value = float(np.concatenate(gaps).mean())
    influence = np.zeros(units)
    for (change, mine, others), gap in zip(cells, gaps, strict=True):
        influence[mine] += (gap - value) / total
        influence[others] -= (change[others] - change[others].mean()) * len(gap) / (total * others.sum())
    return value, total, influence


def average(found: Effects, first: int, last: int, unit: str) -> Estimate:
    """Return the mean effect from one event time to another, each unit and period with the work counting once."""
    events = found.within(first, last)
    if not events:
        return Estimate.unknown(0, unit, "staggered difference-in-differences")
    weight = np.array([found.treated[event] for event in events], float)
    weight /= weight.sum()
    value = float(weight @ [found.value[event] for event in events])
    return _estimate(value, float(weight @ found.covariance(events) @ weight), _most(found, events), unit)


def slope(found: Effects, first: int, last: int, unit: str) -> Estimate:
    """Return by how much the effect grows a period: least squares over event times, errors from their covariance."""
    events = found.within(first, last)
    if len(events) < 2:
        return Estimate.unknown(0, unit, "staggered difference-in-differences, slope")
    centred = np.array(events, float) - np.mean(events)
    weight = centred / (centred @ centred)
    value = float(weight @ [found.value[event] for event in events])
    return _estimate(value, float(weight @ found.covariance(events) @ weight), _most(found, events), unit)


def _most(found: Effects, events: list[int]) -> int:
    return max(found.treated[event] for event in events)


def _estimate(value: float, variance: float, n: int, unit: str) -> Estimate:
    """Return the estimate with Student's limits on the units with the work, which as a rule are the fewer."""
    usable = np.isfinite(variance) and variance > 0 and n > 1
    half = float(stats.t.ppf(1 - ALPHA / 2, n - 1) * np.sqrt(variance)) if usable else np.inf
    return Estimate(value, value - half, value + half, n, unit, "staggered difference-in-differences")


def pre_trend(found: Effects, first: int, last: int) -> PreTrend:
    """Test that no effect is there from one event time to another before the start.

    Not rejecting does not show that the groups would have gone on in parallel; rejecting shows that they did not.
    """
    events = found.within(first, last)
    if not events:
        return PreTrend(np.nan, 0, np.nan)
    covariance = found.covariance(events)
    values = np.array([found.value[event] for event in events])
    freedom = int(np.linalg.matrix_rank(covariance)) if np.isfinite(covariance).all() else 0
    if freedom == 0:
        return PreTrend(np.nan, 0, np.nan)
    statistic = float(values @ np.linalg.pinv(covariance, hermitian=True) @ values)
    return PreTrend(statistic, freedom, float(stats.chi2.sf(statistic, freedom)))


def two_way(panel: Panel) -> TwoWay:
    """Return what a regression with unit and period effects says, as a warning beside the right number."""
    seen = np.isfinite(panel.outcome)
    on = (np.arange(panel.outcome.shape[1])[None, :] >= panel.start[:, None]) & seen
    rest = _residual(on.astype(float), seen)
    power = float((rest**2).sum())
    if power < 1e-9:
        return TwoWay(np.nan, np.nan)
    outcome = np.where(seen, panel.outcome, 0.0)
    weights = rest[on]
    return TwoWay(float((rest * outcome).sum()) / power, float(-weights[weights < 0].sum() / np.abs(weights).sum()))


def _residual(values: Floats, seen: Bools) -> Floats:
    """Return what unit and period means leave of the values, 0 where not seen: exact, by the normal equations."""
    count = seen.sum(axis=1, keepdims=True).clip(1)
    within = np.where(seen, values - np.where(seen, values, 0.0).sum(axis=1, keepdims=True) / count, 0.0)
    # period dummies, cleared of unit means: D'D and D'y without building the dummies
    shown = seen.astype(float)
    gram = np.diag(shown.sum(axis=0)) - shown.T @ (shown / count)
    effect = np.linalg.pinv(gram, hermitian=True) @ within.sum(axis=0)
    fitted = np.where(seen, effect[None, :] - (shown @ effect)[:, None] / count, 0.0)
    return np.asarray(within - fitted, float)
