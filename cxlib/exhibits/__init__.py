"""What notebooks show. Each function takes the workbook and names of measures and returns an Exhibit."""

from __future__ import annotations

from cxlib.exhibits.absent import missing
from cxlib.exhibits.answer import answer, say, summary, tiles
from cxlib.exhibits.bridge import bridge
from cxlib.exhibits.chart import breakdown, trend
from cxlib.exhibits.doubt import doubts
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.grid import by_segment, history, scorecard
from cxlib.exhibits.made import coverage, definitions, freshness, how_made, inputs, ledger, ledger_sentence, warnings

__all__ = [
    "Exhibit",
    "answer",
    "breakdown",
    "bridge",
    "by_segment",
    "coverage",
    "definitions",
    "doubts",
    "freshness",
    "history",
    "how_made",
    "inputs",
    "ledger",
    "ledger_sentence",
    "missing",
    "say",
    "scorecard",
    "summary",
    "tiles",
    "trend",
    "warnings",
]
