"""What notebooks show. Each function takes the workbook and names of measures and returns an Exhibit."""

from __future__ import annotations

from cxlib.exhibits.absent import missing
from cxlib.exhibits.answer import answer, say, summary, tiles
from cxlib.exhibits.bridge import bridge
from cxlib.exhibits.chart import breakdown, trend
from cxlib.exhibits.claimed import (
    claims_doubts,
    claims_headline,
    claims_sources,
    claims_summary,
    claims_table,
    tested_claims,
)
from cxlib.exhibits.doubt import doubts
from cxlib.exhibits.evidence import evidence
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.grid import by_segment, history, scorecard
from cxlib.exhibits.made import coverage, definitions, freshness, how_made, inputs, ledger, ledger_sentence, warnings
from cxlib.exhibits.studied import answers, how_studied, what_could_mislead

__all__ = [
    "Exhibit",
    "answer",
    "answers",
    "breakdown",
    "bridge",
    "by_segment",
    "claims_doubts",
    "claims_headline",
    "claims_sources",
    "claims_summary",
    "claims_table",
    "coverage",
    "definitions",
    "doubts",
    "evidence",
    "freshness",
    "history",
    "how_made",
    "how_studied",
    "inputs",
    "ledger",
    "ledger_sentence",
    "missing",
    "say",
    "scorecard",
    "summary",
    "tested_claims",
    "tiles",
    "trend",
    "warnings",
    "what_could_mislead",
]
