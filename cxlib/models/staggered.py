"""What work that starts at different times for different customers does: difference-in-differences.

Everybody's change since before the work began is compared with that of those for whom it has not begun yet: the
group-time effects of Callaway and Sant'Anna (2021), Journal of Econometrics 225(2), joined by the time since the start.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.errors import MeasureError
from cxlib.estimate import Estimate, Floats, Ints
from cxlib.models.clusters import moved_variance, student

NEVER = 10**9  # the start of a unit for which the work never begins
METHOD = "staggered difference-in-differences"


@dataclass(frozen=True)
class Panel:
    """`outcome`, shape (units, periods), NaN if not observed; the period of `start` (units,): below 0, or `NEVER`."""

    outcome: Floats
    start: Ints


@dataclass(frozen=True)
class Effects:
    """Effects by the number of periods since the start (0: the period of the start itself).

    `by_event`, in order, has the `value`, the number of `treated` units that it rests on, and the `influence`, shape
    (units,), that each unit has on its error; `level` is the mean outcome of the units with the work before it began.
    """

    by_event: pd.DataFrame
    level: float


def effects(panel: Panel, base: tuple[int, int] = (-1, -1), reach: tuple[int, int] = (-12, 24)) -> Effects:
    """Return the effects by event time, from the first to the last of `reach`.

    `base` is the first and last event time whose mean is the unit's own level before the work. Ending it earlier leaves
    out periods in which the start was already coming, of those who began and of those they are compared with
    (anticipation). Raises MeasureError if it does not lie before the start.
    """
    if not base[0] <= base[1] < 0:
        raise MeasureError(f"the base {base} must lie before the start, such as (-12, -4), the earlier time first")
    periods, units = panel.outcome.shape[1], len(panel.start)
    levels = {int(g): _level(panel.outcome, int(g), base) for g in np.unique(panel.start) if 0 <= g < periods}
    found = {}
    for event in range(reach[0], reach[1] + 1):
        cells = [] if base[0] <= event <= base[1] else _cells(panel, levels, event, -1 - base[1])
        if cells:
            found[event] = _joined(cells, units)
    by_event = pd.DataFrame.from_dict(found, orient="index", columns=["value", "treated", "influence"])
    own = np.concatenate([np.empty(0), *(level[panel.start == g] for g, level in levels.items())])
    own = own[np.isfinite(own)]
    return Effects(by_event, float(own.mean()) if len(own) else float("nan"))


def _level(outcome: Floats, start: int, base: tuple[int, int]) -> Floats:
    """Return each unit's mean over the periods of the base, NaN where it was seen in none of them."""
    part = outcome[:, max(start + base[0], 0) : max(start + base[1] + 1, 0)]
    seen = np.isfinite(part).sum(axis=1)
    return np.where(seen > 0, np.nansum(part, axis=1) / np.maximum(seen, 1), np.nan)


def _cells(panel: Panel, levels: Mapping[int, Floats], event: int, coming: int) -> list[tuple[Floats, Floats]]:
    """Return the changes, NaN elsewhere, of each group and of those not about to begin by the period nor its start."""
    cells = []
    for g, level in levels.items():
        if 0 <= g + event < panel.outcome.shape[1]:
            change = panel.outcome[:, g + event] - level
            mine = np.where(panel.start == g, change, np.nan)
            others = np.where(panel.start > max(g, g + event) + coming, change, np.nan)
            if np.isfinite(mine).any() and np.isfinite(others).any():
                cells.append((mine, others))
    return cells


def _joined(cells: list[tuple[Floats, Floats]], units: int) -> tuple[float, int, Floats]:
    """Return the mean effect over all who began, how many they are, and each unit's influence."""
    gaps = [mine - np.nanmean(others) for mine, others in cells]
    value, total = float(np.nanmean(gaps)), int(np.isfinite(gaps).sum())
    influence = np.zeros(units)
    for (_, others), gap in zip(cells, gaps, strict=True):
        spread = np.nan_to_num(others - np.nanmean(others)) * np.isfinite(gap).sum() / np.isfinite(others).sum()
        influence += (np.nan_to_num(gap - value) - spread) / total
    return value, total, influence


def average(found: Effects, first: int, last: int, unit: str) -> Estimate:
    """Return the mean effect from one event time to another, each unit and period with the work counting once."""
    part = found.by_event.loc[lambda rows: (first <= rows.index) & (rows.index <= last)]
    if part.empty:
        return Estimate.unknown(0, unit, METHOD)
    treated = part["treated"].to_numpy(float)
    weight, n = treated / treated.sum(), int(treated.max())  # limits on the units with the work: as a rule the fewer
    variance = moved_variance(weight @ np.stack(part["influence"].tolist())) if n > 1 else np.inf
    return student(float(weight @ part["value"].to_numpy(float)), variance, max(n - 1, 1), n, unit, METHOD)


def two_way(panel: Panel) -> tuple[float, float]:
    """Return what a regression with unit and period effects says, beside the right number, and how wrong it is.

    That is the part of its weights on treated cells that is negative (de Chaisemartin and D'Haultfoeuille 2020): above
    zero, early starters serve as controls for late ones (Goodman-Bacon 2021, Journal of Econometrics 225(2)).
    """
    seen = np.isfinite(panel.outcome).astype(float)
    on = (np.arange(panel.outcome.shape[1])[None, :] >= panel.start[:, None]) * seen
    # what the means of units leave, then period dummies cleared of unit means: D'D and D'y without building the dummies
    count = seen.sum(axis=1, keepdims=True).clip(1)
    within = seen * (on - on.sum(axis=1, keepdims=True) / count)
    gram = np.diag(seen.sum(axis=0)) - seen.T @ (seen / count)
    effect = np.linalg.pinv(gram, hermitian=True) @ within.sum(axis=0)
    rest = within - seen * (effect[None, :] - (seen @ effect)[:, None] / count)
    power = float((rest**2).sum())
    if power < 1e-9:
        return np.nan, np.nan
    weights = rest[on > 0]
    value = float(np.nansum(rest * panel.outcome)) / power
    return value, float(-weights[weights < 0].sum() / np.abs(weights).sum())
