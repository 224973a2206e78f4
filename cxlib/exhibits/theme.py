"""How charts look: one font, one accent, no more ink than the numbers need, ticks that a person would choose."""

import base64
import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from textwrap import fill
from typing import Any

import fontpkg
import matplotlib as mpl
import seaborn as sns
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator

from cxlib.language import DURATIONS, Language, is_plain

INK = "#1f2933"
QUIET = "#5f6c7b"
RULE = "#d5dae0"
ACCENT = "#0b5c8a"
BAND = "#c9dfec"
BETTER = "#1b7a4b"
WORSE = "#b3261e"

SERIES = (ACCENT, "#c77700", "#5b4a9e", "#1b7a4b", "#8a8f98")
"""Colours of curves and groups in their order; told apart in grey and by the colour-blind as well."""

WIDTH = 7.2
"""Inches; the text width of the page."""


@cache
def _font() -> str:
    """Return the name of our font, one of its own: a machine may have another of that family, with fewer letters."""
    found = font_manager.ttfFontProperty(font_manager.get_font(str(fontpkg.path("Noto Sans"))))
    own = replace(found, name="Noto Sans of the workbook")
    font_manager.fontManager.ttflist.append(own)
    return own.name


@contextmanager
def theme() -> Iterator[None]:
    """Draw in the house style inside the block; settings outside stay as they were."""
    settings: Any = {
        # the second has letters that the first lacks
        "font.family": [_font(), "DejaVu Sans"],
        "font.size": 9,
        "axes.edgecolor": RULE,
        "axes.labelcolor": QUIET,
        "axes.labelsize": 9,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "text.color": INK,
        "svg.fonttype": "path",
        # a name may hold a dollar
        "text.parse_math": False,
        # the same chart gets the same ids, so the page is the same to the byte
        "svg.hashsalt": "cx",
        "figure.constrained_layout.use": True,
    }
    with sns.axes_style("white"), sns.plotting_context("paper"), mpl.rc_context(settings):
        yield


def new_figure(height: float) -> Figure:
    """Return an empty figure as wide as the page; it belongs to no global state."""
    return Figure(figsize=(WIDTH, height))


def data_uri(figure: Figure) -> str:
    """Return a figure as an SVG data URI; a letter that no font has is a box in it, and no reason to stop."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph .* missing from font")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


# steps of an axis of minutes that fall on whole minutes, hours and days
DURATION_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400, 28800, 72000, 144000)

ROUND = (1, 2, 5, 10)
"""Steps that people count in."""


def measured(axes: Axes, along: str, language: Language, unit: str, most: int, largest: float | None = None) -> None:
    """Give the axis `along` "x" or "y" at most about `most` ticks in its unit, written in what suits the largest value.

    Durations fall on whole minutes, hours and days.
    """
    line = axes.xaxis if along == "x" else axes.yaxis
    low, high = sorted(line.get_view_interval())
    line.set_major_locator(MaxNLocator(most, steps=ROUND))
    if scale := DURATIONS.get(unit):
        length = scale * (high - max(low, 0))
        step = next((s for s in DURATION_STEPS if length / s <= most), DURATION_STEPS[-1])
        line.set_major_locator(MultipleLocator(step / scale))
    line.set_major_formatter(tick_text(language, unit, high if largest is None else largest))


def ruled(axes: Axes, along: str) -> None:
    """Draw faint lines at the ticks of one axis, behind the numbers, and no frame around them."""
    axes.grid(axis=along, color=RULE, linewidth=0.6)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    sns.despine(ax=axes, left=True, bottom=along == "x")


def wrapped(label: str, width: int = 34) -> str:
    """Return a long label on two lines."""
    return fill(label, max(width, len(label) // 2 + 6), break_long_words=False)


def tick_text(language: Language, unit: str, largest: float) -> Callable[[float, float], str]:
    """Return how a tick is written, in the unit that suits the largest."""
    if unit == "share":
        return lambda value, _: language.percent(value, _digits(100 * value))
    if unit.endswith(" difference"):
        return lambda value, _: language.difference(value, unit.removesuffix(" difference"))
    if is_plain(unit):
        return lambda value, _: language.number(value, _digits(value))
    return lambda value, _: language.measure(value, unit, largest)


def _digits(value: float) -> int:
    """Return how many digits after the point a round number needs."""
    return next((digits for digits in range(4) if abs(round(value, digits) - value) < 1e-6), 4)
