"""The ledger: every claim once, with what the notebooks recorded of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from calibrate.harness import lay
from cxlib.claims import all_claims, ledger
from cxlib.claims.judge import NO_FIGURE, NOT_SAID
from cxlib.notebook import Untold, _code_cells, _findings_of, run, said
from cxlib.workbook import Workbook

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
CLAIMS = {claim.id: claim for claim in all_claims()}


def recorded(claim: str, verdict: str = "supported", high: object = 0.64) -> dict[str, Any]:
    numbers = {"value": 0.62, "low": 0.61, "high": high, "n": 90, "unit": "share", "method": "Wilson", "flags": []}
    return {
        "finding": CLAIMS[claim].finding,
        "verdict": verdict,
        "text": "It is 62.0%.",
        "estimate": numbers,
        "assumption": "",
        "claims": [{"id": claim, "verdict": verdict, "why": "Because."}],
    }


def test_the_verdict_is_the_one_that_the_page_says() -> None:
    judged = ledger([recorded("000.9-existing", "not-supported")]).set_index("id")
    assert judged.index.tolist() == [claim.id for claim in all_claims()]
    one = judged.loc["000.9-existing"]
    assert (one.verdict, one.why, one.text) == ("not-supported", "Because.", "It is 62.0%.")
    assert one.estimate is not None
    assert (one.estimate.low, one.estimate.high) == (0.61, 0.64)


def test_a_limit_that_is_none_comes_back() -> None:
    judged = ledger([recorded("000.9-existing", high="inf")]).set_index("id")
    assert judged.loc["000.9-existing", "estimate"].high == float("inf")


def test_a_finding_that_could_not_be_told_says_what_would_tell() -> None:
    record = {"untold": "An export of opportunities would tell.", "findings": [CLAIMS["000.9-new"].finding]}
    judged = ledger([record]).set_index("id")
    one = judged.loc["000.9-new"]
    assert (one.verdict, one.why) == ("cannot-tell", NO_FIGURE)
    assert one.text == "An export of opportunities would tell."
    assert judged.loc["000.9-existing", "text"] == NOT_SAID
    assert judged["estimate"].tolist() == [None] * len(judged)


def test_a_definition_that_could_not_be_held_says_why() -> None:
    judged = ledger([], Untold("Answers to the question would tell.")).set_index("id")
    assert judged.loc["004.2-nps", "text"] == "Answers to the question would tell."


@pytest.mark.parametrize("study", sorted({claim.study for claim in CLAIMS.values() if claim.study}))
def test_a_study_names_the_findings_that_its_claims_ask_for(study: str) -> None:
    import ast

    cells = _code_cells(NOTEBOOKS / f"{study}.ipynb")
    named = {id for cell in cells for id in _findings_of(ast.parse("".join(cell["source"])))}
    assert {claim.finding for claim in CLAIMS.values() if claim.study == study} <= named


@pytest.mark.slow
def test_without_any_export_nothing_is_told_and_each_claim_says_why(tmp_path: Path) -> None:
    book: Workbook = lay({}, tmp_path)
    with book.engine:
        study = run(NOTEBOOKS / "claims_ledger.ipynb", book)
    judged = study.names["judged"]
    assert set(judged["verdict"]) == {"cannot-tell"}
    assert (judged["text"].str.split().str.len() >= 3).all()
    assert NOT_SAID not in set(judged["text"])


def test_the_ledger_reads_what_was_published(tmp_path: Path) -> None:
    book = lay({}, tmp_path / "company")
    assert said(book, ["switching"], str(tmp_path)) == []
