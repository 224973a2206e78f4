"""Tables of a study."""

from __future__ import annotations

from cxlib.estimate import Estimate
from cxlib.exhibits import words
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.said import filled, plain
from cxlib.exhibits.tables import Cell, flag_class, table
from cxlib.language import Language
from cxlib.studies.evidence import Content, Sheet
from cxlib.workbook import Workbook


def study_sheet(book: Workbook, name: str, piece: Sheet) -> Exhibit:
    """Return a table whose estimates bring their intervals along."""
    language = book.language
    rows = [(language.text(label), [cell(language, content) for content in contents]) for label, contents in piece.rows]
    return table(
        filled(language, piece.caption, piece.values), [language.text(header) for header in piece.headers], rows, name
    )


def cell(language: Language, content: Content) -> Cell:
    """Return one cell; texts are set as words, all else as numbers."""
    if isinstance(content, str):
        return Cell(language.text(content) if content else "", is_number=False)
    if not isinstance(content, Estimate):
        return Cell(plain(language, content))
    limits = words.limits(language, content)
    shown = words.value(language, content)
    return Cell(f"{shown} ({limits})" if limits else shown, class_=flag_class(content.flags))


def numbers_sheet(book: Workbook, name: str, caption: str, label: str, rows: list[tuple[str, Estimate]]) -> Exhibit:
    """Return value, interval and n of labelled estimates: the table behind a chart."""
    language = book.language
    lines = [
        (
            text,
            [
                Cell(words.value(language, estimate), class_=flag_class(estimate.flags)),
                Cell(words.limits(language, estimate), class_=flag_class(estimate.flags)),
                Cell(language.number(estimate.n), class_=flag_class(estimate.flags)),
            ],
        )
        for text, estimate in rows
    ]
    headers = [label, language.text("Value"), language.text("95% interval"), language.text("n")]
    return table(caption, headers, lines, f"numbers-{name}")
