"""The printed recipe for the Net Promoter Score beside the right one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cxlib.claims import all_claims, judge
from cxlib.claims.judge import NO_FIGURE, OTHER_NUMBER, SAME_NUMBER
from cxlib.claims.printed_nps import as_printed, nps_as_printed
from cxlib.exhibits.said import sentence
from cxlib.language import Language
from cxlib.period import Month
from cxlib.workbook import Workbook

[CLAIM] = [claim for claim in all_claims() if claim.id == "004.2-nps"]
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


def test_recipe_and_right_formula_on_the_same_answers(desk: Lay) -> None:
    # 30 promoters, 20 passives, 10 detractors: 33.33, adjusted Wald 13.30 to 50.19 (Rocks 2016, as in the R code)
    with (company := book(desk, [9] * 30 + [7] * 20 + [3] * 10)).engine:
        finding = nps_as_printed(company)
        assert finding.verdict == "not-supported"
        assert finding.estimate is not None
        assert finding.estimate.value == pytest.approx(100 / 3)
        assert (finding.estimate.low, finding.estimate.high) == pytest.approx((13.30, 50.19), abs=0.3)
        words = sentence(company.language, finding)
    assert words.startswith(
        "By the printed recipe 30 promoters and 10 detractors among 60 answers in October 2026 make a score of "
        "\N{MINUS SIGN}120,000, which is said to lie between -100 and 100. The right score is 33 (95% interval 13 to "
    )
    judged = judge(CLAIM, finding)
    assert (judged.verdict, judged.why) == ("not-supported", OTHER_NUMBER)
    assert judged.estimate == finding.estimate


def test_as_many_promoters_as_detractors(desk: Lay) -> None:
    with (company := book(desk, [9] * 20 + [7] * 20 + [3] * 20)).engine:
        finding = nps_as_printed(company)
        assert "as many promoters as detractors, 20 each" in sentence(company.language, finding)
    judged = judge(CLAIM, finding)
    assert (judged.verdict, judged.why) == ("cannot-tell", SAME_NUMBER)


@pytest.mark.parametrize("scores", [[], [9, 9, 9]])
def test_too_few_answers_in_the_month(desk: Lay, scores: list[int]) -> None:
    with (company := book(desk, scores)).engine:
        finding = nps_as_printed(company)
        assert sentence(company.language, finding).endswith("on a scale from 0 to 10.")
    judged = judge(CLAIM, finding)
    assert (judged.verdict, judged.why, judged.estimate) == ("cannot-tell", NO_FIGURE, None)


def test_without_any_survey(desk: Lay) -> None:
    company = Workbook(desk("2026-11-09", tickets=[]), Month(2026, 10), Language())
    assert nps_as_printed(company).verdict == "cannot-tell"
