"""Studies: what the industry repeats, asked of the company's own data.

Each is a package with one function, `study(book) -> Study`; its `data` reads, its other modules answer, draw and doubt.
"""

from __future__ import annotations

from importlib import import_module

from cxlib.errors import MeasureError
from cxlib.nearest import did_you_mean
from cxlib.studies.study import Study
from cxlib.workbook import Workbook

STUDIES = (
    "retention_and_profit",
    "silent_complainers",
    "switching",
    "existing_against_new",
    "speed_and_satisfaction",
    "word_of_mouth",
    "perception_gap",
    "return_on_investment",
)


def run_study(book: Workbook, name: str) -> Study:
    """Run a study on the data up to the end of the workbook's month.

    Raises
    ------
    MeasureError
        If there is no study of that name; the nearest is named.
    """
    if name not in STUDIES:
        raise MeasureError(f'study "{name}" does not exist{did_you_mean(name, STUDIES)}')
    # imported when asked for: the models behind a study take a second to load
    study: Study = import_module(f"cxlib.studies.{name}").study(book)
    return study


__all__ = ["STUDIES", "Study", "run_study"]
