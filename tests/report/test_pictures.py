from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np
import pytest
import seaborn as sns
from matplotlib.figure import Figure

from cxlib.report.pictures import empty_reason, external_references
from report.helpers import line_chart, svg_uri


def bars(figure: Figure) -> None:
    sns.barplot(x=["a", "b"], y=[1, 2], ax=figure.subplots())


def scatter(figure: Figure) -> None:
    sns.scatterplot(x=[1, 2], y=[1, 2], ax=figure.subplots())


def heat(figure: Figure) -> None:
    sns.heatmap(np.eye(2), ax=figure.subplots(), cbar=False)


def band(figure: Figure) -> None:
    figure.subplots().fill_between([1, 2], [1, 1], [2, 2])


def panels_one_empty(figure: Figure) -> None:
    left, _ = figure.subplots(1, 2)
    left.plot([1, 2])


def nothing(figure: Figure) -> None:
    """No axes at all."""


def axes_only(figure: Figure) -> None:
    axes = figure.subplots()
    axes.set_title("Satisfaction")
    axes.grid(True)


def only_missing_values(figure: Figure) -> None:
    figure.subplots().plot([1, 2, 3], [np.nan] * 3)


def no_bars(figure: Figure) -> None:
    sns.barplot(x=[], y=[], ax=figure.subplots())


@pytest.mark.parametrize("draw", [line_chart, bars, scatter, heat, band, panels_one_empty])
def test_a_drawn_chart_is_not_empty(draw: Callable[[Figure], None]) -> None:
    assert empty_reason(svg_uri(draw)) == ""


@pytest.mark.parametrize(
    ("draw", "reason"),
    [
        (nothing, "has no paths"),
        (axes_only, "has axes but nothing drawn in them"),
        (only_missing_values, "has axes but nothing drawn in them"),
        (no_bars, "has axes but nothing drawn in them"),
    ],
)
def test_an_empty_chart_is_found(draw: Callable[[Figure], None], reason: str) -> None:
    assert empty_reason(svg_uri(draw)) == reason


def svg(content: str) -> str:
    text = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{content}</svg>'
    return "data:image/svg+xml;base64," + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("src", "reason"),
    [
        ("", "has no picture inside"),
        ("https://example.org/a.png", "has no picture inside"),
        ("data:image/svg+xml;base64,", "has no picture inside"),
        ("data:image/svg+xml;base64,!!!", "has no picture inside"),
        (svg("<path"), "is an SVG that cannot be read"),
        (svg('<path d=""/><path d="M 0 0"/>'), "has no paths"),
        (svg('<defs><path d="M0 0"/><path d="M1 1"/></defs>'), "has no paths"),
        ("data:image/png;base64,iVBORw0KGgo=", "is an empty picture"),
    ],
)
def test_what_is_no_picture_is_found(src: str, reason: str) -> None:
    assert empty_reason(src) == reason


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('<image href="https://evil.example/a.png"/>', ["https://evil.example/a.png"]),
        ('<use xlink:href="file:///etc/passwd"/>', ["file:///etc/passwd"]),
        ("<style>@import 'x'; a{fill:url(http://evil.example)}</style>", ["@import", "http://evil.example"]),
        ('<use href="#a"/><g clip-path="url(#b)"/><image href="data:image/png;base64,AA"/>', []),
    ],
)
def test_what_points_outside_is_found(content: str, found: list[str]) -> None:
    assert external_references(svg(content)) == found


def test_a_chart_of_matplotlib_points_nowhere() -> None:
    assert external_references(svg_uri(line_chart)) == []
