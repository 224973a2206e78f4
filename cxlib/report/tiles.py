"""The numbers in the tiles of a page: what is published, and so what is frozen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lxml.html import HtmlElement
from pydantic import BaseModel, ConfigDict

from cxlib.errors import CxError, Problem

Shown = Callable[[str, str], str]
"""`shown(metric, period)` returns the text that a tile of this measure must hold."""


class Tile(BaseModel):
    """One number of one tile, as the reader sees it."""

    model_config = ConfigDict(frozen=True)

    metric: str
    period: str
    shown: str


def tiles_of(page: HtmlElement) -> tuple[Tile, ...]:
    """Return the tiles of a page, in reading order."""
    return tuple(
        Tile(metric=str(tile.get("data-metric", "")), period=str(tile.get("data-period", "")), shown=_text(tile))
        for tile in page.find_class("cx-tile")
    )


def tiles_differ(report: str, tiles: Sequence[Tile], shown: Shown) -> tuple[Problem, ...]:
    """Return a problem for each tile that does not hold what was measured."""
    return tuple(problem for tile in tiles for problem in _differs(report, tile, shown))


def flat(text: object) -> str:
    """Return a text with every run of white space as one space, as a reader sees it."""
    return " ".join(str(text).split())


def _differs(report: str, tile: Tile, shown: Shown) -> tuple[Problem, ...]:
    where = f"{report}, tile {tile.metric} {tile.period}"
    fix = "Let the tile be drawn from the measure: a number that is typed or rounded elsewhere can drift"
    try:
        measured = shown(tile.metric, tile.period)
    except (CxError, KeyError) as error:
        return (Problem("tile-measure", where, f"the measure cannot be had ({error})", fix),)
    if flat(measured) == tile.shown:
        return ()
    return (Problem("tile-measure", where, f'it shows "{tile.shown}", but "{measured}" was measured', fix),)


def _text(tile: HtmlElement) -> str:
    values = tile.find_class("cx-tile-value")
    return flat(values[0].text_content()) if values else ""
