"""Tables with a caption, header cells and their scopes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from cxlib.errors import untold
from cxlib.estimate import Estimate
from cxlib.exhibits import words
from cxlib.exhibits.exhibit import Exhibit, element
from cxlib.exhibits.frames import told
from cxlib.finding import Value
from cxlib.language import Language
from cxlib.workbook import Workbook


@dataclass(frozen=True)
class Cell:
    """One cell of a table."""

    text: str
    is_number: bool = True
    class_: str = ""

    @property
    def value(self) -> str:
        return self.text

    @property
    def html(self) -> str:
        names = " ".join(name for name in ("cx-number" if self.is_number else "cx-words", self.class_) if name)
        return element("td", escape(self.text), class_=names)


def flag_class(flags: Sequence[str]) -> str:
    """Return the class of a cell whose number is small or withheld."""
    return "cx-suppressed" if "suppressed" in flags else "cx-small" if "small" in flags else ""


def table(caption: str, headers: Sequence[str], rows: Sequence[tuple[str, Sequence[Cell]]], name: str) -> Exhibit:
    """Return a table with its caption; the first header stands over the row headers, which rows begin with."""
    head = element("tr", *(element("th", escape(text), scope="col") for text in headers))
    body = "".join(
        element("tr", element("th", escape(label), scope="row"), *(cell.html for cell in cells))
        for label, cells in rows
    )
    parts = (element("caption", escape(caption)), element("thead", head), element("tbody", body))
    markup = element("table", *parts, class_="cx-table", id=name)
    lines = [caption, " | ".join(headers)]
    lines += [" | ".join((label, *(cell.text for cell in cells))) for label, cells in rows]
    return Exhibit(markup, "\n".join(lines), name=name)


def sheet(
    book: Workbook,
    name: str,
    rows: Mapping[str, Any] | pd.DataFrame,
    caption: str,
    *headers: str,
    label: str = "",
    needed: str = "There are no data to show here.",
    **values: Value,
) -> Exhibit:
    """Show a table: of Estimates with their intervals, or a frame of your own.

    A row is a cell or a tuple of cells by label; a cell is an Estimate, a Quantity, a number, a text or nothing. The
    index of a frame labels its rows. A row that could not be told is left out; `needed` is said where there is none.
    There is a header for each column, of a frame its name if not given; `label` is the header of the labels.

    >>> rows = {"this month": book.estimate("csat"), "last": book.estimate("csat", book.month.previous())}
    >>> print(sheet(book, "csat", rows, "Satisfied customers.", "Share"))
    Satisfied customers.
     | Share
    this month | ...
    last | ...
    """
    if isinstance(rows, pd.DataFrame):
        headers = headers or tuple(str(column) for column in rows.columns)
        label = label or str(rows.index.name or "")
        labels = ["" if one is None or one != one else str(one) for one in rows.index]
        rows = {at: tuple(line) for at, line in zip(labels, rows.itertuples(index=False), strict=True)}
    lines = told(rows, _cells)
    untold(needed, lines)
    frame = pd.DataFrame(list(lines.values()), index=list(lines), columns=list(headers))

    def draw() -> Exhibit:
        language = book.language
        shown = [(language.text(text), [_cell(language, one) for one in cells]) for text, cells in lines.items()]
        texts = [language.text(text) if text else "" for text in (label, *headers)]
        return table(words.filled(language, caption, values), texts, shown, name)

    return Exhibit(draw=draw, name=name, frame=frame)


def _cells(given: Any) -> tuple[Any, ...]:
    """Return the cells of a row, or pass on why one of them could not be told."""
    cells = tuple(given) if isinstance(given, tuple | list) else (given,)
    for one in cells:
        getattr(one, "unit", None)
    return cells


def _cell(language: Language, one: Any) -> Cell:
    """Return one cell; texts are set as words, all else as numbers; an Estimate brings its interval along."""
    if isinstance(one, Cell):
        return one
    if isinstance(one, str):
        return Cell(language.text(one) if one else "", is_number=False)
    if isinstance(one, np.generic):
        one = one.item()
    if one is None or (isinstance(one, float) and np.isnan(one)) or one is pd.NaT:
        return Cell("", is_number=True)
    if not isinstance(one, Estimate):
        return Cell(words.plain(language, one))
    return Cell(words.with_limits(language, one), class_=flag_class(one.flags))
