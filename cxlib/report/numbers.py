"""The numbers of a page, each at a place that stays when its words change, and what moved between two editions."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from lxml.html import HtmlElement

from cxlib.report.page import flat, parsed

NUMBER = re.compile(r"(?:[+−][^\s\d]{0,4}\s?)?\d+(?:[.,]\d+)*%?")
"""A number as a page shows it; a sign may stand before a currency."""

TILE = "self::span[starts-with(@class, 'cx-tile-')]"
BLOCK = " or ".join((*(f"self::{tag}" for tag in ["p", "li", "dd", "td", "pre", "figcaption", "caption", "img"]), TILE))
SHOWN = f"//main//*[{BLOCK}][not(.//*[{BLOCK}])][not(ancestor::*[contains(@class, 'cx-cell')] or @data-edition)]"
"""What exhibits show: prose of the notebook holds no number of the data, and the record tells which snapshot it was."""


def numbers_of(page: HtmlElement) -> dict[str, str]:
    """Return every number said or shown on a page, as shown, by its place, with the verdict that was said of it.

    A place is the id of a sentence or a picture, the label of a tile, or a table with row and column; what has no id
    is found by its words. Numbers of one place stand in one text, in their order.
    """
    found: dict[str, str] = {}
    for block in page.xpath(SHOWN):
        text = str(block.get("alt") or flat(block))
        numbers = NUMBER.findall(text)
        if not numbers and block.get("data-verdict") is None:
            continue
        place, times = _place(block, text), 2
        while place in found:
            place, times = f"{place.removesuffix(f' {times - 1}')} {times}", times + 1
        found[place] = " ".join(filter(None, (block.get("data-verdict"), *numbers)))
    return found


def numbers_in(path: Path) -> dict[str, str]:
    """Return the numbers of a published page."""
    return numbers_of(parsed(path.read_bytes()))


def _place(block: HtmlElement, text: str) -> str:
    if block.tag == "td":
        table = next(block.iterancestors("table"))
        row = next(map(flat, block.xpath("preceding-sibling::th")), "")
        columns = table.xpath("(./thead/tr)[last()]/*")
        column = len(block.xpath("preceding-sibling::*"))
        name = table.get("id") or _words(next(map(flat, table.iter("caption")), ""))
        return f"{name}: {row}, {flat(columns[column]) if column < len(columns) else column}"
    if block.tag == "span":
        label = next(map(flat, block.getparent().find_class("cx-tile-label")), "")
        return f"tile {label}: {str(block.get('class')).removeprefix('cx-tile-')}"
    named = block.xpath("ancestor-or-self::*[@id][not(self::main)][1]/@id")
    return f"{named[0]}{'' if block.get('id') else f' {block.tag}'}" if named else _words(text)


def _words(text: str) -> str:
    """Return a text without its numbers."""
    return NUMBER.sub("…", text)[:80]


def moved(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return a line for each number that moved or is gone; the same numbers under a new place were only renamed."""
    renamed = Counter(shown for place, shown in now.items() if place not in before)
    lines = []
    for place, shown in before.items():
        if place in now:
            if now[place] != shown:
                lines.append(f"{place}: {_difference(shown, now[place])}")
        elif renamed[shown]:
            renamed[shown] -= 1
        else:
            lines.append(f'{place}: "{shown}" is no longer shown')
    return lines


def _difference(before: str, now: str) -> str:
    """Return only the numbers that differ where there are as many as before."""
    old, new = before.split(), now.split()
    pairs = [(a, b) for a, b in zip(old, new, strict=False) if a != b] if len(old) == len(new) else [(before, now)]
    return ", ".join(f'"{a}" -> "{b}"' for a, b in pairs)
