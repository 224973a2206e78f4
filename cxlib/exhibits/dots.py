"""Estimates side by side: dots with interval lines, bars, and how far each assumption swings a result."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from cxlib.errors import untold
from cxlib.estimate import Estimate
from cxlib.exhibits import theme, words
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.frames import NO_DATA, Rows, labelled, tidy, told
from cxlib.exhibits.picture import Behind, behind_estimates, pictured
from cxlib.exhibits.tables import Cell
from cxlib.finding import Quantity, Value
from cxlib.language import Language
from cxlib.workbook import Workbook

OPEN = 0.3
"""How far an interval without end is drawn beyond all values, as a part of their reach."""

Swing = tuple[float, float, str, str]
"""The result at one end and at the other of an assumption, and what the two ends are called."""


def forest(
    book: Workbook,
    name: str,
    rows: Rows,
    caption: str,
    against: float | None = None,
    label: str = "",
    *,
    unit: str = "share",
    log: bool = False,
    row_heading: str = "What",
    **values: Value,
) -> Exhibit:
    """Draw numbers of one unit side by side: dots with their 95 % intervals as lines, in the order given.

    A frame has `label, value, n` and, where there are any, `low, high, unit`; what could not be told is left out.
    `against` is a number to compare with, drawn as a dotted line and named by `label`. The axis is logarithmic with
    `log`, for ratios. `row_heading` stands over the labels in the table behind the picture.

    >>> by_region = book.measure("csat", by=("region",)).rename(columns={"region": "label"})
    >>> forest(book, "regions", by_region, "Satisfied customers by region.", 0.7, "the target").frame["n"].min()
    np.int64(...)
    """
    frame, note = tidy(rows, f'forest "{name}"', unit), ""
    if against is not None and label:
        named = words.filled(book.language, label, values)
        note = " " + book.language.text("Dotted line: {label}.", label=named)

    def draw(axes: Axes) -> Behind:
        shown = [(book.language.text(text), one) for text, one in labelled(frame)]
        _draw_forest(book.language, axes, shown, against, log)
        return behind_estimates(book.language, _alt(book.language, shown), row_heading, shown, note)

    return pictured(book, name, frame, caption, values, 0.6 + 0.36 * len(frame), draw)


def _draw_forest(
    language: Language, axes: Axes, rows: list[tuple[str, Estimate]], against: float | None, log: bool
) -> None:
    if log:
        axes.set_xscale("log")
    span = _span([one for _, one in rows], against)
    places = range(len(rows) - 1, -1, -1)
    for y, (_, one) in zip(places, rows, strict=True):
        dot(language, axes, y, one, span)
    if against is not None:
        axes.axvline(against, color=theme.QUIET, linewidth=0.9, linestyle=":")
    behind = [(words.denominator if one.is_known else words.value)(language, one) for _, one in rows]
    labels = [theme.wrapped(f"{label} ({n})") for (label, _), n in zip(rows, behind, strict=True)]
    axes.set_yticks(places, labels, color=theme.INK)
    axes.set_ylim(-0.6, len(rows) - 0.3)
    if not log:
        room = 0.06 * (span[1] - span[0] or 1.0)
        axes.set_xlim(span[0] - room, span[1] + room)
    elif span[0] > 0:
        room = (span[1] / span[0]) ** 0.06
        axes.set_xlim(span[0] / room, span[1] * room)
    theme.measured(axes, "x", language, rows[0][1].unit, 6, span[1])
    if log:
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_minor_locator(NullLocator())
    theme.ruled(axes, "x")


def dot(language: Language, axes: Axes, y: float, one: Estimate, span: tuple[float, float]) -> None:
    """Draw a value with its interval; an arrow says that the interval goes on where the picture ends."""
    if not one.is_known:
        return
    color = theme.QUIET if {"small", "suppressed"} & set(one.flags) else theme.ACCENT
    low, high = (float(np.clip(one.value if np.isnan(end) else end, *span)) for end in (one.low, one.high))
    axes.plot([low, high], [y, y], color=color, linewidth=1.4, solid_capstyle="round")
    if one.low < low:
        axes.plot([low], [y], "<", color=color, markersize=5)
    if one.high > high:
        axes.plot([high], [y], ">", color=color, markersize=5)
    value = float(np.clip(one.value, *span))
    axes.plot([value], [y], "o", color=color, markersize=5)
    how: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "va": "bottom", "fontsize": 7.5}
    axes.annotate(words.value(language, one), (value, y), (0, 4), color=color, **how)


def _span(rows: list[Estimate], against: float | None) -> tuple[float, float]:
    """Return what the axis must hold: all values and the finite limits, an interval many times as wide cut short."""
    known = [one for one in rows if one.is_known]
    values = np.array([one.value for one in known] + ([] if against is None else [against]))
    ends = np.array([(one.low, one.high) for one in known]).ravel()
    finite = np.r_[values, ends[np.isfinite(ends)]]
    reach = np.ptp(values) or abs(values.max()) or 1.0
    low, high = (max(finite.min(), values.min() - 3 * reach), min(finite.max(), values.max() + 3 * reach))
    # an interval without end leaves its dot by some way
    if -np.inf in ends:
        low = min(low, values.min() - OPEN * reach)
    if np.inf in ends:
        high = max(high, values.max() + OPEN * reach)
    return float(low), float(high)


def _alt(language: Language, rows: list[tuple[str, Estimate]]) -> str:
    values = "; ".join(f"{label} {words.with_limits(language, one)}" for label, one in rows)
    return language.text("Dots with interval lines: {values}.", values=values)


def bars(
    book: Workbook, name: str, rows: Rows, caption: str, *, unit: str = "share", x: str = "", **values: Value
) -> Exhibit:
    """Draw shares or counts by category, one colour a group; `x` is what the categories are.

    A frame has `label, value, n` and, where there are any, `group, low, high`, in the order to be drawn.

    >>> rows = {"by mail": book.estimate("csat", segment={"channel": "email"}), "all": book.estimate("csat")}
    >>> bars(book, "channels", rows, "Satisfied customers.").frame["label"].tolist()
    ['by mail', 'all']
    """
    given = rows if isinstance(rows, pd.DataFrame) else tidy(rows, f'bars "{name}"', unit)
    given = given if "group" in given else given.assign(group="")
    frame = tidy(given, f'bars "{name}"', unit, ("group", "label"))
    frame = frame[frame["value"].notna()].reset_index(drop=True)

    def draw(axes: Axes) -> Behind:
        language = book.language
        groups, labels = frame["group"].drop_duplicates().tolist(), frame["label"].drop_duplicates().tolist()
        for place, group in enumerate(groups):
            _draw_group(axes, frame[frame["group"] == group], labels, place, len(groups), language.text(str(group)))
        axes.set_xticks(range(len(labels)), [language.text(str(label)) for label in labels], color=theme.INK)
        axes.set_xlabel(language.text(x) if x else "")
        theme.measured(axes, "y", language, str(frame["unit"].iloc[0]), 5)
        theme.ruled(axes, "y")
        if len(groups) > 1:
            # above the bars, where none can stand
            axes.legend(frameon=False, fontsize=8, ncols=min(len(groups), 4), loc="lower right", bbox_to_anchor=(1, 1))
        shown = [
            (", ".join(language.text(str(part)) for part in ((group, label) if len(groups) > 1 else (label,))), one)
            for group, (label, one) in zip(frame["group"], labelled(frame), strict=True)
        ]
        return behind_estimates(language, _alt(language, shown), "What", shown)

    return pictured(book, name, frame, caption, values, 2.8, draw)


def _draw_group(axes: Axes, frame: pd.DataFrame, labels: list[str], place: int, groups: int, legend: str) -> None:
    width = 0.8 / groups
    x = np.array([labels.index(label) for label in frame["label"]]) - 0.4 + width * (place + 0.5)
    value, low, high = (frame[column].to_numpy(float) for column in ("value", "low", "high"))
    axes.bar(x, value, width=0.9 * width, color=theme.SERIES[place % len(theme.SERIES)], label=legend)
    known = np.isfinite(low) & np.isfinite(high)
    axes.vlines(x[known], low[known], high[known], color=theme.INK, linewidth=1)


def tornado(
    book: Workbook,
    name: str,
    base: float,
    rows: Mapping[str, Swing],
    caption: str,
    unit: str = "share",
    **values: Value,
) -> Exhibit:
    """Draw how far each assumption swings a result around its `base`, the widest on top.

    Of each assumption `rows` hold the result at one end and at the other, and what the ends are called; an end that
    could not be told takes its row with it. `unit` is the result's.

    >>> swings = {"The discount rate": (0.19, 0.27, "high", "low")}
    >>> print(tornado(book, "swings", 0.23, swings, "Rise in value."))
    Rise in value.
    Bars around 23.0%: The discount rate high: 19.0%, low: 27.0%.
    """
    ends = told(rows, lambda swing: (float(swing[0]), float(swing[1]), *swing[2:]))
    lines = [(label, *swing) for label, swing in ends.items() if np.isfinite(swing[:2]).all()]
    untold(NO_DATA, np.isfinite(base), lines)
    lines.sort(key=lambda row: -abs(row[2] - row[1]))
    frame = pd.DataFrame(lines, columns=["label", "low", "high", "at_low", "at_high"]).assign(base=base, unit=unit)

    height = 0.7 + 0.42 * len(frame)
    return pictured(book, name, frame, caption, values, height, lambda axes: _draw_tornado(book.language, axes, frame))


def hinge(swings: Exhibit) -> dict[str, Value]:
    """Return what a sentence says of the widest bar of a tornado: `hinge`, and its ends `hinge_low` and `hinge_high`.

    An interval is of chance alone; beside it stands what the assumption that matters most makes of the number.

    >>> swings = tornado(book, "swings", 0.23, {"The discount rate": (0.19, 0.27, "high", "low")}, "Rise in value.")
    >>> print(say(book, "hinge", "{hinge_low} to {hinge_high}, by “{hinge}”.", **hinge(swings)))
    19.0% to 27.0%, by “The discount rate”.
    """
    widest = swings.frame.iloc[0]
    ends = sorted([float(widest["low"]), float(widest["high"])])
    low, high = (Quantity(end, str(widest["unit"])) for end in ends)
    return {"hinge": str(widest["label"]), "hinge_low": low, "hinge_high": high}


def _draw_tornado(language: Language, axes: Axes, frame: pd.DataFrame) -> Behind:
    unit, base = str(frame["unit"].iloc[0]), float(frame["base"].iloc[0])
    places = range(len(frame) - 1, -1, -1)
    lines = []
    for y, row in zip(places, frame.to_dict("records"), strict=True):
        axes.plot([row["low"], row["high"]], [y, y], color=theme.BAND, linewidth=9, solid_capstyle="butt")
        said = []
        for value, end in ((row["low"], row["at_low"]), (row["high"], row["at_high"])):
            said.append(f"{language.text(end)}: {language.measure(value, unit)}")
            side = "right" if value <= (row["low"] + row["high"]) / 2 else "left"
            how: dict[str, Any] = {"textcoords": "offset points", "ha": side, "va": "center", "fontsize": 7.5}
            axes.annotate(said[-1], (value, y), (-4 if side == "right" else 4, 0), **how)
        lines.append((language.text(row["label"]), [Cell(text) for text in said]))
    axes.axvline(base, color=theme.ACCENT, linewidth=1.4)
    axes.set_yticks(places, [theme.wrapped(label) for label, _ in lines], color=theme.INK)
    axes.margins(x=0.35)
    axes.set_ylim(-0.6, len(frame) - 0.4)
    theme.measured(axes, "x", language, unit, 6, float(frame[["low", "high"]].to_numpy(float).max()))
    theme.ruled(axes, "x")
    alt = language.text(
        "Bars around {base}: {rows}.",
        base=language.measure(base, unit),
        rows="; ".join(f"{label} {', '.join(cell.text for cell in cells)}" for label, cells in lines),
    )
    return Behind(alt, ("Assumption", "At one end", "At the other"), lines)
