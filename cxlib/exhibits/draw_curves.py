"""Curves with bands: survival, cumulative shares, effects over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from cxlib.exhibits import axis, theme
from cxlib.exhibits.absent import box
from cxlib.exhibits.chart import figure_exhibit
from cxlib.exhibits.draw_dots import SERIES
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.said import filled
from cxlib.exhibits.tables import Cell, table
from cxlib.language import Language
from cxlib.studies.evidence import Curves
from cxlib.workbook import Workbook

MOST_LINES = 14
"""Places along the axis that the table behind a chart shows of each curve."""

ONE_LINE = 75
"""Letters that the names of the curves may have together to stand on one line."""


def curves(book: Workbook, name: str, piece: Curves) -> Exhibit:
    """Return curves, each with its interval as a band and its name at its end."""
    language = book.language
    caption = filled(language, piece.caption, piece.values)
    frame = piece.frame[piece.frame["value"].notna()]
    if frame.empty:
        return box([language.text("{caption} There are no data to draw it from.", caption=caption)])
    with theme.theme():
        figure = theme.new_figure(3.0)
        axes = figure.subplots()
        for place, (series, line) in enumerate(frame.groupby("series", sort=False)):
            _draw(axes, line, SERIES[place % len(SERIES)], language.text(str(series)), piece.steps)
        if piece.reference is not None:
            axes.axhline(piece.reference, color=theme.QUIET, linewidth=0.9, linestyle=":")
        _axes(language, axes, frame, piece)
        return figure_exhibit(
            book, name, figure, caption, _alt(language, frame, piece), _numbers(language, name, caption, frame, piece)
        )


def _draw(axes: Axes, line: pd.DataFrame, color: str, label: str, steps: bool) -> None:
    x, value, low, high = (line[column].to_numpy(float) for column in ("x", "value", "low", "high"))
    how = "steps-post" if steps else "default"
    banded = np.isfinite(low) & np.isfinite(high)
    axes.fill_between(
        x, low, high, where=banded.tolist(), color=color, alpha=0.18, linewidth=0, step="post" if steps else None
    )
    axes.plot(
        x,
        value,
        color=color,
        linewidth=1.7,
        drawstyle=how,
        label=label,
        marker="o" if len(x) <= 15 else "",
        markersize=3,
    )


def _axes(language: Language, axes: Axes, frame: pd.DataFrame, piece: Curves) -> None:
    axes.set_xlabel(language.text(piece.x_label))
    axes.xaxis.set_major_locator(axis.ticks(piece.x_unit, axes.get_xlim(), 8))
    axes.xaxis.set_major_formatter(FuncFormatter(axis.tick_text(language, piece.x_unit, float(frame["x"].max()))))
    axes.yaxis.set_major_locator(axis.ticks(piece.unit, axes.get_ylim(), 6))
    axes.yaxis.set_major_formatter(FuncFormatter(axis.tick_text(language, piece.unit, axes.get_ylim()[1])))
    axes.grid(axis="y", color=theme.RULE, linewidth=0.6)
    if frame["series"].nunique() > 1:
        # above the curves, where none can run; on one line if the names are short enough
        names = frame["series"].drop_duplicates().map(lambda name: language.text(str(name)))
        columns = len(names) if sum(map(len, names)) <= ONE_LINE else 1
        axes.legend(frameon=False, fontsize=8, ncols=columns, loc="lower right", bbox_to_anchor=(1, 1))
    sns.despine(ax=axes, left=True)


def _alt(language: Language, frame: pd.DataFrame, piece: Curves) -> str:
    parts = []
    for series, line in frame.groupby("series", sort=False):
        first, last = line.iloc[0], line.iloc[-1]
        parts.append(
            language.text(
                "{series} from {first} at {x_first} to {last} at {x_last}",
                series=language.text(str(series)),
                first=language.measure(first["value"], piece.unit),
                x_first=language.measure(first["x"], piece.x_unit),
                last=language.measure(last["value"], piece.unit),
                x_last=language.measure(last["x"], piece.x_unit),
            )
        )
    return language.text("Line chart. {curves}.", curves="; ".join(parts))


def _numbers(language: Language, name: str, caption: str, frame: pd.DataFrame, piece: Curves) -> Exhibit:
    """Return the curves as a table; of a long curve evenly spaced points, its ends included."""
    rows = []
    for series, line in frame.groupby("series", sort=False):
        chosen = np.unique(np.linspace(0, len(line) - 1, min(len(line), MOST_LINES)).round().astype(int))
        for _, row in line.iloc[chosen].iterrows():
            known = np.isfinite(row["low"]) and np.isfinite(row["high"])
            cells = [
                Cell(language.measure(row["x"], piece.x_unit)),
                Cell(language.measure(row["value"], piece.unit)),
                Cell(language.interval(row["low"], row["high"], piece.unit) if known else ""),
            ]
            rows.append((language.text(str(series)), cells))
    headers = [
        language.text("Curve"),
        language.text(piece.x_label),
        language.text("Value"),
        language.text("95% interval"),
    ]
    return table(caption, headers, rows, f"numbers-{name}")
