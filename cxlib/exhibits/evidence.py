"""The evidence of a study: drawn, with its numbers in a table behind it and the sentence under it."""

from __future__ import annotations

from cxlib.exhibits.absent import NOTHING, box
from cxlib.exhibits.draw_curves import curves
from cxlib.exhibits.draw_dots import bars, forest
from cxlib.exhibits.draw_map import plane, tornado
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.said import said
from cxlib.exhibits.study_sheet import study_sheet
from cxlib.studies.evidence import Bars, Curves, Evidence, Forest, Map, Sheet, Tornado
from cxlib.studies.study import Study
from cxlib.workbook import Workbook


def evidence(book: Workbook, study: Study, name: str) -> Exhibit:
    """Return one piece of a study's evidence; one that the data cannot bring is said to be missing."""
    if name not in study.evidence:
        return box(
            [book.language.text("This cannot be shown from the exports at hand; the answer says what is missing.")]
        )
    piece = study.evidence[name]
    shown = _drawn(book, f"{study.name}-{name}".replace("_", "-"), piece)
    return shown + (said(book.language, piece.says) if piece.says is not None else NOTHING)


def _drawn(book: Workbook, name: str, piece: Evidence) -> Exhibit:
    match piece:
        case Forest():
            return forest(book, name, piece)
        case Curves():
            return curves(book, name, piece)
        case Map():
            return plane(book, name, piece)
        case Tornado():
            return tornado(book, name, piece)
        case Bars():
            return bars(book, name, piece)
        case Sheet():
            return study_sheet(book, name, piece)
