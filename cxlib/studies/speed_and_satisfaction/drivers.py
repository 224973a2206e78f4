"""Speed beside the other drivers of a rating: one model, its effects, and who explains most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate, Floats
from cxlib.models.ordinal import Cells, Fit, ParallelTest, average_effect, fit, parallel_test
from cxlib.models.relative_importance import Importance, relative_importance

SPEED, AT_ONCE, KNOWN, FRIENDLY, CHANNEL, THE_ISSUE = (
    "speed",
    "solved at the first try",
    "not having to repeat",
    "friendliness",
    "channel",
    "what was asked, and when",
)
RARE = 30
"""Categories with fewer ratings are pooled."""
KNOWN_SHARE = 0.5
"""A driver that is known for fewer ratings is left out."""
MOST_LEVELS = 10
FEWEST = 100
"""Ratings below which no model of several drivers is fitted."""
FEWEST_OF_A_KIND = 10
CERTAIN = 0.95

NUMBERS = {
    "wait_steps": SPEED,
    "solution_steps": SPEED,
    "solved_at_once": AT_ONCE,
    "known": KNOWN,
    "friendliness": FRIENDLY,
}
CATEGORIES = {"channel": CHANNEL, "topic": THE_ISSUE, "severity": THE_ISSUE, "asked_in": THE_ISSUE}
EFFECTS = {
    "wait_steps": "half the wait for the first answer",
    "solution_steps": "half the time from answer to solution",
    "solved_at_once": "solved at the first try, not reopened",
    "known": "nothing to repeat, instead of everything",
    "friendliness": "friendliness rated one point higher",
}


@dataclass(frozen=True)
class Drivers:
    """The model of all drivers that the exports know.

    Parameters
    ----------
    effects : mapping of str to Estimate
        Share of satisfied customers that a step of each driver adds, the others held; by its column.
    importance : Importance
    parallel : ParallelTest or None
        None where ratings are only good or bad.
    levels : int
        Levels of the rating in the model.
    answers : int
        Ratings for which all drivers are known.
    """

    effects: dict[str, Estimate]
    importance: Importance
    parallel: ParallelTest | None
    levels: int
    answers: int

    def share(self, name: str) -> Estimate:
        """Return what a driver explains of all that is explained."""
        found = self.importance
        at = found.names.index(name)
        method = "Lindeman-Merenda-Gold, whole clusters drawn again"
        limits = float(found.share[at]), float(found.low[at]), float(found.high[at])
        return Estimate(*limits, self.answers, "share", method)

    @property
    def of_service(self) -> tuple[str, ...]:
        """The drivers that are the company's doing: all but what the customer came with."""
        return tuple(name for name in self.importance.names if name != THE_ISSUE)

    def comes_first(self, name: str) -> float:
        """Return in what share of the redrawn samples a driver explains most of what is the company's doing."""
        return self.importance.first_among(name, self.of_service)


def drivers(counted: pd.DataFrame) -> Drivers | None:
    """Fit the model to `Ratings.cells()`; None where there are too few ratings, or nothing differs.

    A driver takes part if it is known for at least half of the ratings and differs; the model rests on the ratings
    for which all that take part are known.
    """
    numbers = [name for name in NUMBERS if _takes_part(counted, name)]
    known = counted.dropna(subset=numbers) if numbers else counted.iloc[:0]
    kinds = known.groupby("good")["n"].sum()
    if "wait_steps" not in numbers or known["n"].sum() < FEWEST or len(kinds) < 2 or kinds.min() < FEWEST_OF_A_KIND:
        return None
    numbers = [name for name in numbers if known[name].nunique() > 1]
    level, good_from = _levels(known)
    groups: dict[str, list[int]] = {}
    columns: list[Floats] = []
    for name in numbers:
        groups.setdefault(NUMBERS[name], []).append(len(columns))
        columns.append(known[name].to_numpy(float))
    for name, group in CATEGORIES.items():
        for dummy in _dummies(known, name):
            groups.setdefault(group, []).append(len(columns))
            columns.append(dummy)
    cells = Cells.of(level, np.column_stack(columns), known["n"], known["bucket"])
    if cells.clusters < 2 or "wait_steps" not in numbers:
        return None
    parallel = parallel_test(cells, range(len(numbers))) if cells.levels > 2 else None
    # where steps of the score differ, only the step from bad to good tells of satisfied customers
    of_good, good = (cells, good_from) if parallel is None or parallel.holds else (cells.split(good_from), 1)
    model = fit(of_good)
    return Drivers(
        {name: _effect(of_good, model, good, place, name) for place, name in enumerate(numbers)},
        relative_importance(cells, groups),
        parallel,
        cells.levels,
        cells.answers,
    )


def _takes_part(counted: pd.DataFrame, name: str) -> bool:
    there = counted[name].notna()
    if counted["n"].sum() == 0 or counted.loc[there, "n"].sum() < KNOWN_SHARE * counted["n"].sum():
        return False
    return bool(counted.loc[there, name].nunique() > 1)


def _levels(known: pd.DataFrame) -> tuple[pd.Series, int]:
    """Return the rating as levels, and the lowest that is good: the score where it agrees with good and bad."""
    good, score = known["good"], known["score"]
    bad_top, good_bottom = score[good == 0].max(), score[good == 1].min()
    if score.notna().all() and bad_top < good_bottom and score.nunique() <= MOST_LEVELS:
        return score, int(score[good == 0].nunique())
    return good, 1


def _dummies(known: pd.DataFrame, name: str) -> list[Floats]:
    """Return a column for each category but the most frequent; what is not known is a category."""
    text = known[name].astype(object).where(known[name].notna(), "").astype(str)
    sizes = known["n"].groupby(text).sum()
    text = text.where(text.map(sizes) >= RARE, "other")
    order = known["n"].groupby(text).sum().sort_values(ascending=False, kind="stable").index
    return [(text == category).to_numpy(float) for category in order[1:]]


def _effect(cells: Cells, model: Fit, good_from: int, place: int, name: str) -> Estimate:
    """Return the average effect of one more halving or point, or of yes against no."""
    before, after = cells.drivers.copy(), cells.drivers.copy()
    if name in ("solved_at_once", "known"):
        before[:, place], after[:, place] = 0.0, 1.0
    else:
        after[:, place] += 1.0
    return average_effect(cells, model, good_from, before, after)
