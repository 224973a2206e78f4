"""The printed recipe for the Net Promoter Score beside the right one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cxlib.claims import all_claims, as_printed, counted
from cxlib.claims.judge import NO_FIGURE, OTHER_NUMBER, SAME_NUMBER
from cxlib.errors import UntoldError
from cxlib.language import Language
from cxlib.notebook import Study, run
from cxlib.period import Month
from cxlib.workbook import Workbook

[CLAIM] = [claim for claim in all_claims() if claim.id == "004.2-nps"]
LEDGER = Path(__file__).resolve().parents[2] / "notebooks" / "claims_ledger.ipynb"
Lay = Callable[..., Any]


def answers(scores: list[int], month: str = "2026-10") -> list[dict[str, Any]]:
    return [
        {
            "answer_id": f"{month}-{number}",
            "customer_id": f"c{number}",
            "survey": "relationship",
            "instrument": "nps",
            "score": float(score),
            "scale_min": 0.0,
            "scale_max": 10.0,
            "completed_at": f"{month}-15 10:00",
        }
        for number, score in enumerate(scores)
    ]


def book(desk: Lay, scores: list[int]) -> Workbook:
    rows = answers(scores) + answers([10] * 40, "2026-09")
    return Workbook(desk("2026-11-09", survey_answers=rows), Month(2026, 10), Language())


def test_the_recipe_word_by_word() -> None:
    assert as_printed(promoters=30, detractors=10, answers=60) == (10 - 30) * 60 * 100
    assert as_printed(promoters=7, detractors=7, answers=20) == 0


def recipe(book: Workbook) -> Study:
    with book.engine:
        return run(LEDGER, book)


@pytest.fixture(autouse=True)
def no_studies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger's notebook without running the studies it lays side by side."""
    monkeypatch.setattr("cxlib.notebook.said", lambda *_: [])


def test_recipe_and_right_formula_on_the_same_answers(desk: Lay) -> None:
    # 30 promoters, 20 passives, 10 detractors: 33.33, adjusted Wald 13.30 to 50.19 (Rocks 2016, as in the R code)
    study = recipe(book(desk, [9] * 30 + [7] * 20 + [3] * 10))
    [record] = [one for one in study.names["recipe"].records if one.get("finding") == CLAIM.finding]
    assert record["verdict"] == "not-supported"
    assert record["estimate"]["value"] == pytest.approx(100 / 3)
    assert (record["estimate"]["low"], record["estimate"]["high"]) == pytest.approx((13.30, 50.19), abs=0.3)
    assert record["text"].startswith(
        "By the printed recipe 30 promoters and 10 detractors among 60 answers in October 2026 make a score of "
        "\N{MINUS SIGN}120,000, which is said to lie between -100 and 100. The right score is 33 (95% interval 13 to "
    )
    assert record["claims"] == [{"id": CLAIM.id, "verdict": "not-supported", "why": OTHER_NUMBER}]


def test_as_many_promoters_as_detractors(desk: Lay) -> None:
    study = recipe(book(desk, [9] * 20 + [7] * 20 + [3] * 20))
    [record] = study.names["recipe"].records
    assert "20 promoters and 20 detractors" in record["text"]
    assert record["claims"] == [{"id": CLAIM.id, "verdict": "cannot-tell", "why": SAME_NUMBER}]


@pytest.mark.parametrize("scores", [[], [9, 9, 9]])
def test_too_few_answers_in_the_month(desk: Lay, scores: list[int]) -> None:
    study = recipe(book(desk, scores))
    judged = study.names["judged"].set_index("id").loc[CLAIM.id]
    assert (judged.verdict, judged.why, judged.estimate) == ("cannot-tell", NO_FIGURE, None)
    assert judged.text.endswith("on a scale from 0 to 10.")


def test_without_any_survey(desk: Lay) -> None:
    with pytest.raises(UntoldError, match="how likely one is to recommend"):
        counted(Workbook(desk("2026-11-09", tickets=[]), Month(2026, 10), Language()))
