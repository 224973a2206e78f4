"""Measures, studies and reports on support, success and retention.

An analyst starts with `open_workbook`, asks it for measures and frames, and shows and says what they hold.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cxlib.errors import UntoldError, untold
    from cxlib.estimate import Estimate, difference
    from cxlib.exhibits import (
        Exhibit,
        answer,
        bars,
        breakdown,
        bridge,
        by_segment,
        captioned,
        coverage,
        curves,
        doubts,
        forest,
        freshness,
        history,
        how_made,
        how_to_read,
        inputs,
        ledger,
        ledger_sentence,
        methods,
        missing,
        plane,
        say,
        scorecard,
        sheet,
        stack,
        summary,
        tiles,
        tornado,
        trend,
        warnings,
    )
    from cxlib.finding import Finding, Quantity, verdict
    from cxlib.metrics import METRICS
    from cxlib.notebook import open_workbook, run
    from cxlib.period import Month
    from cxlib.workbook import Workbook

__version__ = "0.1.0"

__all__ = [
    "METRICS",
    "Estimate",
    "Exhibit",
    "Finding",
    "Month",
    "Quantity",
    "UntoldError",
    "Workbook",
    "answer",
    "bars",
    "breakdown",
    "bridge",
    "by_segment",
    "captioned",
    "coverage",
    "curves",
    "difference",
    "doubts",
    "forest",
    "freshness",
    "history",
    "how_made",
    "how_to_read",
    "inputs",
    "ledger",
    "ledger_sentence",
    "methods",
    "missing",
    "open_workbook",
    "plane",
    "run",
    "say",
    "scorecard",
    "sheet",
    "stack",
    "summary",
    "tiles",
    "tornado",
    "trend",
    "untold",
    "verdict",
    "warnings",
]

_HOMES = ("errors", "period", "estimate", "finding", "metrics", "notebook", "exhibits", "workbook")
"""Modules that the public names come from, those that load fast first."""


def __getattr__(name: str) -> object:
    # looked up when first used: a command that needs no statistics does not wait for them
    if name in __all__:
        for home in _HOMES:
            found = getattr(import_module(f"cxlib.{home}"), name, None)
            if found is not None:
                return found
    raise AttributeError(f"module 'cxlib' has no attribute '{name}'")
