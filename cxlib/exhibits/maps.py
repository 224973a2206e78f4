"""A value over two assumptions: lines of equal value, the line that matters in bold, the company's own place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from cxlib.estimate import Estimate, Floats
from cxlib.exhibits import theme, words
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.picture import Behind, pictured
from cxlib.exhibits.tables import Cell, table
from cxlib.finding import Quantity, Value
from cxlib.language import Language

if TYPE_CHECKING:
    from cxlib.workbook import Workbook


class _Side(NamedTuple):
    """One axis: its values, what they are and their unit."""

    values: Floats
    label: str
    unit: str

    def text(self, language: Language, at: int) -> str:
        return language.measure(float(self.values[at]), self.unit)


def plane(
    book: Workbook,
    name: str,
    caption: str,
    *,
    x: Floats,
    y: Floats,
    z: Floats,
    x_label: str,
    y_label: str,
    x_unit: str = "share",
    y_unit: str = "share",
    unit: str = "share",
    level: float,
    level_label: str,
    point: tuple[Estimate, Estimate] | None = None,
    **values: Value,
) -> Exhibit:
    """Draw a value over two assumptions.

    Parameters
    ----------
    x, y : ndarray, shapes (columns,) and (rows,)
    z : ndarray, shape (rows, columns)
    x_label, y_label, x_unit, y_unit, unit : str
        What runs along the axes, and the units.
    level : float
        The level drawn in bold, named by `level_label`.
    point : (Estimate, Estimate), optional
        Where the company stands on both axes, with intervals.

    Examples
    --------
    >>> x, y = np.linspace(0, 1, 5), np.linspace(1, 2, 4)
    >>> what = dict(x_label="share", y_label="times", y_unit="ratio", level=0.5, level_label="half")
    >>> plane(book, "map", "Share times.", x=x, y=y, z=y[:, None] * x, **what).frame.shape
    (20, 4)
    """
    across, up = _Side(np.asarray(x, float), x_label, x_unit), _Side(np.asarray(y, float), y_label, y_unit)
    grid = np.asarray(z, float)
    columns, rows = np.meshgrid(across.values, up.values)
    frame = pd.DataFrame({"x": columns.ravel(), "y": rows.ravel(), "value": grid.ravel()}).assign(unit=unit)

    def draw(axes: Axes, text: str) -> Behind:
        language = book.language
        _draw(language, axes, across, up, grid, unit, level, point)
        note = " " + language.text("Bold line: {level}.", level=words.filled(language, level_label, values))
        if point is not None:
            note += " " + language.text("The dot is your company, with its intervals.")
        numbers = _numbers(language, name, text + note, across, up, grid, unit)
        return Behind(_alt(language, across, up, grid, unit, point), numbers, note)

    return pictured(book, name, frame, caption, values, 3.6, draw)


def _draw(
    language: Language,
    axes: Axes,
    across: _Side,
    up: _Side,
    z: Floats,
    unit: str,
    level: float,
    point: tuple[Estimate, Estimate] | None,
) -> None:
    write = theme.tick_text(language, unit, float(np.nanmax(z)))
    levels = np.unique(np.nanquantile(z, (0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.95)).round(2))
    levels = levels[np.abs(levels - level) > 1e-9]
    if len(levels):
        lines = axes.contour(across.values, up.values, z, levels=levels, colors=theme.RULE, linewidths=1)
        axes.clabel(lines, fmt=lambda value: write(value, 0), fontsize=7.5, colors=theme.QUIET)
    if np.nanmin(z) < level < np.nanmax(z):
        bold = axes.contour(across.values, up.values, z, levels=[level], colors=theme.WORSE, linewidths=2)
        axes.clabel(bold, fmt=lambda value: write(value, 0), fontsize=8.5, colors=theme.WORSE)
    if point is not None:
        here, there = point
        axes.plot([here.low, here.high], [there.value, there.value], color=theme.ACCENT, linewidth=1.6)
        axes.plot([here.value, here.value], [there.low, there.high], color=theme.ACCENT, linewidth=1.6)
        axes.plot([here.value], [there.value], "o", color=theme.ACCENT, markersize=7)
    for along, side, most in (("x", across, 7), ("y", up, 6)):
        axes.set(**{f"{along}label": language.text(side.label)})
        theme.measured(axes, along, language, side.unit, most, float(side.values.max()))
    sns.despine(ax=axes)


def _alt(
    language: Language, across: _Side, up: _Side, z: Floats, unit: str, point: tuple[Estimate, Estimate] | None
) -> str:
    said: dict[str, Value] = {"low": Quantity(float(np.nanmin(z)), unit), "high": Quantity(float(np.nanmax(z)), unit)}
    for along, side in (("x", across), ("y", up)):
        first, last = (Quantity(float(end), side.unit) for end in (side.values.min(), side.values.max()))
        said |= {f"{along}_label": side.label, f"{along}_first": first, f"{along}_last": last}
    text = (
        "Map. Over {x_label} from {x_first} to {x_last} and {y_label} from {y_first} to {y_last} the value runs from "
        "{low} to {high}."
    )
    text = words.filled(language, text, said)
    if point is None:
        return text
    return f"{text} " + words.filled(language, "Your company lies at {x} and {y}.", dict(zip("xy", point, strict=True)))


def _numbers(language: Language, name: str, caption: str, across: _Side, up: _Side, z: Floats, unit: str) -> Exhibit:
    """Return the map as a table of every few columns and rows."""
    columns, rows = (np.unique(np.linspace(0, len(side.values) - 1, 6).round().astype(int)) for side in (across, up))
    headers = [language.text(up.label), *(across.text(language, at) for at in columns)]
    lines = [
        (up.text(language, row), [Cell(language.measure(float(z[row, column]), unit)) for column in columns])
        for row in rows
    ]
    return table(f"{caption} {language.text(across.label)} →", headers, lines, f"numbers-{name}")
