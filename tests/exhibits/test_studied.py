"""Evidence and sentences of a study, as a page shows them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lxml import html
from matplotlib.figure import Figure

from cxlib.estimate import Estimate
from cxlib.exhibits import theme
from cxlib.exhibits.axis import tick_text
from cxlib.exhibits.evidence import evidence
from cxlib.exhibits.said import filled, sentence
from cxlib.exhibits.studied import answers, how_studied, what_could_mislead
from cxlib.finding import Finding, Quantity, verdict_above
from cxlib.language import Language
from cxlib.period import Month
from cxlib.studies.evidence import Bars, Curves, Evidence, Forest, Map, Row, Sheet, Swing, Tornado
from cxlib.studies.study import Method, Study
from cxlib.workbook import Workbook

EN = Language("en")
NAN = float("nan")


def share(value: float, low: float, high: float, n: int = 400, unit: str = "share", *flags: str) -> Estimate:
    return Estimate(value, low, high, n, unit, "Wilson", flags)


@pytest.fixture
def book(desk: Callable[..., Any]) -> Workbook:
    return Workbook(desk("2026-11-09"), Month(2026, 10), EN)


def study(**pieces: Evidence) -> Study:
    return Study("switching", (), pieces, (), ())


def table_of(markup: str) -> list[list[str]]:
    rows = html.fromstring(markup).xpath(".//tr")
    return [[cell.text_content() for cell in row] for row in rows]


def test_a_sentence_is_filled_with_values_limits_and_denominators() -> None:
    values = {
        "p": share(0.123, 0.101, 0.149, 1204),
        "gap": share(0.04, -0.01, 0.09, unit="share difference"),
        "cost": Quantity(1234.4, "EUR"),
        "month": Month(2026, 10),
        "day": datetime(2026, 11, 9, 6),
        "count": 12000,
        "factor": 1.5,
        "who": "customers",
    }
    text = (
        "{p} | {p_limits} | {p_interval} | {p_n} | {gap_full} | {cost} | {month} | {day} | {count} | {factor} | {who}"
    )
    assert filled(EN, text, values).replace("\N{NO-BREAK SPACE}", " ").split(" | ") == [
        "12.3%",
        "10.1% to 14.9%",
        "95% interval 10.1% to 14.9%",
        "n = 1,204",
        "+4.0 points (95% interval −1.0 to +9.0 points; n = 400)",
        "€1,234",
        "October 2026",
        "9 November 2026",
        "12,000",
        "1.50",
        "customers",
    ]


def test_what_cannot_be_told_says_what_would_tell() -> None:
    finding = Finding("a", "No survey asked.", {"t": "survey_answers"}, "cannot-tell", needed="Bring {t}.")
    assert sentence(EN, finding) == "No survey asked. Bring survey_answers."


@pytest.mark.parametrize(
    ("estimate", "verdict"),
    [
        (share(0.2, 0.1, 0.3), "supported"),
        (share(0.2, -0.1, 0.5), "not-supported"),
        (share(-0.2, -0.3, -0.1), "not-supported"),
        (share(NAN, NAN, NAN), "cannot-tell"),
        (share(0.2, NAN, 0.3), "cannot-tell"),
        (share(0.2, 0.1, 0.3, 3, "share", "suppressed"), "cannot-tell"),
    ],
)
def test_above_is_said_only_of_a_whole_interval(estimate: Estimate, verdict: str) -> None:
    assert verdict_above(estimate) == verdict


def test_dots_have_their_numbers_behind_them_and_the_sentence_under_them(book: Workbook) -> None:
    piece = Forest(
        caption="Silent per complainer, {who}.",
        values={"who": "any problem"},
        rows=(
            Row("Survey", share(3.2, 2.8, 3.9, 340, "silent customers"), "weighted"),
            Row("Incidents", share(2.1, 1.2, float("inf"), 60, "silent customers")),
            Row("Lists", share(NAN, NAN, NAN, 0, "silent customers")),
        ),
        reference=26.0,
        reference_label="the claim",
        says=Finding("silent-here", "So it is {p}.", {"p": share(3.2, 2.8, 3.9, 340, "silent customers")}),
    )
    markup = evidence(book, study(five=piece), "five").html
    assert table_of(markup)[1:] == [
        ["Survey – weighted", "3.2", "2.8 to 3.9", "340"],
        ["Incidents", "2.1", "1.2 to no limit", "60"],
        ["Lists", "no data", "", "0"],
    ]
    figure = html.fromstring(f"<div>{markup}</div>")
    assert figure.xpath(".//figcaption")[0].text == "Silent per complainer, any problem. Dotted line: the claim."
    assert "Survey 3.2 (2.8 to 3.9); Incidents 2.1" in figure.xpath(".//img")[0].get("alt", "")
    assert figure.xpath(".//p[@id='finding-silent-here']")[0].text == "So it is 3.2."


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
    rows = (Row("One", share(2.0, low, high, 60, "times")), Row("Other", share(4.0, 3.0, 5.0, 60, "times")))
    piece = Forest(caption="Ways.", rows=rows)
    evidence(book, study(ways=piece), "ways")
    lines = drawn[0].axes[0].lines
    assert [line.get_marker() for line in lines if line.get_marker() in "<>"] == arrows
    ends = [x for line in lines if line.get_marker() in "<>" for x in np.asarray(line.get_xdata(), float)]
    assert all(not 1.9 < end < 4.1 for end in ends)  # beyond every dot


@pytest.mark.parametrize("names", [("after", "matched"), ("refused before it was opened " * 2, "given up early " * 3)])
def test_the_names_of_curves_stand_above_them(book: Workbook, drawn: list[Figure], names: tuple[str, str]) -> None:
    frame = pd.concat([curve(name, 20) for name in names])
    piece = Curves(caption="Left.", frame=frame, x_label="Since", x_unit="days", unit="share", steps=True)
    evidence(book, study(c=piece), "c")
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


def curve(series: str, points: int) -> pd.DataFrame:
    x = np.linspace(0.0, 365.0, points)
    return pd.DataFrame({"series": series, "x": x, "value": x / 730, "low": x / 800, "high": x / 600})


def test_a_long_curve_keeps_its_ends_in_the_table(book: Workbook) -> None:
    frame = pd.concat([curve("after", 74), curve("matched", 3)])
    piece = Curves(caption="Left.", frame=frame, x_label="Since", x_unit="days", unit="share", steps=True)
    rows = table_of(evidence(book, study(c=piece), "c").html)
    after = [row for row in rows if row[0] == "after"]
    assert len(after) == 14
    assert after[-1] == ["after", "365 days", "50.0%", "45.6% to 60.8%"]
    assert len([row for row in rows if row[0] == "matched"]) == 3


def test_a_map_says_where_the_company_lies(book: Workbook) -> None:
    x, y = np.linspace(0.5, 0.9, 9), np.linspace(0.0, 0.2, 5)
    z = 0.05 / (1 + y[:, None] - x[None, :] - 0.05)
    piece = Map(
        caption="Uplift.",
        x=x,
        y=y,
        z=z,
        x_label="Retention",
        y_label="Discount",
        x_unit="share",
        y_unit="share",
        unit="share",
        level=0.25,
        level_label="a quarter",
        point=(share(0.81, 0.78, 0.84), share(0.1, 0.1, 0.1)),
    )
    markup = evidence(book, study(m=piece), "m").html
    alt = html.fromstring(markup).xpath(".//img")[0].get("alt", "")
    assert alt.endswith("from 7.7% to 100.0%. Your company lies at 81.0% and 10.0%.")
    # at 90 % retention and no discount five points double the value: 0.05 / 0.05
    assert table_of(markup)[1][-1] == "100.0%"


def test_a_map_without_the_level_and_a_flat_one_are_drawn(book: Workbook) -> None:
    line = np.linspace(0.0, 1.0, 4)
    flat = Map(
        caption="Flat.",
        x=line,
        y=line,
        z=np.full((4, 4), 0.1),
        x_label="x",
        y_label="y",
        x_unit="share",
        y_unit="share",
        unit="share",
        level=0.25,
        level_label="a quarter",
    )
    assert "runs from 10.0% to 10.0%." in evidence(book, study(m=flat), "m").html


def test_the_widest_swing_stands_on_top(book: Workbook) -> None:
    piece = Tornado(
        caption="Swings.",
        base=0.2,
        unit="share",
        rows=(Swing("narrow", 0.19, 0.21, "low", "high"), Swing("wide", 0.3, 0.1, "cheap", "dear")),
    )
    rows = table_of(evidence(book, study(t=piece), "t").html)
    assert rows[1:] == [["wide", "cheap: 30.0%", "dear: 10.0%"], ["narrow", "low: 19.0%", "high: 21.0%"]]


def test_bars_by_group(book: Workbook) -> None:
    frame = pd.DataFrame(
        [
            {"group": group, "label": label, "value": value, "low": value / 2, "high": min(2 * value, 1), "n": 50}
            for group, label, value in (("minor", "nobody", 0.5), ("minor", "some", 0.5), ("severe", "some", 0.9))
        ]
    )
    rows = table_of(evidence(book, study(b=Bars(caption="Told.", frame=frame, unit="share")), "b").html)
    assert rows[1] == ["minor, nobody", "50.0%", "25.0% to 100.0%", "50"]
    assert rows[3][0] == "severe, some"


def test_a_sheet_keeps_words_and_numbers_apart(book: Workbook) -> None:
    piece = Sheet(caption="T", headers=("What", "Own", "Note"), rows=(("a", (share(0.2, 0.1, 0.3), "<b>bold</b>")),))
    markup = evidence(book, study(s=piece), "s").html
    assert table_of(markup)[1] == ["a", "20.0% (10.0% to 30.0%)", "<b>bold</b>"]
    assert "<b>" not in markup


@pytest.mark.parametrize(
    "piece",
    [
        Forest(caption="Nothing.", rows=(Row("a", share(NAN, NAN, NAN, 0)),)),
        Curves(caption="Nothing.", frame=curve("a", 0), x_label="x", x_unit="days", unit="share"),
        Bars(caption="Nothing.", frame=pd.DataFrame(columns=["group", "label", "value", "low", "high", "n"]), unit=""),
    ],
)
def test_nothing_to_draw_is_said(book: Workbook, piece: Evidence) -> None:
    assert "Nothing. There are no data to draw it from." in evidence(book, study(x=piece), "x").text


def test_evidence_that_the_data_cannot_bring_is_said_to_be_missing(book: Workbook) -> None:
    assert "This cannot be shown from the exports at hand" in evidence(book, study(), "trial").text


def test_the_page_of_a_study(book: Workbook) -> None:
    first = Finding("one", "One is {p}.", {"p": share(0.2, 0.1, 0.3)}, assumption="If {p} were half of it, no.")
    doubt = Finding("two", "The small tier disagrees.")
    whole = Study("switching", (first,), {}, (doubt,), (Method("Leaving", "Not paid."),), ("No export of costs.",))
    answer = html.fromstring(f"<div>{answers(book, whole).html}</div>")
    assert answer.xpath(".//*[@id='finding-one']")[0].get("data-verdict") == "described"
    assert answer.xpath(".//*[@class='cx-missing']")[0].text_content() == "No export of costs."
    assert answer.xpath(".//p[@class='cx-note']")[0].text.startswith("How to read it: n is the number of cases")
    unsure = Study("switching", (Finding("one", "It cannot be told."),), {}, (), ())
    assert "How to read it" not in answers(book, unsure).text
    doubts = what_could_mislead(book, whole).text
    assert "The small tier disagrees." in doubts
    assert "If 20.0% were half of it, no." in doubts
    assert "Leaving: Not paid." in how_studied(book, whole).text
    assert "with cxlib" in how_studied(book, whole).text
