"""A figure on a page: drawn when shown, with caption, alt text and the numbers behind it."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

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
from cxlib.workbook import Workbook

COLUMNS = {"Value": words.value, "95% interval": words.limits, "n": words.count}
"""Of the table behind a picture of Estimates, and how each is written."""


class Behind(NamedTuple):
    """What stands behind a picture: words for a reader who cannot see it, and the table of what is drawn, if any.

    `note` is added to the caption of the picture; `caption` is the table's, where it is another one.
    """

    alt: str
    headers: Sequence[str] = ()
    rows: Sequence[tuple[str, Sequence[Cell]]] = ()
    note: str = ""
    caption: str = ""


def pictured(
    book: Workbook,
    name: str,
    frame: pd.DataFrame,
    caption: str,
    values: Mapping[str, Value],
    height: float,
    draw: Callable[[Axes], Behind],
) -> Exhibit:
    """Return a figure, `height` inches high, that is drawn when it is shown; `frame` holds the numbers in it.

    `draw` draws into axes and returns what stands behind the picture.
    """

    def drawn() -> Exhibit:
        with theme.theme():
            figure = theme.new_figure(height)
            behind = draw(figure.subplots())
            return _shown(book.language, name, figure, words.filled(book.language, caption, values), behind)

    return Exhibit(draw=drawn, name=name, frame=frame)


def _shown(language: Language, name: str, figure: Figure, caption: str, behind: Behind) -> Exhibit:
    """Return a drawn figure as an exhibit, the table of what is drawn behind a disclosure."""
    text = caption + behind.note
    parts = [f'<img src="{theme.data_uri(figure)}" alt="{escape(behind.alt)}">', element("figcaption", escape(text))]
    if behind.rows:
        headers = [language.text(one) for one in behind.headers]
        numbers = table(behind.caption or text, headers, behind.rows, f"numbers-{name}")
        opener = element("summary", escape(language.text("The numbers in this chart")))
        parts.append(element("details", opener, numbers.html, class_="cx-data"))
    return Exhibit(element("figure", *parts, class_="cx-figure", id=name), f"{text}\n{behind.alt}")


def behind_estimates(
    language: Language, alt: str, label: str, rows: Sequence[tuple[str, Estimate]], note: str = "", caption: str = ""
) -> Behind:
    """Return what stands behind a picture of labelled Estimates: the table has value, interval and n of each."""
    cells = [
        (text, [Cell(write(language, one), class_=flag_class(one.flags)) for write in COLUMNS.values()])
        for text, one in rows
    ]
    return Behind(alt, (label, *COLUMNS), cells, note, caption)


def captioned(book: Workbook, figure: Any, caption: str, name: str = "", alt: str = "", **values: Value) -> Exhibit:
    """Show a figure of your own: whatever matplotlib or seaborn drew.

    `alt` is what a reader who cannot see it is told; made from the axes if not given. Raises ConfigError if it is no
    figure, or the caption is empty.

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
    behind = Behind(alt or _described(book.language, drawn))
    return Exhibit(draw=lambda: _shown(book.language, name, drawn, text, behind), name=name, frame=_numbers_of(drawn))


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
