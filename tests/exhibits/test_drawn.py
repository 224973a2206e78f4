"""Numbers that are drawn: from Estimates or an analyst's own frame, each with its numbers behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
import seaborn as sns
from lxml import html
from matplotlib.figure import Figure

from cxlib import bars, breakdown, captioned, curves, forest, plane, sheet, stack, tiles, tornado, trend
from cxlib.errors import ConfigError, UntoldError
from cxlib.estimate import Estimate
from cxlib.exhibits import theme
from cxlib.exhibits.exhibit import MIME, Exhibit
from cxlib.exhibits.theme import tick_text
from cxlib.finding import Quantity
from cxlib.language import Language
from cxlib.notebook import Untold
from cxlib.period import Month
from cxlib.workbook import Workbook

EN = Language("en")
NAN = float("nan")
NOT_TOLD: Any = Untold("An export of invitations would tell.")


def share(value: float, low: float, high: float, n: int = 400, unit: str = "share", *flags: str) -> Estimate:
    return Estimate(value, low, high, n, unit, "Wilson", flags)


@pytest.fixture
def book(desk: Callable[..., Any]) -> Workbook:
    return Workbook(desk("2026-11-09"), Month(2026, 10), EN)


def table_of(exhibit: Exhibit) -> list[list[str]]:
    rows = html.fromstring(f"<div>{exhibit.html}</div>").xpath(".//tr")
    return [[cell.text_content() for cell in row] for row in rows]


def test_dots_have_their_numbers_behind_them(book: Workbook) -> None:
    rows = {
        "Survey": share(3.2, 2.8, 3.9, 340, "silent customers"),
        "Incidents": share(2.1, 1.2, float("inf"), 60, "silent customers"),
        "Lists": share(NAN, NAN, NAN, 0, "silent customers"),
        "Not asked": NOT_TOLD,
        "Not there": None,
    }
    shown = forest(book, "five", rows, "Silent per complainer, {who}.", 26.0, "the claim", who="any problem")
    assert table_of(shown)[1:] == [
        ["Survey", "3.2", "2.8 to 3.9", "340"],
        ["Incidents", "2.1", "1.2 to no limit", "60"],
        ["Lists", "no data", "", "0"],
    ]
    figure = html.fromstring(f"<div>{shown.html}</div>")
    assert figure.xpath(".//figcaption")[0].text == "Silent per complainer, any problem. Dotted line: the claim."
    assert "Survey 3.2 (2.8 to 3.9); Incidents 2.1" in figure.xpath(".//img")[0].get("alt", "")
    assert shown.frame["label"].tolist() == ["Survey", "Incidents", "Lists"]


def test_nothing_is_drawn_before_it_is_shown(book: Workbook) -> None:
    with patch.object(theme, "new_figure") as drawn:
        shown = stack(
            forest(book, "f", {"a": share(0.2, 0.1, 0.3)}, "F."),
            curves(book, "c", {"a": line(3)}, "C.", "since", "days", "share"),
        )
        assert [part.name for part in shown.parts] == ["f", "c"]
        assert [record["exhibit"] for record in shown.records] == ["f", "c"]
        assert not drawn.called
    assert shown.html.count("<figure") == 2


def test_an_executed_notebook_keeps_the_numbers(book: Workbook) -> None:
    shown = forest(book, "f", {"a": share(0.2, 0.1, float("inf"), 12, "share", "small")}, "F.")
    [record] = shown._repr_mimebundle_()[MIME]["shown"]
    assert record["exhibit"] == "f"
    assert (record["frame"]["value"], record["frame"]["high"], record["frame"]["flags"]) == ([0.2], [None], [["small"]])


def test_a_record_leaves_out_the_digits_that_threads_decide(book: Workbook) -> None:
    # a slope of two publications of the same data: their sums were added up in another order
    first, second = (
        forest(book, "f", {"a": share(value, -0.5, 0.5)}, "F.").records
        for value in (-0.0031096493329321757, -0.0031096493329344937)
    )
    assert first == second
    assert first[0]["frame"]["value"] == [pytest.approx(-0.00310964933, rel=1e-8)]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Return the figures that are drawn from now on."""
    figures: list[Figure] = []
    new = theme.new_figure

    def kept(height: float) -> Figure:
        figures.append(new(height))
        return figures[-1]

    monkeypatch.setattr(theme, "new_figure", kept)
    return figures


