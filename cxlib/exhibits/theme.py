"""How charts look: one font, one accent, no more ink than the numbers need."""

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import fontpkg
import matplotlib as mpl
import seaborn as sns
from matplotlib import font_manager
from matplotlib.figure import Figure

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
        "font.family": _font(),
        "font.size": 9,
        "axes.edgecolor": RULE,
        "axes.labelcolor": QUIET,
        "axes.labelsize": 9,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "text.color": INK,
        "svg.fonttype": "path",
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
    """Return a figure as an SVG data URI."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
