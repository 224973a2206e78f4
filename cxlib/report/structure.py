"""Headings, contents and tables of a page."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import zip_longest

from lxml import html
from lxml.html import HtmlElement

HEADINGS = "self::h1 or self::h2 or self::h3 or self::h4 or self::h5 or self::h6"
WIDE, VERY_WIDE = 8, 12
"""Columns from which a table is set smaller on paper, and from which it gets a page across."""
LONG_LINE, LONG_CELL = 85, 40
"""Characters from which a line of a table is set smaller on paper; longer cells are broken and count so much."""
SHORT_ROWS, SHORT_TEXT = 14, 1200
"""Rows and characters up to which a table is not split between pages."""


@dataclass(frozen=True)
class Entry:
    """A line of the contents."""

    id: str
    text: str


def identify(main: HtmlElement, title: HtmlElement) -> None:
    """Give every heading an id made from its text, the same at every run, and unique in the page."""
    headings = [title, *main.xpath(f".//*[{HEADINGS}]")]
    taken = {str(element.get("id")) for element in main.xpath(".//*[@id]") if element not in headings}
    for heading in headings:
        if heading.get("id") and heading.get("id") not in taken:
            taken.add(heading.get("id"))
            continue
        base = slug(heading.text_content()) or "section"
        count, name = 1, base
        while name in taken:
            count += 1
            name = f"{base}-{count}"
        heading.set("id", name)
        taken.add(name)


def slug(text: str) -> str:
    """Return a text as an ASCII id: `İlk yanıt süresi` becomes `ilk-yanit-suresi`.

    Ids that begin with `cx-` belong to the frame of the page.
    """
    plain = unicodedata.normalize("NFKD", text.replace("ı", "i").replace("ß", "ss"))
    ascii_only = plain.encode("ascii", "ignore").decode().lower()
    joined = "-".join(re.findall(r"[a-z0-9]+", ascii_only))
    return f"section-{joined}" if joined[:3] == "cx-" or joined[:1].isdigit() else joined


def contents(main: HtmlElement) -> tuple[Entry, ...]:
    """Return the sections of the page: its headings of the second level."""
    return tuple(
        Entry(str(heading.get("id")), " ".join(str(heading.text_content()).split())) for heading in main.iter("h2")
    )


def prepare_tables(main: HtmlElement) -> None:
    """Let each table scroll by itself on a narrow screen, and fit it to paper."""
    for table in list(main.iter("table")):
        rows = [[cell for cell in row for _ in range(int(cell.get("colspan") or 1))] for row in table.iter("tr")]
        columns = max(map(len, rows), default=0)
        if columns >= WIDE or _line_length(rows) >= LONG_LINE:
            table.classes.add("cx-wide")
        _align_headers(table)
        box = html.Element("div", {"class": "cx-scroll", "tabindex": "0", "role": "group"})
        box.set("aria-label", _name(table))
        if columns >= VERY_WIDE:
            box.classes.add("cx-across")
        elif len(rows) <= SHORT_ROWS and len(table.text_content()) <= SHORT_TEXT:
            box.classes.add("cx-short")
        box.tail, table.tail = table.tail, None
        table.getparent().replace(table, box)
        box.append(table)


def _line_length(rows: list[list[HtmlElement]]) -> int:
    """Return the characters of the longest cells of all columns together."""
    columns = zip_longest(*([min(len(cell.text_content()), LONG_CELL) for cell in row] for row in rows), fillvalue=0)
    return sum(max(column) for column in columns)


def _align_headers(table: HtmlElement) -> None:
    """Set the header of a column of numbers over its numbers."""
    if table.xpath(".//*[@colspan or @rowspan]"):
        return
    rows = table.xpath("./tbody/tr")
    for place, header in enumerate(table.xpath("./thead/tr[last()]/*")):
        cells = [row[place] for row in rows if len(row) > place]
        if cells and all("cx-number" in cell.classes for cell in cells):
            header.classes.add("cx-number")


def _name(table: HtmlElement) -> str:
    caption = table.find("caption")
    if caption is None:
        figure = next(table.iterancestors("figure"), None)
        caption = figure.find("figcaption") if figure is not None else None
    return " ".join(str(caption.text_content()).split()) if caption is not None else "Table"
