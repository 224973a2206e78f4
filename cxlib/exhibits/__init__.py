"""What notebooks show. Each function takes the workbook and ids of measures, an analyst's own frame, or Estimates.

All that take them mean the same by: `name`, the id on the page (made from the caption where it may be left out);
`caption`, what is shown, of whom, `{x}` in it filled from the further values; `unit`, of a frame that does not say it;
`names`, ids of measures (MeasureError names the nearest to a wrong one); `months_back`, how far back a comparison lies.
What could not be told is left out; where nothing is left, UntoldError is raised and the cell becomes a box.
"""

from cxlib.exhibits.chart import breakdown, bridge, trend
from cxlib.exhibits.dots import bars, forest, hinge, tornado
from cxlib.exhibits.doubt import doubts
from cxlib.exhibits.exhibit import Exhibit, missing, stack
from cxlib.exhibits.lines import curves, plane
from cxlib.exhibits.made import how_made, ledger_sentence, warnings
from cxlib.exhibits.measured import answer, by_segment, history, summary, tiles
from cxlib.exhibits.picture import captioned
from cxlib.exhibits.sentences import how_to_read, methods, say
from cxlib.exhibits.tables import sheet

__all__ = [
    "Exhibit",
    "answer",
    "bars",
    "breakdown",
    "bridge",
    "by_segment",
    "captioned",
    "curves",
    "doubts",
    "forest",
    "hinge",
    "history",
    "how_made",
    "how_to_read",
    "ledger_sentence",
    "methods",
    "missing",
    "plane",
    "say",
    "sheet",
    "stack",
    "summary",
    "tiles",
    "tornado",
    "trend",
    "warnings",
]