@pytest.mark.parametrize(
    ("low", "high", "arrows"),
    [(1.0, 3.0, []), (1.0, np.inf, [">"]), (-np.inf, 3.0, ["<"]), (1.0, 500.0, [">"]), (NAN, NAN, [])],
)
def test_an_interval_that_leaves_the_picture_ends_in_an_arrow(
    book: Workbook, drawn: list[Figure], low: float, high: float, arrows: list[str]
) -> None:
    rows = {"One": share(2.0, low, high, 60, "times"), "Other": share(4.0, 3.0, 5.0, 60, "times")}
    assert forest(book, "ways", rows, "Ways.").html
    lines = drawn[0].axes[0].lines
    assert [line.get_marker() for line in lines if line.get_marker() in "<>"] == arrows
    ends = [x for line in lines if line.get_marker() in "<>" for x in np.asarray(line.get_xdata(), float)]
    assert all(not 1.9 < end < 4.1 for end in ends)  # beyond every dot


def line(points: int) -> pd.DataFrame:
    x = np.linspace(0.0, 365.0, points)
    return pd.DataFrame({"x": x, "value": x / 730, "low": x / 800, "high": x / 600})


@pytest.mark.parametrize("names", [("after", "matched"), ("refused before it was opened " * 2, "given up early " * 3)])
def test_the_names_of_curves_stand_above_them(book: Workbook, drawn: list[Figure], names: tuple[str, str]) -> None:
    given = {name: line(20) for name in names}
    assert curves(book, "c", given, "Left.", "Since", "days", "share", steps=True).html
    axes = drawn[0].axes[0]
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == list(names)
    assert legend.get_window_extent().y0 >= axes.get_window_extent().y1 - 1


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.25, "tickets", "0.25"),
        (2.0, "tickets", "2"),
        (0.5, "months", "0.5"),
        (0.2, "share", "20%"),
        (0.025, "share", "2.5%"),
    ],
)
def test_a_tick_has_the_digits_it_needs(value: float, unit: str, said: str) -> None:
    assert tick_text(EN, unit, 1.0)(value, 0) == said


def test_a_long_curve_keeps_its_ends_in_the_table(book: Workbook) -> None:
    matched = {at: Estimate(at / 730, at / 800, at / 600, 40, "share", "") for at in (0.0, 182.5, 365.0)}
    given = {"after": line(74), "matched": matched, "asked": NOT_TOLD}
    rows = table_of(curves(book, "c", given, "Left.", "Since", "days", "share", steps=True))
    after = [row for row in rows if row[0] == "after"]
    assert len(after) == 13
    assert after[-1] == ["after", "365 days", "50.0%", "45.6% to 60.8%"]
    assert [row for row in rows if row[0] == "matched"][-1] == ["matched", *after[-1][1:]]


X, Y = np.linspace(0.5, 0.9, 9), np.linspace(0.0, 0.2, 5)
PLANE: dict[str, Any] = {"x_label": "Retention", "y_label": "Discount", "level": 0.25, "level_label": "a quarter"}


def test_a_map_says_where_the_company_lies(book: Workbook) -> None:
    z = 0.05 / (1 + Y[:, None] - X[None, :] - 0.05)
    point = (share(0.81, 0.78, 0.84), share(0.1, 0.1, 0.1))
    shown = plane(book, "m", "Uplift.", x=X, y=Y, z=z, point=point, **PLANE)
    alt = html.fromstring(shown.html).xpath(".//img")[0].get("alt", "")
    assert alt.endswith("from 7.7% to 100.0%. Your company lies at 81.0% and 10.0%.")
    # at 90 % retention and no discount five points double the value: 0.05 / 0.05
    assert table_of(shown)[1][-1] == "100.0%"


def test_a_map_without_the_level_and_a_flat_one_are_drawn(book: Workbook) -> None:
    shown = plane(book, "m", "Flat.", x=X, y=Y, z=np.full((5, 9), 0.1), **PLANE)
    assert "runs from 10.0% to 10.0%." in shown.html


def test_the_widest_swing_stands_on_top(book: Workbook) -> None:
    rows = {
        "narrow": (0.19, 0.21, "low", "high"),
        "wide": (0.3, 0.1, "cheap", "dear"),
        "untold": (NOT_TOLD, 0.2, "a", "b"),
        "unknown": (NAN, 0.2, "a", "b"),
    }
    shown = tornado(book, "t", 0.2, rows, "Swings.")
    assert table_of(shown)[1:] == [["wide", "cheap: 30.0%", "dear: 10.0%"], ["narrow", "low: 19.0%", "high: 21.0%"]]


def test_bars_by_group(book: Workbook) -> None:
    frame = pd.DataFrame(
        [
            {"group": group, "label": label, "value": value, "low": value / 2, "high": min(2 * value, 1), "n": 50}
            for group, label, value in (("minor", "nobody", 0.5), ("minor", "some", 0.5), ("severe", "some", 0.9))
        ]
    )
    rows = table_of(bars(book, "b", frame, "Told."))
    assert rows[1] == ["minor, nobody", "50.0%", "25.0% to 100.0%", "50"]
    assert rows[3][0] == "severe, some"


