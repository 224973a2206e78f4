"""The ledger as a page shows it: every claim once, beside the company's own figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lxml import html

from cxlib.claims import Judged, all_claims, judge
from cxlib.estimate import Estimate
from cxlib.exhibits import claims_doubts, claims_headline, claims_sources, claims_summary, claims_table
from cxlib.exhibits.claimed import claim_record
from cxlib.finding import Finding
from cxlib.language import Language
from cxlib.period import Month
from cxlib.workbook import Workbook

EN = Language("en")
CLAIMS = {claim.id: claim for claim in all_claims()}


@pytest.fixture
def book(desk: Callable[..., Any]) -> Workbook:
    return Workbook(desk("2026-11-09"), Month(2026, 10), EN)


def judged(claim: str, value: float, low: float, high: float, n: int = 500) -> Judged:
    region = CLAIMS[claim].region
    unit = region.unit if region else "share"
    estimate = Estimate(value, low, high, n, unit, "Wilson")
    judgment = judge(CLAIMS[claim], Finding(CLAIMS[claim].finding, "", {}, "described", estimate))
    turns = f"If {EN.measure(value, unit)} were not so."
    return Judged(CLAIMS[claim], judgment.verdict, judgment.why, "It is so.", estimate, turns)


def untold(claim: str) -> Judged:
    return Judged(CLAIMS[claim], "cannot-tell", "No figure.", "Not asked. Ask it.")


@pytest.fixture
def three() -> list[Judged]:
    return [judged("000.2", 2.1, 1.8, 2.5), judged("000.3", 0.85, 0.81, 0.89, 12), untold("000.4")]


def test_the_three_verdicts_are_counted(book: Workbook, three: list[Judged]) -> None:
    assert claims_summary(book, three).text == (
        "Of 3 claims the data of this company support 1 and contradict 1; of 1 they cannot tell."
    )


def test_the_headline_has_figure_interval_and_n(book: Workbook, three: list[Judged]) -> None:
    rows = html.fromstring(claims_headline(book, three).html).xpath(".//tbody/tr")
    texts = [[cell.text_content().replace("\N{NO-BREAK SPACE}", " ") for cell in row] for row in rows]
    assert texts[0][1:] == ["2.1 (1.8 to 2.5), n = 500", "Not supported"]
    assert texts[1][1:] == ["85.0% (81.0% to 89.0%), n = 12", "Supported"]
    assert texts[2][1:] == ["none", "Cannot be told from this data"]


def test_another_reading_of_a_claim_is_not_in_the_headline(book: Workbook) -> None:
    usual, other = judged("000.3", 0.27, 0.24, 0.31), judged("000.3-soon", 0.1, 0.05, 0.2)
    said = claims_headline(book, [usual, other]).text
    assert "27.0%" in said
    assert "soon after" not in said
    assert "soon after" in claims_table(book, [usual, other], "not-supported").text


def test_every_number_that_is_repeated_is_in_the_headline_once(book: Workbook) -> None:
    numeric = [claim for claim in CLAIMS.values() if claim.kind == "numeric"]
    said = claims_headline(book, [judged(claim.id, 0.1, 0.05, 0.2) for claim in numeric])
    assert len(html.fromstring(said.html).xpath(".//tbody/tr")) == len({claim.quote for claim in numeric})
    assert "25% increase in profit" in said.text
    assert "60% to 70%" in said.text


def test_without_a_number_there_is_no_headline(book: Workbook) -> None:
    assert claims_headline(book, [judged("001.2-matters", 0.1, 0.05, 0.2)]).html == ""


def test_a_table_holds_one_verdict_and_what_would_turn_it(book: Workbook, three: list[Judged]) -> None:
    held = claims_table(book, three, "supported").text
    assert "89% of consumers" in held
    assert "26 stay silent" not in held
    assert "If 85.0% were not so." in held
    assert "Not asked. Ask it." in claims_table(book, three, "cannot-tell").text
    assert claims_table(book, three[:1], "supported").text == "There is none."


def test_each_claim_is_quoted_in_its_own_language(book: Workbook, three: list[Judged]) -> None:
    root = html.fromstring(claims_sources(book, three).html)
    assert [quote.get("lang") for quote in root.xpath(".//q")] == ["tr", "tr", "tr"]
    assert "26 müşteri" in root.xpath(".//q")[0].text
    assert "Supported only where the whole interval lies between 80.0% and 92.0%." in root.text_content()


def test_doubts_count_what_chance_alone_would_bring(book: Workbook, three: list[Judged]) -> None:
    text = claims_doubts(book, three).text
    assert "2 verdicts rest on intervals that miss the truth one time in twenty" in text
    assert "about 1 of them" in text
    assert "fewer than 30 cases: “89% of consumers" in text
    assert "For 1 of the claims no original research was found" in text


def test_a_record_is_plain_values(three: list[Judged]) -> None:
    first, _, last = (claim_record(one) for one in three)
    assert first["verdict"] == "not-supported"
    assert first["estimate"] == {
        "value": 2.1,
        "low": 1.8,
        "high": 2.5,
        "n": 500,
        "unit": "silent customers",
        "method": "Wilson",
        "flags": [],
    }
    assert first["finding"] == "silent-per-complainer"
    assert (last["estimate"], last["text"]) == (None, "Not asked. Ask it.")
