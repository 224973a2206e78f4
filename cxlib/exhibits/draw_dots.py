"""Estimates side by side: dots with interval lines, and bars."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from cxlib.estimate import Estimate
from cxlib.exhibits import axis, theme, words
from cxlib.exhibits.absent import box
from cxlib.exhibits.chart import figure_exhibit
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.said import filled
from cxlib.exhibits.study_sheet import numbers_sheet
from cxlib.language import Language
from cxlib.studies.evidence import Bars, Forest, Row
from cxlib.workbook import Workbook

SERIES = (theme.ACCENT, "#c77700", "#5b4a9e", "#1b7a4b", "#8a8f98")
"""Colours of curves and groups in their order; told apart in grey and by the colour-blind as well."""

LONGEST_LABEL = 34

OPEN = 0.3
"""How far an interval without end is drawn beyond all values, as a part of their reach."""


def forest(book: Workbook, name: str, piece: Forest) -> Exhibit:
    """Return dots with their intervals, one line each, in the order given; unknown ones are said, not drawn."""
    language = book.language
    caption = filled(language, piece.caption, piece.values)
    rows = [
        Row(language.text(row.label), row.estimate, language.text(row.note) if row.note else "") for row in piece.rows
    ]
    if not any(row.estimate.is_known for row in rows):
        return box([language.text("{caption} There are no data to draw it from.", caption=caption)])
    if piece.reference is not None and piece.reference_label:
        caption = f"{caption} " + language.text(
            "Dotted line: {label}.", label=filled(language, piece.reference_label, piece.values)
        )
    with theme.theme():
        figure = theme.new_figure(0.6 + 0.36 * len(rows))
        _draw_forest(language, figure.subplots(), rows, piece)
        numbers = [(f"{row.label} – {row.note}" if row.note else row.label, row.estimate) for row in rows]
        return figure_exhibit(
            book,
            name,
            figure,
            caption,
            _alt(language, [(row.label, row.estimate) for row in rows]),
            numbers_sheet(book, name, caption, language.text("What"), numbers),
        )


def _draw_forest(language: Language, axes: Axes, rows: list[Row], piece: Forest) -> None:
    if piece.log:
        axes.set_xscale("log")
    span = _span([row.estimate for row in rows], piece.reference)
    for y, row in zip(range(len(rows) - 1, -1, -1), rows, strict=True):
        _dot(language, axes, y, row.estimate, span)
    if piece.reference is not None:
        axes.axvline(piece.reference, color=theme.QUIET, linewidth=0.9, linestyle=":")
    labels = [wrapped(_labelled(language, row)) for row in rows]
    axes.set_yticks(range(len(rows) - 1, -1, -1), labels, color=theme.INK)
    axes.set_ylim(-0.6, len(rows) - 0.3)
    _value_axis(language, axes, rows[0].estimate.unit, span, piece.log)
    sns.despine(ax=axes, left=True, bottom=True)


def _dot(language: Language, axes: Axes, y: float, estimate: Estimate, span: tuple[float, float]) -> None:
    if not estimate.is_known:
        return
    color = theme.QUIET if {"small", "suppressed"} & set(estimate.flags) else theme.ACCENT
    low, high = (
        float(np.clip(estimate.value if np.isnan(end) else end, *span)) for end in (estimate.low, estimate.high)
    )
    axes.plot([low, high], [y, y], color=color, linewidth=1.4, solid_capstyle="round")
    # an arrow says that the interval goes on where the picture ends
    if estimate.low < low:
        axes.plot([low], [y], "<", color=color, markersize=5)
    if estimate.high > high:
        axes.plot([high], [y], ">", color=color, markersize=5)
    value = float(np.clip(estimate.value, *span))
    axes.plot([value], [y], "o", color=color, markersize=5)
    axes.annotate(
        words.value(language, estimate),
        (value, y),
        (0, 4),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=7.5,
        color=color,
    )


def _span(estimates: list[Estimate], reference: float | None) -> tuple[float, float]:
    """Return what the axis must hold: all values and the finite limits, an interval many times as wide cut short."""
    values = [e.value for e in estimates if e.is_known] + ([] if reference is None else [reference])
    ends = [end for e in estimates if e.is_known for end in (e.low, e.high) if np.isfinite(end)]
    reach = max(values) - min(values) or abs(max(values)) or 1.0
    low = max(min([*values, *ends]), min(values) - 3 * reach)
    high = min(max([*values, *ends]), max(values) + 3 * reach)
    # an interval without end leaves its dot by some way
    open_ends = [end for e in estimates if e.is_known for end in (e.low, e.high) if np.isinf(end)]
    if any(end < 0 for end in open_ends):
        low = min(low, min(values) - OPEN * reach)
    if any(end > 0 for end in open_ends):
        high = max(high, max(values) + OPEN * reach)
    return low, high


def _labelled(language: Language, row: Row) -> str:
    if not row.estimate.is_known:
        return language.text("{label} ({value})", label=row.label, value=words.value(language, row.estimate))
    return language.text("{label} (n = {n})", label=row.label, n=language.number(row.estimate.n))


def wrapped(label: str) -> str:
    """Return a long label on two lines."""
    if len(label) <= LONGEST_LABEL:
        return label
    parts = label.split(" ")
    best = min(
        range(1, len(parts)), key=lambda at: abs(len(" ".join(parts[:at])) - len(" ".join(parts[at:]))), default=0
    )
    return "\n".join((" ".join(parts[:best]), " ".join(parts[best:]))) if best else label


def _value_axis(language: Language, axes: Axes, unit: str, span: tuple[float, float], log: bool) -> None:
    if log:
        if span[0] > 0:
            room = (span[1] / span[0]) ** 0.06
            axes.set_xlim(span[0] / room, span[1] * room)
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        room = 0.06 * (span[1] - span[0] or 1.0)
        axes.set_xlim(span[0] - room, span[1] + room)
        axes.xaxis.set_major_locator(axis.ticks(unit, axes.get_xlim(), 6))
    axes.xaxis.set_major_formatter(FuncFormatter(axis.tick_text(language, unit, span[1])))
    axes.grid(axis="x", color=theme.RULE, linewidth=0.6)


def _alt(language: Language, rows: list[tuple[str, Estimate]]) -> str:
    parts = []
    for label, estimate in rows:
        limits = words.limits(language, estimate)
        shown = words.value(language, estimate)
        parts.append(f"{label} {shown} ({limits})" if limits else f"{label} {shown}")
    return language.text("Dots with interval lines: {values}.", values="; ".join(parts))


def bars(book: Workbook, name: str, piece: Bars) -> Exhibit:
    """Return shares or counts by category, one colour a group."""
    language = book.language
    caption = filled(language, piece.caption, piece.values)
    frame = piece.frame[piece.frame["value"].notna()]
    if frame.empty:
        return box([language.text("{caption} There are no data to draw it from.", caption=caption)])
    groups, labels = frame["group"].drop_duplicates().tolist(), frame["label"].drop_duplicates().tolist()
    rows = [
        (
            _row_label(language, groups, row),
            Estimate(row["value"], row["low"], row["high"], int(row["n"]), piece.unit, ""),
        )
        for _, row in frame.iterrows()
    ]
    with theme.theme():
        figure = theme.new_figure(2.8)
        axes = figure.subplots()
        for place, group in enumerate(groups):
            _draw_group(axes, frame[frame["group"] == group], labels, place, len(groups), language.text(str(group)))
        axes.set_xticks(range(len(labels)), [language.text(str(label)) for label in labels], color=theme.INK)
        axes.yaxis.set_major_locator(axis.ticks(piece.unit, axes.get_ylim(), 5))
        axes.yaxis.set_major_formatter(FuncFormatter(axis.tick_text(language, piece.unit, axes.get_ylim()[1])))
        axes.grid(axis="y", color=theme.RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_xlabel(language.text(piece.x_label) if piece.x_label else "")
        if len(groups) > 1:
            # above the bars, where none can stand
            axes.legend(frameon=False, fontsize=8, ncols=min(len(groups), 4), loc="lower right", bbox_to_anchor=(1, 1))
        sns.despine(ax=axes, left=True)
        numbers = numbers_sheet(book, name, caption, language.text("What"), rows)
        return figure_exhibit(book, name, figure, caption, _alt(language, rows), numbers)


def _row_label(language: Language, groups: list[str], row: pd.Series) -> str:
    label = language.text(str(row["label"]))
    return f"{language.text(str(row['group']))}, {label}" if len(groups) > 1 else label


def _draw_group(axes: Axes, frame: pd.DataFrame, labels: list[str], place: int, groups: int, legend: str) -> None:
    width = 0.8 / groups
    x = np.array([labels.index(label) for label in frame["label"]]) - 0.4 + width * (place + 0.5)
    value = frame["value"].to_numpy(float)
    color = SERIES[place % len(SERIES)]
    axes.bar(x, value, width=0.9 * width, color=color, label=legend)
    low, high = (frame[column].to_numpy(float) for column in ("low", "high"))
    known = np.isfinite(low) & np.isfinite(high)
    axes.vlines(x[known], low[known], high[known], color=theme.INK, linewidth=1)
