"""Perception: shares and gaps by hand, every sentence, what was not asked, who stayed silent, what could mislead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cxlib.exhibits.said import filled, sentence
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from company import Parameters, simulate, truth
from cxlib.claims.claim import Range, claims_of
from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity
from cxlib.language import Language
from cxlib.period import Month
from cxlib.store import build_snapshot
from cxlib.studies import run_study
from cxlib.studies.evidence import Bars, Sheet
from cxlib.studies.perception_gap.data import merged, read_views, use_classes
from cxlib.studies.perception_gap.said import (
    CUSTOMERS_FIRST,
    EXPECTATIONS,
    EXPERIENCE_FIRST,
    OWNERS_FIRST,
    PROFIT_FIRST,
    place,
    share_finding,
)
from cxlib.studies.study import Study
from cxlib.workbook import Workbook
from desk import Desk

Row = dict[str, Any]
Lay = Callable[..., Desk]
EN = Language("en")
FIRST, PROFIT = "puts_customers_first", "profit_before_customers"
ITEMS = (CUSTOMERS_FIRST, OWNERS_FIRST, PROFIT_FIRST, EXPERIENCE_FIRST, *EXPECTATIONS.values())


def answers(
    respondent: str, agree: int, others: int, question: str = FIRST, wave: str = "2026-06", **more: Any
) -> list[Row]:
    """Return answers an hour apart, those who agree and the others mixed; `more` may hold functions of the number."""
    scores = [4.0] * agree + [2.0] * others
    order = np.random.default_rng(agree + others).permutation(len(scores))
    begun = datetime.fromisoformat(f"{wave}-02T08:00")
    rows = []
    for number, score in enumerate(scores[k] for k in order):
        row = {
            "answer_id": f"{respondent}-{question}-{wave}-{number}",
            "survey": "statements" if respondent == "customer" else "managers",
            "instrument": "statement",
            "respondent": respondent,
            "question": question,
            "wave": wave,
            "customer_id": f"c{number}" if respondent == "customer" else None,
            "score": score,
            "scale_min": 1.0,
            "scale_max": 5.0,
            "completed_at": (begun + timedelta(hours=number)).isoformat(),
        }
        rows.append(row | {key: value(number) if callable(value) else value for key, value in more.items()})
    return rows


def invites(respondent: str, asked: int, answered: int, wave: str = "2026-06") -> list[Row]:
    """Return delivered invitations; of customers the first ones are those that `answers` names."""
    begun = datetime.fromisoformat(f"{wave}-01T09:00")
    return [
        {
            "invite_id": f"{respondent}-{wave}-{number}",
            "survey": "statements" if respondent == "customer" else "managers",
            "instrument": "statement",
            "wave": wave,
            "customer_id": f"c{number}" if respondent == "customer" else None,
            "sent_at": begun.isoformat(),
            "delivered": True,
            "answered_at": (begun + timedelta(days=1)).isoformat() if number < answered else None,
        }
        for number in range(asked)
    ]


def opened(
    lay: Lay, said: list[Row], asked: list[Row] | None = None, month: str = "2026-10", **tables: Any
) -> Workbook:
    if asked is not None:
        tables["survey_invites"] = asked
    return Workbook(lay("2026-11-09T06:00:00", survey_answers=said, **tables), Month.parse(month), EN)


def studied(lay: Lay, said: list[Row], asked: list[Row] | None = None, **more: Any) -> Study:
    return run_study(opened(lay, said, asked, **more), "perception_gap")


def said_by(study: Study, name: str) -> str:
    return sentence(EN, study.finding(name))


BOTH = [*answers("owner", 32, 8), *answers("customer", 90, 110)]


def test_gap_is_newcombes_on_the_same_statement(desk: Lay) -> None:
    gap = studied(desk, BOTH).finding("gap-customers-first").estimate
    assert gap is not None
    low, high = confint_proportions_2indep(32, 40, 90, 200, method="newcomb", compare="diff")
    assert gap.value == pytest.approx(32 / 40 - 90 / 200)
    assert (gap.low, gap.high) == pytest.approx((low, high), abs=1e-9)
    assert (gap.unit, gap.n, gap.method) == ("share difference", 40, "Newcombe")


def test_shares_are_wilsons(desk: Lay) -> None:
    study = studied(desk, BOTH)
    for name, agree, count in (("owners-customers-first", 32, 40), ("customers-customers-first", 90, 200)):
        share = study.finding(name).estimate
        assert share is not None
        assert (share.low, share.high) == pytest.approx(proportion_confint(agree, count, method="wilson"))
        assert (share.value, share.n) == (agree / count, count)


def test_without_invitations_nothing_is_said_of_the_silent(desk: Lay) -> None:
    study = studied(desk, BOTH)
    assert study.finding("gap-customers-first").verdict == "supported"
    assert said_by(study, "gap-customers-first").startswith(
        "Of those who answered, managers think better of the company than customers do: 80.0% of the managers say"
    )
    assert "so nothing is known of those who stayed silent" in said_by(study, "customers-customers-first")
    assert any("no response rate" in line for line in study.missing)
    plain = said_by(study, "customers-customers-first-plain")
    assert "could not be weighted" in plain
    assert "45.0% is too high" in plain


def test_with_invitations_the_response_rate_is_said(desk: Lay) -> None:
    """32 of 40 and 90 of 200; 40 of 50 and 200 of 400 answered, so 115 % of the silent would have to agree."""
    study = studied(desk, BOTH, [*invites("owner", 50, 40), *invites("customer", 400, 200)])
    told = said_by(study, "gap-customers-first")
    assert told.startswith("Managers think better of the company than customers do: 80.0% of the managers")
    assert "80.0% of the managers and 50.0% of the customers who were asked answered" in told
    assert "not what they do" in told
    assert study.finding("gap-customers-first").assumption.startswith("Not even if every customer")
    silent = said_by(study, "gap-silent-customers")
    assert silent.startswith("200 of the 400 customers who were asked did not answer.")
    assert "share of customers would be 22.5%; had all of them, 72.5%" in silent


def test_what_would_turn_the_gap_is_computed(desk: Lay) -> None:
    """26 of 40 against 90 of 200, half of the customers silent: (0.65 - 0.5 x 0.45) / 0.5 = 85 % of the silent."""
    said = [*answers("owner", 26, 14), *answers("customer", 90, 110)]
    finding = studied(desk, said, [*invites("owner", 50, 40), *invites("customer", 400, 200)]).finding(
        "gap-customers-first"
    )
    assert finding.verdict == "supported"
    assert filled(EN, finding.assumption, finding.values) == (
        "The gap would be gone if 85.0% of the customers who did not answer agreed."
    )


def test_no_gap_and_a_gap_the_other_way_do_not_support(desk: Lay) -> None:
    alike = studied(desk, [*answers("owner", 20, 20), *answers("customer", 95, 105)])
    # forty managers leave room for a gap that would matter
    assert alike.finding("gap-customers-first").verdict == "cannot-tell"
    assert "show no measurable gap" in said_by(alike, "gap-customers-first")
    asked = [*invites("owner", 40, 40), *invites("customer", 200, 200)]
    worse = studied(desk, [*answers("owner", 10, 30), *answers("customer", 150, 50)], asked, folder="worse")
    assert worse.finding("gap-customers-first").verdict == "not-supported"
    assert said_by(worse, "gap-customers-first").startswith("Managers think worse of the company than customers do")
    none = studied(desk, [*answers("owner", 20, 20), *answers("customer", 95, 105)], asked, folder="none")
    assert said_by(none, "gap-customers-first").startswith("No measurable gap between managers and customers")
    assert none.finding("gap-customers-first").assumption == ""


def test_two_different_questions_are_not_subtracted(desk: Lay) -> None:
    """As published: the owners on customers first, the customers on profit first."""
    study = studied(desk, [*answers("owner", 32, 8), *answers("customer", 165, 35, PROFIT)])
    finding = study.finding("gap-customers-first")
    assert (finding.verdict, finding.estimate) == ("cannot-tell", None)
    told = sentence(EN, finding)
    assert "managers answered “The company puts its customers first.” and customers “The company cares more" in told
    assert "different questions, so the two shares must not be subtracted" in told
    assert "Put the same statement to both sides, word for word: “The company puts its customers first.”" in told
    profit = study.finding("customers-say-profit-first")
    assert profit.estimate is not None
    assert profit.estimate.value == 165 / 200
    turned = studied(desk, [*answers("owner", 9, 31, PROFIT), *answers("customer", 90, 110)], folder="turned")
    assert "managers answered “The company cares more" in said_by(turned, "gap-customers-first")


def test_the_same_words_are_told_by_the_name_of_the_question(desk: Lay) -> None:
    other = answers("customer", 90, 110, "puts_customers_first_2019")
    study = studied(desk, [*answers("owner", 32, 8), *other])
    assert study.finding("gap-customers-first").verdict == "cannot-tell"


@pytest.mark.parametrize(
    ("side", "says", "asks"),
    [
        ("owner", "the managers answered", "to the customers too"),
        ("customer", "the customers answered", "to the managers too"),
    ],
)
def test_one_side_only(desk: Lay, side: str, says: str, asks: str) -> None:
    study = studied(desk, answers(side, 30, 20))
    told = said_by(study, "gap-customers-first")
    assert says in told
    assert asks in told
    assert study.finding("gap-customers-first").verdict == "cannot-tell"


def test_nobody_asked(desk: Lay) -> None:
    study = studied(desk, [])
    assert "neither side was asked" in said_by(study, "gap-customers-first")
    for item in ITEMS:
        finding = study.finding(item.finding)
        assert (finding.verdict, finding.estimate) == ("cannot-tell", None)
        assert "they were not asked" in sentence(EN, finding)
    assert [doubt.id for doubt in study.doubts] == ["gap-doubt-none"]
    assert study.missing == (
        "Answers to statements (agree or disagree), with the name of each statement and its scale.",
    )


def test_profit_not_asked_says_what_to_ask(desk: Lay) -> None:
    told = said_by(studied(desk, BOTH), "customers-say-profit-first")
    assert told.startswith(
        "Whether customers agree that “The company cares more for its profit than for its customers.”"
    )
    assert "Put this statement to the customers" in told


def test_a_handful_is_not_shown(desk: Lay) -> None:
    study = studied(desk, [*answers("owner", 3, 1), *answers("customer", 90, 110)])
    assert "Too few answers" in said_by(study, "gap-customers-first")
    assert said_by(study, "owners-customers-first").startswith("Too few answers to tell how many managers agree")


def test_only_the_last_wave_counts_and_of_a_customer_the_last_answer(desk: Lay) -> None:
    old = answers("customer", 190, 10, wave="2025-06")
    again = [
        row | {"answer_id": f"again-{row['answer_id']}", "score": 1.0, "completed_at": "2026-06-29T10:00"}
        for row in answers("customer", 90, 110)
        if row["score"] == 4.0
    ][:30]
    study = studied(desk, [*BOTH, *old, *again])
    share = study.finding("customers-customers-first").estimate
    assert share is not None
    assert (share.n, share.value) == (200, pytest.approx(60 / 200))
    waves = study.evidence["both_sides"]
    assert isinstance(waves, Bars)
    customers = waves.frame[waves.frame["group"] == "Customers"]
    assert customers["label"].tolist() == ["2025-06", "2026-06"]
    assert customers["value"].tolist() == pytest.approx([190 / 200, 60 / 200])


def test_what_came_after_the_month_is_not_known(desk: Lay) -> None:
    old = [*answers("owner", 20, 20, wave="2025-06"), *answers("customer", 100, 100, wave="2025-06")]
    asked = [*invites("customer", 400, 200, "2025-06"), *invites("customer", 300, 200)]
    study = studied(desk, [*BOTH, *old], asked, month="2026-05")
    share = study.finding("customers-customers-first").estimate
    assert share is not None
    assert (share.n, share.value) == (200, pytest.approx(0.5))
    sheet = study.evidence["asked"]
    assert isinstance(sheet, Sheet)
    assert [cells[0] for _, cells in sheet.rows] == ["2025-06", "2025-06"]
    assert sheet.rows[1][1][1:4] == (400, Quantity(0.5, "share"), 200)


def test_blank_answers_and_scales_that_are_not_told_do_not_count(desk: Lay) -> None:
    blank = [row | {"answer_id": f"b-{row['answer_id']}", "score": None} for row in answers("customer", 40, 0)]
    no_scale = [
        row | {"answer_id": f"s-{row['answer_id']}", "scale_max": None, "customer_id": None}
        for row in answers("customer", 40, 0)
    ]
    study = studied(desk, [*BOTH, *blank, *no_scale])
    share = study.finding("customers-customers-first").estimate
    assert share is not None
    assert share.n == 200


def uneven(desk: Lay) -> Workbook:
    """Asked: 100 of each class. Answered: 20 large ones, who all agree, and 80 small ones, of whom 16 do."""
    agree = [True] * 20 + [k < 16 for k in range(80)]
    said = [
        row | {"customer_id": f"c{k if k < 20 else 80 + k}", "score": 5.0 if agree[k] else 1.0}
        for k, row in enumerate(answers("customer", 0, 100))
    ]
    customers = [{"customer_id": f"c{k}", "tier": "large" if k < 100 else "small"} for k in range(200)]
    asked = [row | {"answered_at": None} for row in invites("customer", 200, 0)]
    return opened(desk, [*said, *answers("owner", 32, 8)], asked, customers=customers)


def test_weights_bring_the_answers_to_those_who_were_asked(desk: Lay) -> None:
    """Half of those asked are large: 0.5 x 1 + 0.5 x 0.2 = 0.6, where the plain share is 0.36."""
    answered = read_views(uneven(desk)).latest("customer", FIRST)
    assert answered is not None
    assert answered.is_weighted
    assert answered.plain.value == pytest.approx(0.36)
    assert answered.agree.value == pytest.approx(0.6)
    large = answered.rows["tier"] == "large"
    assert answered.rows.loc[large, "weight"].to_numpy() == pytest.approx(np.full(20, 2.5))
    assert answered.rows.loc[~large, "weight"].to_numpy() == pytest.approx(np.full(80, 0.625))
    assert (answered.responded, len(answered.asked)) == (100, 200)


def test_limits_allow_for_a_hidden_difference_as_large_again(desk: Lay) -> None:
    """Kish: 100² / (20 x 2.5² + 80 x 0.625²) = 64 answers; the interval is joined with itself moved by 0.24."""
    answered = read_views(uneven(desk)).latest("customer", FIRST)
    assert answered is not None
    low, high = proportion_confint(0.6 * 64, 64, method="wilson")
    assert answered.agree.low == pytest.approx(low)
    assert answered.agree.high == pytest.approx(high + 0.24)


def test_weighting_is_set_beside_the_plain_share(desk: Lay) -> None:
    study = run_study(uneven(desk), "perception_gap")
    plain = study.finding("customers-customers-first-plain")
    assert plain.estimate is not None
    assert plain.estimate.value == pytest.approx(0.36)
    assert "every answer counted the same, 36.0% agree; weighted to all who were asked, 60.0%" in sentence(EN, plain)
    assert "allows for a hidden difference as large again" in sentence(EN, plain)


def test_where_those_who_answered_are_like_those_asked_it_is_said(desk: Lay) -> None:
    customers = [{"customer_id": f"c{k}", "tier": "large" if k % 2 else "small"} for k in range(400)]
    study = studied(desk, BOTH, invites("customer", 400, 200), customers=customers)
    assert said_by(study, "customers-customers-first-plain").startswith("In what is known of them, customers who")


def test_small_classes_are_joined() -> None:
    classes = np.array(["a"] * 50 + ["b"] * 50 + ["c"] * 9 + ["d"] * 9, dtype=object)
    mine = np.array([*range(20), *range(50, 70), *range(100, 105), *range(109, 114)])
    # c and d have five answers each: together ten, a class of their own
    assert np.bincount(merged(classes, mine)).tolist() == [50, 50, 18]
    # with three answers in all they go to the largest
    few = np.array([*range(20), *range(50, 65), 100, 101, 110])
    assert np.bincount(merged(classes, few)).tolist() == [68, 50]


def test_use_is_compared_with_others_of_as_many_seats(desk: Lay) -> None:
    """Use grows with seats; what is left over puts the lazy quarter into the lowest class."""
    asked, use, terms = invites("customer", 200, 0), [], []
    for k in range(200):
        seats = 1 + k % 40
        use.append(
            {
                "customer_id": f"c{k}",
                "user_id": f"c{k}",
                "day": "2026-05-20",
                "events": int(1_000 * seats * (0.3 if k < 50 else 1.0)),
            }
        )
        terms.append(
            {
                "term_id": f"t{k}",
                "subscription_id": f"t{k}",
                "customer_id": f"c{k}",
                "started_at": "2025-01-01",
                "quantity": float(seats),
                "monthly_amount": 1.0,
                "currency": "EUR",
            }
        )
    book = opened(desk, BOTH, asked, usage_daily=use[:-1], subscriptions=terms)
    people = read_views(book).asked
    classes = dict(zip(people["customer_id"], use_classes(people), strict=True))
    assert {classes[f"c{k}"] for k in range(50)} == {"0"}
    assert classes["c199"] == "not used"
    assert {classes[f"c{k}"] for k in range(50, 199)} <= {"0", "1", "2", "3"}


@pytest.mark.parametrize(
    ("question", "agree", "others", "verdict", "says"),
    [
        ("prefers_everyday_channels", 1_000, 1_000, "supported", "about the 50.0% that is repeated"),
        ("prefers_everyday_channels", 1_400, 600, "not-supported", "more than the 50.0% that is repeated"),
        ("prefers_everyday_channels", 600, 1_400, "not-supported", "fewer than the 50.0% that is repeated"),
        ("prefers_everyday_channels", 50, 50, "cannot-tell", "do not tell whether it is about the 50.0%"),
        ("expects_action_on_feedback", 140, 60, "supported", "more than 50.0%, as is often said"),
        ("expects_action_on_feedback", 60, 140, "not-supported", "not more than 50.0%, as is often said"),
        ("expects_action_on_feedback", 100, 100, "cannot-tell", "do not tell whether it is more than 50.0%"),
    ],
)
def test_a_share_is_held_against_what_is_published(
    desk: Lay, question: str, agree: int, others: int, verdict: str, says: str
) -> None:
    item = next(item for item in EXPECTATIONS.values() if item.question == question)
    book = opened(desk, answers("customer", agree, others, question), invites("customer", 3_000, agree + others))
    finding = share_finding(read_views(book), item)
    assert finding.verdict == verdict
    told = sentence(EN, finding)
    assert says in told
    assert "of those asked answered, and it is what they say" in told


def test_the_study_and_the_ledger_hold_shares_against_the_same_regions() -> None:
    ledger = {claim.finding: claim.rule for claim in claims_of("perception_gap") if isinstance(claim.rule, Range)}
    for item in ITEMS:
        if item.published is not None:
            rule = ledger.pop(item.finding)
            assert item.region == pytest.approx((rule.low, rule.high)), item.finding
    assert ledger == {}


def test_place_of_an_interval() -> None:
    share = Estimate(0.6, 0.56, 0.64, 100, "share", "")
    assert place(share, (0.55, 0.65)) == "inside"
    assert place(share, (0.57, 0.65)) == "across"
    assert place(share, (0.65, 0.7)) == "below"
    assert place(share, (0.4, 0.5)) == "above"


def test_one_manager_more_or_less(desk: Lay) -> None:
    assert "40 managers answered: each of their answers is 2.5% of the whole" in said_by(
        studied(desk, BOTH), "gap-few-managers"
    )


def test_where_agreement_begins(desk: Lay) -> None:
    """All who agree give 4 of 5: counting only 5 nobody agrees and no gap is left."""
    assert said_by(studied(desk, BOTH), "gap-cut-off").startswith("The answer hangs on where agreement begins")
    firm = [row | {"score": 5.0 if row["score"] == 4 else 1.0} for row in BOTH]
    told = said_by(studied(desk, firm, folder="firm"), "gap-cut-off")
    assert told.startswith("That there is a gap, or none to be seen, does not hang on where agreement begins")
    assert "+35.0 points, counting only its upper end +35.0 points, instead of +35.0 points" in told


def test_a_segment_that_disagrees_is_named_and_one_that_does_not_is_not(desk: Lay) -> None:
    mixed = [{"customer_id": f"c{k}", "region": "North" if k % 2 else "South"} for k in range(200)]
    assert "Looked for and not found: a region" in said_by(studied(desk, BOTH, customers=mixed), "gap-segments")
    apart = [
        {"customer_id": row["customer_id"], "region": "North" if row["score"] == 4 else "South"}
        for row in BOTH
        if row["customer_id"]
    ]
    told = said_by(studied(desk, BOTH, customers=apart, folder="apart"), "gap-segments")
    assert told.startswith("Customers are not of one mind: of “North” 100.0% agree, +100.0 points against all others")


def test_customers_of_one_parent_company_count_as_alike(desk: Lay) -> None:
    parents = [{"customer_id": f"c{k}", "account_id": f"a{k // 20}"} for k in range(200)]
    same = [
        row | {"score": 5.0 if int(row["customer_id"][1:]) // 20 < 5 else 1.0} for row in answers("customer", 0, 200)
    ]
    study = studied(desk, [*same, *answers("owner", 32, 8)], customers=parents)
    share = study.finding("customers-customers-first").estimate
    assert share is not None
    # ten companies that speak with one voice each are about ten answers, not two hundred
    assert share.high - share.low > 0.5
    assert "10 parent companies answered through more than one customer" in said_by(study, "gap-accounts")


@pytest.mark.parametrize(
    ("early", "late", "says"),
    [
        (4.0, 2.0, "who answered late agreed less"),
        (2.0, 4.0, "who answered late agreed more"),
        (None, None, "do not measurably differ"),
    ],
)
def test_late_answers(desk: Lay, early: float | None, late: float | None, says: str) -> None:
    said = [
        row | {"invite_id": f"customer-2026-06-{k}"} | ({} if early is None else {"score": early if k < 100 else late})
        for k, row in enumerate(answers("customer", 90, 110))
    ]
    study = studied(desk, [*said, *answers("owner", 32, 8)], invites("customer", 400, 200))
    assert says in said_by(study, "gap-late-answers")


def paying(ends: Callable[[int], str | None]) -> list[Row]:
    return [
        {
            "term_id": f"t{k}",
            "subscription_id": f"t{k}",
            "customer_id": f"c{k}",
            "started_at": "2024-01-01T00:00",
            "ended_at": ends(k),
            "monthly_amount": 10.0,
            "currency": "EUR",
        }
        for k in range(200)
    ]


def test_views_and_what_became_of_them(desk: Lay) -> None:
    """A wave a year before: of the 110 who disagreed 55 left within a year, of the 90 who agreed 9, and 20 later."""
    old = answers("customer", 90, 110, wave="2025-06")
    disagreed = [int(row["customer_id"][1:]) for row in old if row["score"] == 2.0]
    agreed = [int(row["customer_id"][1:]) for row in old if row["score"] == 4.0]
    soon = {*disagreed[:55], *agreed[:9]}
    ends = {k: "2025-12-01T00:00" for k in soon} | {k: "2026-09-01T00:00" for k in agreed[20:40]}
    told = said_by(studied(desk, [*BOTH, *old], subscriptions=paying(ends.get)), "gap-view-and-staying")
    assert told.startswith("What they say goes along with what they do: of customers who did not agree 50.0% stopped")
    assert "of those who did 10.0% (+40.0 points" in told
    either = {k: "2025-12-01T00:00" for k in {*disagreed[:22], *agreed[:18]}}
    told = said_by(
        studied(desk, [*BOTH, *old], subscriptions=paying(either.get), folder="either"), "gap-view-and-staying"
    )
    assert told.startswith("What they say does not measurably go along with what they do")


def test_behaviour_is_left_out_where_a_year_has_not_passed(desk: Lay) -> None:
    study = studied(desk, BOTH, subscriptions=paying(lambda k: "2026-09-01T00:00" if k % 2 else None))
    assert "gap-view-and-staying" not in [doubt.id for doubt in study.doubts]


def test_every_piece_of_evidence_has_its_sentence(desk: Lay) -> None:
    study = studied(desk, BOTH, [*invites("owner", 50, 40), *invites("customer", 400, 200)])
    assert list(study.evidence) == ["both_sides", "points", *EXPECTATIONS, "asked"]
    for name, item in EXPECTATIONS.items():
        says = study.evidence[name].says
        assert isinstance(says, Finding)
        assert says.id == item.finding
    points = study.evidence["points"]
    assert isinstance(points, Bars)
    managers = points.frame[points.frame["group"] == "Managers"].set_index("label")["value"]
    assert managers.to_dict() == {"1": 0.0, "2": 0.2, "3": 0.0, "4": 0.8, "5": 0.0}


@pytest.mark.slow
def test_on_the_sample_the_truth_lies_in_the_intervals(tmp_path: Path) -> None:
    """The committed company; its truth is in the parameters and in what its customers latently think."""
    sources = Path(__file__).resolve().parents[2] / "data" / "sources.toml"
    study = run_study(Workbook(build_snapshot(sources, tmp_path), Month(2026, 10), EN), "perception_gap")
    world, told = simulate(), Parameters().statements
    everybody = truth.agreeing(world, FIRST)["2026-06"]
    true = {
        "customers-customers-first": everybody,
        "owners-customers-first": told.owners_customers_first,
        "owners-experience-first": told.owners_experience_first,
        "gap-customers-first": told.owners_customers_first - everybody,
        "customers-prefer-everyday-channels": told.expectations.prefers_everyday_channels,
    }
    for name, value in true.items():
        estimate = study.finding(name).estimate
        assert estimate is not None
        assert estimate.low <= value <= estimate.high, name
    assert study.finding("gap-customers-first").verdict == "supported"
    assert study.finding("customers-say-profit-first").verdict == "cannot-tell"
    assert study.missing == ()
