"""What each tile must show, measured anew, apart from the notebook that drew it."""

from __future__ import annotations

from collections.abc import Callable

from cxlib.exhibits.words import value
from cxlib.language import Language
from cxlib.period import Month
from cxlib.report.tiles import Shown
from cxlib.store import Snapshot
from cxlib.workbook import Workbook

Measured = Callable[[Snapshot, Month, Language], Shown]
"""Returns, for a snapshot, a month and a language, what each tile must show."""


def from_workbook(snapshot: Snapshot, month: Month, language: Language) -> Shown:
    """Return `shown` that measures anew, apart from the notebook that drew the tile."""
    book = Workbook(snapshot, month, language)

    def shown(metric: str, period: str) -> str:
        return value(language, book.estimate(metric, Month.parse(period)))

    return shown
