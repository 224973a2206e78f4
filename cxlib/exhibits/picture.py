"""A figure on a page: drawn when shown, with caption, alt text and the numbers behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cxlib.errors import ConfigError
from cxlib.estimate import Estimate
from cxlib.exhibits import theme, words
from cxlib.exhibits.exhibit import Exhibit, element
from cxlib.exhibits.tables import Cell, flag_class, table
from cxlib.finding import Value
from cxlib.language import Language

if TYPE_CHECKING:
    from cxlib.workbook import Workbook


class Behind(NamedTuple):
    """What a blind reader is told of a picture, the table behind it, and what is added to its caption."""

    alt: str
    numbers: Exhibit | None = None
    note: str = ""


def pictured(
    book: Workbook,
    name: str,
    frame: pd.DataFrame,
    caption: str,
    values: Mapping[str, Value],
    height: float,
    draw: Callable[[Axes, str], Behind],
) -> Exhibit:
    """Return a figure, `height` inches high, that is drawn when it is shown; `frame` holds the numbers in it.

    `draw` draws into axes, given the caption in the reader's language, and returns what stands behind the picture.
    """

    def drawn() -> Exhibit:
        text = words.filled(book.language, caption, values)
        with theme.theme():
            figure = theme.new_figure(height)
            behind = draw(figure.subplots(), text)
            return figure_exhibit(book, name, figure, text + behind.note, behind.alt, behind.numbers)

    return Exhibit(draw=drawn, name=name, frame=frame)


def figure_exhibit(
    book: Workbook, name: str, figure: Figure, caption: str, alt: str, numbers: Exhibit | None = None
) -> Exhibit:
    """Return a drawn figure as an exhibit, the table of what is drawn behind a disclosure."""
    parts = [f'<img src="{theme.data_uri(figure)}" alt="{escape(alt)}">', element("figcaption", escape(caption))]
    if numbers is not None:
        opener = element("summary", escape(book.language.text("The numbers in this chart")))
        parts.append(element("details", opener, numbers.html, class_="cx-data"))
    return Exhibit(element("figure", *parts, class_="cx-figure", id=name), f"{caption}\n{alt}")


def numbers_table(language: Language, name: str, caption: str, label: str, rows: list[tuple[str, Estimate]]) -> Exhibit:
    """Return value, interval and n of labelled estimates: the table behind a chart."""
    lines = []
    for text, one in rows:
        shown = (words.value(language, one), words.limits(language, one), words.count(language, one))
        lines.append((text, [Cell(part, class_=flag_class(one.flags)) for part in shown]))
    headers = [label, language.text("Value"), language.text("95% interval"), language.text("n")]
    return table(caption, headers, lines, f"numbers-{name}")


def captioned(book: Workbook, figure: Any, caption: str, name: str = "", alt: str = "", **values: Value) -> Exhibit:
    """Show a figure of your own: whatever matplotlib or seaborn drew.

    Parameters
    ----------
    figure : Figure, Axes or seaborn grid
        What was drawn.
    alt : str
        What a reader who cannot see it is told; made from the axes if not given.

    Raises
    ------
    ConfigError
        If it is no figure, or the caption is empty.

    Examples
    --------
    >>> import seaborn as sns
    >>> rows = book.measure("csat", months=12)
    >>> print(captioned(book, sns.lineplot(rows, x="period", y="value"), "Satisfied customers by month."))
    Satisfied customers by month.
    value by period. ...
    """
    drawn = figure if isinstance(figure, Figure) else getattr(figure, "figure", None)
    if not isinstance(drawn, Figure):
        raise ConfigError(f"captioned() shows what matplotlib or seaborn drew, not {type(figure).__name__}")
    if not caption.strip():
        raise ConfigError("a figure needs a caption that says what is drawn, of whom")
    # else the notebook shows it a second time, without its caption
    plt.close(drawn)
    text = words.filled(book.language, caption, values)
    name = name or words.address(caption)
    described = alt or _described(book.language, drawn)
    return Exhibit(draw=lambda: figure_exhibit(book, name, drawn, text, described), name=name, frame=_numbers_of(drawn))


def _described(language: Language, figure: Figure) -> str:
    """Return what runs along the axes and how far the values reach."""
    parts = []
    for axes in figure.axes:
        low, high = axes.get_ylim()
        names = {"x": axes.get_xlabel() or "position", "y": axes.get_ylabel() or "Value"}
        text = "{y} by {x}. The axis runs from {low} to {high}."
        parts.append(words.filled(language, text, {**names, "low": low, "high": high}))
    return " ".join(parts)


def _numbers_of(figure: Figure) -> pd.DataFrame:
    """Return the points of the lines that were drawn: `line, x, y`."""
    lines = [
        pd.DataFrame(
            {"line": str(line.get_label()), "x": np.asarray(line.get_xdata()), "y": np.asarray(line.get_ydata())}
        )
        for axes in figure.axes
        for line in axes.get_lines()
    ]
    return pd.concat(lines, ignore_index=True) if lines else pd.DataFrame(columns=["line", "x", "y"])
