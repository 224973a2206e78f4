"""A value over two assumptions, and how far each assumption swings a result."""

from __future__ import annotations

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from cxlib.exhibits import axis, theme, words
from cxlib.exhibits.chart import figure_exhibit
from cxlib.exhibits.draw_dots import wrapped
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.said import filled
from cxlib.exhibits.tables import Cell, table
from cxlib.language import Language
from cxlib.studies.evidence import Map, Tornado
from cxlib.workbook import Workbook


def plane(book: Workbook, name: str, piece: Map) -> Exhibit:
    """Return a map with lines of equal value, the line that matters in bold, and the company's own place."""
    language = book.language
    caption = filled(language, piece.caption, piece.values)
    level = filled(language, piece.level_label, piece.values)
    caption += " " + language.text("Bold line: {level}.", level=level)
    if piece.point is not None:
        caption += " " + language.text("The dot is your company, with its intervals.")
    with theme.theme():
        figure = theme.new_figure(3.6)
        axes = figure.subplots()
        _draw_plane(language, axes, piece)
        _plane_axes(language, axes, piece)
        return figure_exhibit(
            book, name, figure, caption, _plane_alt(language, piece), _plane_numbers(language, name, caption, piece)
        )


def _draw_plane(language: Language, axes: Axes, piece: Map) -> None:
    write = axis.tick_text(language, piece.unit, float(np.nanmax(piece.z)))
    levels = np.unique(np.nanquantile(piece.z, (0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.95)).round(2))
    levels = levels[np.abs(levels - piece.level) > 1e-9]
    if len(levels):
        lines = axes.contour(piece.x, piece.y, piece.z, levels=levels, colors=theme.RULE, linewidths=1)
        axes.clabel(lines, fmt=lambda value: write(value, 0), fontsize=7.5, colors=theme.QUIET)
    if np.nanmin(piece.z) < piece.level < np.nanmax(piece.z):
        bold = axes.contour(piece.x, piece.y, piece.z, levels=[piece.level], colors=theme.WORSE, linewidths=2)
        axes.clabel(bold, fmt=lambda value: write(value, 0), fontsize=8.5, colors=theme.WORSE)
    if piece.point is not None:
        across, up = piece.point
        axes.plot([across.low, across.high], [up.value, up.value], color=theme.ACCENT, linewidth=1.6)
        axes.plot([across.value, across.value], [up.low, up.high], color=theme.ACCENT, linewidth=1.6)
        axes.plot([across.value], [up.value], "o", color=theme.ACCENT, markersize=7)


def _plane_axes(language: Language, axes: Axes, piece: Map) -> None:
    axes.set_xlabel(language.text(piece.x_label))
    axes.set_ylabel(language.text(piece.y_label))
    axes.xaxis.set_major_formatter(FuncFormatter(axis.tick_text(language, piece.x_unit, float(piece.x.max()))))
    axes.yaxis.set_major_formatter(FuncFormatter(axis.tick_text(language, piece.y_unit, float(piece.y.max()))))
    axes.xaxis.set_major_locator(axis.ticks(piece.x_unit, axes.get_xlim(), 7))
    axes.yaxis.set_major_locator(axis.ticks(piece.y_unit, axes.get_ylim(), 6))
    sns.despine(ax=axes)


def _plane_alt(language: Language, piece: Map) -> str:
    text = language.text(
        "Map. Over {x_label} from {x_first} to {x_last} and {y_label} from {y_first} to {y_last} the value runs from "
        "{low} to {high}.",
        x_label=language.text(piece.x_label),
        x_first=language.measure(float(piece.x.min()), piece.x_unit),
        x_last=language.measure(float(piece.x.max()), piece.x_unit),
        y_label=language.text(piece.y_label),
        y_first=language.measure(float(piece.y.min()), piece.y_unit),
        y_last=language.measure(float(piece.y.max()), piece.y_unit),
        low=language.measure(float(np.nanmin(piece.z)), piece.unit),
        high=language.measure(float(np.nanmax(piece.z)), piece.unit),
    )
    if piece.point is None:
        return text
    across, up = (words.value(language, estimate) for estimate in piece.point)
    return f"{text} " + language.text("Your company lies at {x} and {y}.", x=across, y=up)


def _plane_numbers(language: Language, name: str, caption: str, piece: Map) -> Exhibit:
    """Return the map as a table of every few columns and rows."""
    columns, rows = (np.unique(np.linspace(0, len(line) - 1, 6).round().astype(int)) for line in (piece.x, piece.y))
    headers = [language.text(piece.y_label), *(language.measure(float(piece.x[at]), piece.x_unit) for at in columns)]
    lines = [
        (
            language.measure(float(piece.y[row]), piece.y_unit),
            [Cell(language.measure(float(piece.z[row, column]), piece.unit)) for column in columns],
        )
        for row in rows
    ]
    return table(f"{caption} {language.text(piece.x_label)} →", headers, lines, f"numbers-{name}")


def tornado(book: Workbook, name: str, piece: Tornado) -> Exhibit:
    """Return how far each assumption swings the result, the widest on top."""
    language = book.language
    caption = filled(language, piece.caption, piece.values)
    rows = sorted(piece.rows, key=lambda row: -abs(row.high - row.low))
    show = {value: language.measure(value, piece.unit) for row in rows for value in (row.low, row.high)}
    with theme.theme():
        figure = theme.new_figure(0.7 + 0.42 * len(rows))
        axes = figure.subplots()
        for y, row in zip(range(len(rows) - 1, -1, -1), rows, strict=True):
            axes.plot([row.low, row.high], [y, y], color=theme.BAND, linewidth=9, solid_capstyle="butt")
            for value, said in ((row.low, row.at_low), (row.high, row.at_high)):
                side = "right" if value <= (row.low + row.high) / 2 else "left"
                axes.annotate(
                    f"{language.text(said)}: {show[value]}",
                    (value, y),
                    (-4 if side == "right" else 4, 0),
                    textcoords="offset points",
                    ha=side,
                    va="center",
                    fontsize=7.5,
                )
        axes.axvline(piece.base, color=theme.ACCENT, linewidth=1.4)
        axes.set_yticks(
            range(len(rows) - 1, -1, -1), [wrapped(language.text(row.label)) for row in rows], color=theme.INK
        )
        axes.margins(x=0.35)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.xaxis.set_major_locator(axis.ticks(piece.unit, axes.get_xlim(), 6))
        axes.xaxis.set_major_formatter(
            FuncFormatter(axis.tick_text(language, piece.unit, max(show, default=piece.base)))
        )
        axes.grid(axis="x", color=theme.RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        sns.despine(ax=axes, left=True, bottom=True)
        lines = [
            (
                language.text(r.label),
                [Cell(f"{language.text(end)}: {show[v]}") for end, v in ((r.at_low, r.low), (r.at_high, r.high))],
            )
            for r in rows
        ]
        headers = [language.text("Assumption"), language.text("At one end"), language.text("At the other")]
        alt = language.text(
            "Bars around {base}: {rows}.",
            base=language.measure(piece.base, piece.unit),
            rows="; ".join(f"{label} {', '.join(cell.text for cell in cells)}" for label, cells in lines),
        )
        return figure_exhibit(book, name, figure, caption, alt, table(caption, headers, lines, f"numbers-{name}"))
