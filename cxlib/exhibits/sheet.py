"""Tables of the page: caption, column and row headers, numbers set as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from cxlib.exhibits.exhibit import Exhibit, element


@dataclass(frozen=True)
class Cell:
    """One cell of a table."""

    text: str
    is_number: bool = True
    class_: str = ""

    @property
    def html(self) -> str:
        names = " ".join(name for name in ("cx-number" if self.is_number else "", self.class_) if name)
        return element("td", escape(self.text), class_=names or None)


def flag_class(flags: Sequence[str]) -> str:
    """Return the class of a cell whose number is small or withheld."""
    return "cx-suppressed" if "suppressed" in flags else "cx-small" if "small" in flags else ""


def sheet(caption: str, headers: Sequence[str], rows: Sequence[tuple[str, Sequence[Cell]]], name: str) -> Exhibit:
    """Return a table.

    Parameters
    ----------
    caption : str
        What the table shows, of whom.
    headers : sequence of str
        One per column; the first stands over the row headers.
    rows : sequence of (row header, cells)
        The body.
    name : str
        Id of the table on its page.
    """
    numeric = [bool(rows) and all(cells[place].is_number for _, cells in rows) for place in range(len(headers) - 1)]
    head = element(
        "tr",
        *(
            element("th", escape(text), scope="col", class_="cx-number" if is_number else None)
            for text, is_number in zip(headers, [False, *numeric], strict=True)
        ),
    )
    body = "".join(
        element("tr", element("th", escape(label), scope="row"), *(cell.html for cell in cells))
        for label, cells in rows
    )
    markup = element(
        "table",
        element("caption", escape(caption)),
        element("thead", head),
        element("tbody", body),
        class_="cx-table",
        id=name,
    )
    lines = [caption, " | ".join(headers)]
    lines += [" | ".join((label, *(cell.text for cell in cells))) for label, cells in rows]
    return Exhibit(markup, "\n".join(lines))
