"""The ledger as its page shows it: every claim once, beside the company's own figure."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from cxlib.claims import IN_WORDS, all_claims, judge
from cxlib.estimate import Estimate
from cxlib.exhibits.words import numbers
from cxlib.finding import Finding, Quantity
from cxlib.language import Language
from cxlib.notebook import Study, run
from cxlib.period import Month
from cxlib.workbook import Workbook

LEDGER = Path(__file__).resolve().parents[2] / "notebooks" / "claims_ledger.ipynb"
EN = Language("en")
CLAIMS = {claim.id: claim for claim in all_claims()}


def recorded(claim: str, value: float, low: float, high: float, n: int = 500) -> dict[str, Any]:
    region = CLAIMS[claim].region
    unit = region.unit if region else "share"
    estimate = Estimate(value, low, high, n, unit, "Wilson")
    judgment = judge(CLAIMS[claim], Finding(CLAIMS[claim].finding, "", {}, "described", estimate))
    return {
        "finding": CLAIMS[claim].finding,
        "text": "It is so.",
        "estimate": numbers(estimate),
        "assumption": f"If {EN.measure(value, unit)} were not so.",
        "claims": [{"id": claim, "verdict": judgment.verdict, "why": judgment.why}],
    }


THREE = (
    recorded("000.2", 2.1, 1.8, 2.5),
    recorded("000.3", 0.85, 0.81, 0.89, 12),
    {"untold": "Not asked. Ask it.", "findings": [CLAIMS["000.4"].finding]},
)


@pytest.fixture
def page(desk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Study]:
    def shown(*records: dict[str, Any]) -> Study:
        monkeypatch.setattr("cxlib.notebook.said", lambda *_: list(records))
        book = Workbook(desk("2026-11-09"), Month(2026, 10), EN)
        with book.engine:
            return run(LEDGER, book)

    return shown


def line(study: Study, exhibit: str, claim: str) -> list[Any]:
    return study.exhibits[exhibit].frame.loc[CLAIMS[claim].said].tolist()


def test_the_three_verdicts_are_counted(page: Callable[..., Study]) -> None:
    values = page(*THREE).finding("claims-summary").values
    assert values == {"count": len(CLAIMS), "supported": 1, "refuted": 1, "untold": len(CLAIMS) - 2}


def test_the_headline_has_figure_interval_and_n(page: Callable[..., Study]) -> None:
    study = page(*THREE)
    one, n, verdict = line(study, "claims-headline", "000.2")
    assert (one.value, one.low, one.high, n, verdict) == (2.1, 1.8, 2.5, 500, IN_WORDS["not-supported"])
    assert line(study, "claims-headline", "000.3")[1:] == [12, IN_WORDS["supported"]]
    assert line(study, "claims-headline", "000.4")[::2] == [None, IN_WORDS["cannot-tell"]]
    rows = html.fromstring(study.exhibits["claims-headline"].html).xpath(".//tbody/tr")
    assert [cell.text_content() for cell in rows[0]][1:] == ["2.1 (1.8 to 2.5)", "500", "Not supported"]


def test_every_number_that_is_repeated_is_in_the_headline_once(page: Callable[..., Study]) -> None:
    numeric = [claim for claim in CLAIMS.values() if claim.kind == "numeric"]
    text = page(*(recorded(claim.id, 0.1, 0.05, 0.2) for claim in numeric)).exhibits["claims-headline"].text
    assert text.count("\n") - 1 == len({claim.quote for claim in numeric}) < len(numeric)
    assert "25% increase in profit" in text
    assert "60% to 70%" in text


def test_a_table_holds_one_verdict_and_what_would_turn_it(page: Callable[..., Study]) -> None:
    study = page(*THREE)
    assert study.exhibits["claims-supported"].frame.index.tolist() == [CLAIMS["000.3"].said]
    assert line(study, "claims-supported", "000.3") == ["It is so.", "If 85.0% were not so."]
    assert line(study, "claims-cannot-tell", "000.4") == ["Not asked. Ask it.", CLAIMS["000.4"].flips]
    assert len(study.exhibits["claims-cannot-tell"].frame) == len(CLAIMS) - 2
    nothing = page(*THREE[:1])
    assert "claims-supported" not in nothing.exhibits
    assert "There is none." in nothing.untold


def test_each_claim_is_quoted_in_its_own_language(page: Callable[..., Study]) -> None:
    from cxlib.exhibits.sentences import claims_sources

    study = page(*THREE)
    root = html.fromstring(claims_sources(study.names["book"], study.names["judged"]).html)
    quotes = root.xpath(".//q")
    assert [quote.get("lang") for quote in quotes] == [claim.language for claim in CLAIMS.values()]
    assert "26 müşteri" in "".join(quote.text for quote in quotes)
    assert "Supported only where the whole interval lies between 80.0% and 92.0%." in root.text_content()


def test_doubts_count_what_chance_alone_would_bring(page: Callable[..., Study]) -> None:
    """An interval of 95 % lies wholly to one side of a truth at the border in 2.5 % of cases."""
    study = page(*THREE)
    values = dict(study.finding("claims-by-chance").values)
    assert values.pop("share") == Quantity(0.025, "share")
    assert values.pop("expected") == Quantity(0.05, "figures")
    assert values == {"supported": 1, "own": 1, "figures": 2}
    assert study.finding("claims-same-figure").values == {"count": 0, "names": "none"}
    assert study.finding("claims-few-cases").values["names"] == CLAIMS["000.3"].said
    unseen = sum(claim.sureness == "not found" for claim in CLAIMS.values())
    assert study.finding("claims-unseen").values == {"count": unseen}


def test_claims_that_rest_on_one_figure_are_named_together(
    page: Callable[..., Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = CLAIMS["000.3-more"]
    twins = [one, CLAIMS["003.6-leave"].model_copy(update={"finding": one.finding, "study": one.study})]
    rest = [claim for claim in CLAIMS.values() if claim.id not in {twin.id for twin in twins}]
    monkeypatch.setattr(import_module("cxlib.claims.judge"), "all_claims", lambda: (*twins, *rest))
    both = recorded(twins[0].id, 0.1, 0.05, 0.2)
    both["claims"] += recorded(twins[1].id, 0.1, 0.05, 0.2)["claims"]
    study = page(both, recorded("000.2", 2.1, 1.8, 2.5))
    found = study.finding("claims-same-figure").values
    assert found == {"count": 2, "names": " and ".join(claim.said for claim in twins)}
    assert study.finding("claims-by-chance").values["figures"] == 2