def test_a_sheet_keeps_words_and_numbers_apart(book: Workbook) -> None:
    rows = {"a": (share(0.2, 0.1, 0.3), "<b>bold</b>", Quantity(1234.4, "EUR")), "b": (NOT_TOLD, "", 1)}
    shown = sheet(book, "s", rows, "T {x}.", "Own", "Note", "Cost", label="What", x=3)
    assert table_of(shown) == [
        ["What", "Own", "Note", "Cost"],
        ["a", "20.0% (10.0% to 30.0%)", "<b>bold</b>", "€1,234"],
    ]
    assert "<b>" not in shown.html


def test_a_frame_of_ones_own_is_a_sheet(book: Workbook) -> None:
    own = pd.DataFrame({"tickets": [410, 395], "share": [0.3, NAN]}, index=pd.Index(["phone", "mail"], name="channel"))
    shown = sheet(book, "own", own, "By channel.")
    assert table_of(shown) == [["channel", "tickets", "share"], ["phone", "410", "0.30"], ["mail", "395", ""]]


def test_a_trend_and_a_breakdown_of_ones_own(book: Workbook) -> None:
    months = pd.DataFrame({"period": ["2026-10", "2026-09"], "value": [0.2, 0.3], "n": [40, 12], "unit": "share"})
    shown = trend(book, months, caption="Share by phone.")
    assert [row[:2] for row in table_of(shown)[1:]] == [["September 2026", "30.0%"], ["October 2026", "20.0%"]]
    assert shown.name == "share-by-phone"
    by = breakdown(book, {"mail": share(0.2, 0.1, 0.3, 50), "phone": share(0.4, 0.3, 0.5)}, "channel", caption="By.")
    assert by.frame["label"].tolist() == ["phone", "mail"]  # the larger group first
    tile = tiles(book, own={"Kept": share(0.8, 0.7, 0.9)})
    assert "80.0%" in tile.html
    for exhibit in (trend, breakdown):
        with pytest.raises(ConfigError, match="needs caption="):
            exhibit(book, months, *(["channel"] if exhibit is breakdown else []))


def test_what_seaborn_drew_gets_a_caption(book: Workbook) -> None:
    axes = sns.lineplot(x=[1, 2, 3], y=[0.2, 0.5, 0.3])
    axes.set(xlabel="month", ylabel="calls")
    shown = captioned(book, axes, "Calls, {who}.", who="all")
    figure = html.fromstring(shown.html)
    assert figure.xpath(".//figcaption")[0].text == "Calls, all."
    assert figure.xpath(".//img")[0].get("alt", "").startswith("calls by month. The axis runs from 0.")
    assert shown.frame[["x", "y"]].to_numpy().tolist() == [[1, 0.2], [2, 0.5], [3, 0.3]]
    with pytest.raises(ConfigError, match="captioned\\(\\) shows what matplotlib or seaborn drew, not DataFrame"):
        captioned(book, pd.DataFrame(), "Nothing.")
    with pytest.raises(ConfigError, match="a figure needs a caption"):
        captioned(book, axes, " ")


@pytest.mark.parametrize("rows", [{"a": share(NAN, NAN, NAN, 0)}, {"a": None}, {}])
@pytest.mark.parametrize("exhibit", [forest, bars])
def test_nothing_to_draw_is_said(book: Workbook, exhibit: Any, rows: dict[str, Estimate | None]) -> None:
    with pytest.raises(UntoldError, match="There are no data to draw this from"):
        exhibit(book, "x", rows, "Nothing.")


@pytest.mark.parametrize(
    "make",
    [
        lambda book: forest(book, "x", {"a": NOT_TOLD}, "F."),
        lambda book: sheet(book, "x", {"a": NOT_TOLD}, "S.", "Value"),
        lambda book: curves(book, "x", {"a": NOT_TOLD}, "C.", "x", "days", "share"),
        lambda book: tiles(book, own={"a": NOT_TOLD}),
    ],
)
def test_what_nothing_could_be_told_of_passes_the_reason_on(book: Workbook, make: Callable[..., Exhibit]) -> None:
    with pytest.raises(UntoldError, match="An export of invitations would tell"):
        make(book)


def test_a_frame_that_lacks_a_column_is_told_so(book: Workbook) -> None:
    with pytest.raises(ConfigError) as error:
        forest(book, "mine", pd.DataFrame({"label": ["a"], "value": [1.0]}), "F.")
    assert str(error.value).startswith('forest "mine": the frame lacks "n"; it needs "label", "value", "n"')
    with pytest.raises(ConfigError, match='rows in "share", "minutes" cannot stand on one axis'):
        forest(book, "mine", {"a": share(0.1, 0, 1), "b": share(3, 2, 4, 40, "minutes")}, "F.")
    with pytest.raises(ConfigError, match='curves "mine": the frame lacks "value"'):
        curves(book, "mine", pd.DataFrame({"x": [1]}), "C.", "x", "days", "share")
