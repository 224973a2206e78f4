"""Word of mouth: averages by hand, every sentence, who refers whom, and whether feedback is followed up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import numpy as np
import pytest

from cxlib.estimate import Estimate
from cxlib.exhibits.said import filled, sentence
from cxlib.finding import Finding
from cxlib.language import Language
from cxlib.period import Month
from cxlib.studies import run_study
from cxlib.studies.evidence import Bars, Curves, Forest, Sheet
from cxlib.studies.study import Study
from cxlib.workbook import Workbook
from desk import Desk

Row = dict[str, Any]
Lay = Callable[..., Desk]
ASKED = datetime(2025, 4, 10, 9)
IDS = (
    "told-people-mean",
    "told-people-median",
    "told-more-when-worse",
    "referrals-by-satisfaction",
    "loop-closed-in-two-days",
)


def told(numbers: list[int], severity: str | None = "moderate", **more: Any) -> list[Row]:
    """Return answers to “how many people did you tell?” by as many customers."""
    return [
        {
            "answer_id": f"told-{severity}-{'-'.join(map(str, more.values()))}-{place}",
            "survey": "relationship",
            "instrument": "word_of_mouth",
            "customer_id": f"c{place}",
            "severity": severity,
            "score": number,
            "scale_min": 0,
            "scale_max": 1000,
            "completed_at": ASKED.isoformat(),
            **more,
        }
        for place, number in enumerate(numbers)
    ]


def nps(scores: dict[str, int], at: datetime = ASKED, wave: str = "2025-04") -> list[Row]:
    return [
        {
            "answer_id": f"nps-{wave}-{customer}",
            "survey": "relationship",
            "instrument": "nps",
            "wave": wave,
            "customer_id": customer,
            "invite_id": f"invite-{wave}-{customer}",
            "score": score,
            "scale_min": 0,
            "scale_max": 10,
            "completed_at": at.isoformat(),
        }
        for customer, score in scores.items()
    ]


def follow_up(customer: str, hours: float, arm: str = "observational", done_after: float | None = None) -> Row:
    assigned = ASKED + timedelta(hours=hours)
    return {
        "intervention_id": f"{customer}-{hours}",
        "customer_id": customer,
        "kind": "follow_up",
        "arm": arm,
        "assigned_at": assigned.isoformat(),
        "delivered_at": None if done_after is None else (ASKED + timedelta(hours=done_after)).isoformat(),
    }


@pytest.fixture
def study(desk: Lay) -> Callable[..., Study]:
    numbers = count()

    def run(month: str = "2026-12", **tables: list[Row]) -> Study:
        snapshot = desk("2027-02-01", folder=f"desk{next(numbers)}", **tables)
        return run_study(Workbook(snapshot, Month.parse(month), Language()), "word_of_mouth")

    return run


def text(finding: Finding) -> str:
    return sentence(Language(), finding)


def estimate(study: Study, name: str) -> Estimate:
    found = study.finding(name).estimate
    assert found is not None
    return found


USUAL = [0] * 40 + [1] * 20 + [2] * 15 + [3] * 10 + [5] * 8 + [10] * 5 + [40] * 2


def test_average_middle_and_tail_by_hand(study: Callable[..., Study]) -> None:
    found = study(survey_answers=told(USUAL))
    assert tuple(finding.id for finding in found.findings) == IDS
    mean = estimate(found, "told-people-mean")
    assert (mean.value, mean.n, mean.unit) == (2.5, 100, "people")
    assert text(found.findings[0]).startswith(
        "After a bad experience customers told 2.5 people on average (95% interval"
    )
    assert "fewer than the 15 that is often repeated" in text(found.findings[0])
    assert found.findings[0].verdict == "not-supported"
    first = found.findings[0]
    assert "Counted over those alone who told anybody it is 4.2" in filled(Language(), first.assumption, first.values)
    median = found.finding("told-people-median")
    assert (estimate(found, "told-people-median").value, median.values["nobody"].value) == (1, 0.4)
    tenth = (2 * 40 + 5 * 10 + 3 * 5) / 250
    assert median.values["top"].value == pytest.approx(tenth)
    assert text(median).startswith("Half of them told no more than 1 (95% interval 0 to 2), and 40.0% told nobody.")


@pytest.mark.parametrize(
    ("numbers", "verdict", "said"),
    [
        ([14, 15, 16, 15, 14, 16] * 10, "supported", "about the 15 that is often repeated"),
        ([30, 25, 35] * 10, "not-supported", "more than the 15 that is often repeated"),
        ([0, 60, 5, 4, 30, 0, 2, 40, 1, 3], "cannot-tell", "too wide to say whether that is the 15"),
    ],
)
def test_average_against_the_one_that_is_repeated(
    study: Callable[..., Study], numbers: list[int], verdict: str, said: str
) -> None:
    found = study(survey_answers=told(numbers)).finding("told-people-mean")
    assert found.verdict == verdict
    assert said in text(found)


def test_worse_problems_are_told_to_more(study: Callable[..., Study]) -> None:
    rng = np.random.default_rng(1)
    minor, severe = (list(map(int, rng.poisson(mean, 80))) for mean in (1, 6))
    found = study(survey_answers=[*told(minor, "minor"), *told(severe, "severe")])
    worse = found.finding("told-more-when-worse")
    assert worse.verdict == "supported"
    assert estimate(found, "told-more-when-worse").value == pytest.approx(np.mean(severe) - np.mean(minor))
    assert "more people after a severe problem than after a minor one" in text(worse)
    by_severity = found.evidence["severity"]
    assert isinstance(by_severity, Forest)
    assert [row.label for row in by_severity.rows][:2] == ["After a minor problem", "After a severe problem"]
    assert by_severity.reference == 15


def test_as_many_told_whatever_happened_supports_nothing(study: Callable[..., Study]) -> None:
    same = list(map(int, np.random.default_rng(2).poisson(3, 100)))
    found = study(survey_answers=[*told(same, "minor"), *told(same, "severe", channel="web")])
    assert found.finding("told-more-when-worse").verdict == "not-supported"
    assert text(found.finding("told-more-when-worse")).startswith(
        "That more people hear of a worse problem does not show"
    )


def test_without_severity_the_score_stands_in(study: Callable[..., Study]) -> None:
    rng = np.random.default_rng(3)
    scores = {f"c{k}": 3 if k < 60 else 9 for k in range(120)}
    numbers = [int(rng.poisson(8 if k < 60 else 1)) for k in range(120)]
    rows = [{**row, "invite_id": f"invite-2025-04-{row['customer_id']}"} for row in told(numbers, None)]
    found = study(survey_answers=[*rows, *nps(scores)])
    assert found.finding("told-more-when-worse").verdict == "supported"
    assert text(found.finding("told-more-when-worse")).startswith("Those who would not recommend the company told")
    alone = study(survey_answers=rows)
    assert alone.finding("told-more-when-worse").verdict == "cannot-tell"
    assert text(alone.finding("told-more-when-worse")).endswith("asked together with how many people were told.")


def test_good_experiences_only_where_they_are_asked_about(study: Callable[..., Study]) -> None:
    bad = told([6, 7, 8] * 20)
    found = study(survey_answers=bad).finding("told-bad-against-good")
    assert found.verdict == "cannot-tell"
    assert "nobody was asked about a good one" in text(found)
    assert "question = good_experience" in text(found)
    good = told([1, 2, 3] * 20, None, question="good_experience")
    both = study(survey_answers=[*bad, *good])
    assert both.finding("told-bad-against-good").verdict == "supported"
    assert "7.0 against 2.0 on average, 5.0 more" in text(both.finding("told-bad-against-good"))
    assert estimate(both, "told-people-mean").value == 7  # of the bad ones alone
    as_good = told([6, 7, 8] * 20, None, question="good_experience")
    assert study(survey_answers=[*bad, *as_good]).finding("told-bad-against-good").verdict == "not-supported"


def test_what_the_staff_says_is_not_a_customers_word(study: Callable[..., Study]) -> None:
    found = study(survey_answers=[*told([2] * 30), *told([50] * 30, respondent="owner")])
    assert estimate(found, "told-people-mean").n == 30


def test_how_many_told_how_many(study: Callable[..., Study]) -> None:
    bars = study(survey_answers=told(USUAL)).evidence["distribution"]
    assert isinstance(bars, Bars)
    assert bars.frame["label"].tolist() == ["0", "1–2", "3–5", "6–10", "11–15", "16+"]
    assert bars.frame["value"].tolist() == pytest.approx([0.40, 0.35, 0.18, 0.05, 0.0, 0.02])
    tail = study(survey_answers=told(USUAL)).evidence["tail"]
    assert isinstance(tail, Sheet)
    assert [label for label, _ in tail.rows] == ["moderate", "all"]
    answers, _, _, many, top = tail.rows[0][1]
    assert isinstance(many, Estimate)
    assert isinstance(top, Estimate)
    assert (answers, many.value, round(top.value, 2)) == (100, 0.02, 0.58)


def test_people_who_never_tell(study: Callable[..., Study]) -> None:
    rng = np.random.default_rng(4)
    numbers = [int(number) for number in np.where(rng.random(800) < 0.4, 0, rng.poisson(rng.gamma(4, 1.5, 800)))]
    never = study(survey_answers=told(numbers)).finding("told-nobody")
    assert "seem to be people who never tell" in text(never)
    plain = [int(number) for number in rng.poisson(rng.gamma(0.7, 4, 800))]
    assert "there is no sign of a group that never tells" in text(
        study(survey_answers=told(plain)).finding("told-nobody")
    )


def test_one_answer_that_makes_the_average_is_told_of(study: Callable[..., Study]) -> None:
    found = study(survey_answers=told([1] * 50 + [500]))
    assert text(found.finding("told-doubt-one-answer")) == (
        "One person told 500. Without that answer alone the average is 1.0 instead of 10.8."
    )
    assert "told-doubt-one-answer" not in {doubt.id for doubt in study(survey_answers=told([1, 2] * 50)).doubts}


def test_who_answered_is_told_of(study: Callable[..., Study]) -> None:
    invites = [
        {
            "invite_id": f"i{k}",
            "survey": "relationship",
            "instrument": "nps",
            "customer_id": f"c{k}",
            "sent_at": "2025-04-01",
            "answered_at": "2025-04-10" if k < 100 else None,
        }
        for k in range(400)
    ]
    said = text(study(survey_answers=told(USUAL), survey_invites=invites).finding("told-doubt-response"))
    assert said.startswith("Of those invited to this survey 25.0% answered")
    assert "100 answers by 100 customers" in text(study(survey_answers=told(USUAL)).finding("told-doubt-who"))
    assert "do not say how many were asked" in text(study(survey_answers=told(USUAL)).finding("told-doubt-response"))


def referrals() -> dict[str, list[Row]]:
    """Return 100 promoters of whom 30 bring a customer in time, 100 detractors of whom 5 do; some come too late."""
    scores = {f"p{k}": 10 for k in range(100)} | {f"d{k}": 2 for k in range(100)} | {f"m{k}": 8 for k in range(40)}
    in_time, late = ASKED + timedelta(days=100), ASKED + timedelta(days=400)
    brought = [(f"p{k}", in_time) for k in range(30)] + [(f"d{k}", in_time) for k in range(5)]
    brought += [(f"p{k}", late) for k in range(50, 60)] + [("p1", in_time)]
    customers = [{"customer_id": one, "created_at": "2024-01-01"} for one in scores]
    customers += [
        {
            "customer_id": f"new{k}",
            "created_at": at.isoformat(),
            "referred_by": one,
            "acquisition_channel": "Referral" if k % 2 else "Event",
        }
        for k, (one, at) in enumerate(brought)
    ]
    return {"customers": customers, "survey_answers": nps(scores)}


def test_who_would_recommend_and_did(study: Callable[..., Study]) -> None:
    found = study(**referrals())
    finding = found.finding("referrals-by-satisfaction")
    assert finding.verdict == "supported"
    gap = estimate(found, "referrals-by-satisfaction")
    assert (round(gap.value, 6), gap.unit) == (0.25, "share difference")
    assert text(finding).startswith(
        "Those who say they would recommend the company do: 30.0% of them brought a customer within a year of saying "
        "so, against 5.0% of those who would not"
    )
    curve = found.evidence["referrals"]
    assert isinstance(curve, Curves)
    last = curve.frame[curve.frame["x"] == 365].set_index("series")["value"]
    assert last.to_dict() == pytest.approx(
        {"Promoters (9 or 10)": 0.3, "Passives (7 or 8)": 0.0, "Detractors (0 to 6)": 0.05}
    )
    won = found.evidence["won_by_referral"]
    assert isinstance(won, Sheet)
    assert [cells[0].value for _, cells in won.rows if isinstance(cells[0], Estimate)] == [1.0, pytest.approx(23 / 46)]


def test_those_seen_for_less_than_a_year_are_censored(study: Callable[..., Study]) -> None:
    """At the end of January nobody has been seen for a year: nothing can be told, instead of too low a share."""
    early = study("2026-01", **referrals())
    assert early.finding("referrals-by-satisfaction").verdict == "cannot-tell"
    curve = early.evidence["referrals"]
    assert isinstance(curve, Curves)
    mine = curve.frame[curve.frame["series"].str.startswith("Promoters")].set_index("x")["value"]
    assert mine.loc[:290].iloc[-1] == pytest.approx(0.3)
    assert mine.loc[300:].isna().all()


def test_no_more_referrals_by_promoters_support_nothing(study: Callable[..., Study]) -> None:
    tables = referrals()
    tables["customers"] = [row for row in tables["customers"] if not str(row.get("referred_by")).startswith("p")]
    finding = study(**tables).finding("referrals-by-satisfaction")
    assert finding.verdict == "not-supported"
    assert text(finding).startswith("It does not show that those who say they would recommend the company bring more")


def test_an_answer_after_leaving_does_not_count(study: Callable[..., Study]) -> None:
    tables = referrals()
    terms = [
        {
            "term_id": f"t-{one}",
            "subscription_id": f"t-{one}",
            "customer_id": one,
            "started_at": "2024-01-01",
            "ended_at": "2025-03-01" if one.startswith("d") and int(one[1:]) >= 50 else None,
            "monthly_amount": 10.0,
            "currency": "EUR",
        }
        for one in (row["customer_id"] for row in tables["customers"])
        if not one.startswith("new")
    ]
    found = study(**tables, subscriptions=terms)
    assert found.finding("referrals-by-satisfaction").values["detractors"].n == 50
    assert found.finding("referrals-by-satisfaction").values["promoters"].n == 100


LOOP = {f"u{k}": 3 for k in range(40)} | {f"h{k}": 10 for k in range(40)}


def test_unhappy_answers_followed_up_within_two_days(study: Callable[..., Study]) -> None:
    """Ten are given to somebody in time, one of them done; three too late, two before, four are held out by lot."""
    work = [follow_up(f"u{k}", 5, done_after=30 if k == 0 else 90) for k in range(10)]
    work += [follow_up(f"u{k}", 60) for k in range(10, 13)] + [follow_up(f"u{k}", -5) for k in range(13, 15)]
    work += [follow_up(f"u{k}", 5, "control") for k in range(15, 19)] + [follow_up("h1", 5)]
    found = study(survey_answers=nps(LOOP), interventions=work)
    closed = estimate(found, "loop-closed-in-two-days")
    assert (closed.value, closed.n) == (0.25, 40)
    assert text(found.finding("loop-closed-in-two-days")).startswith(
        "Of the answers by unhappy customers, 25.0% led to a follow-up within 2 days"
    )
    assert text(found.finding("loop-closed-in-two-days")).endswith("for 2.5% it was done by then.")
    table = found.evidence["loop"]
    assert isinstance(table, Sheet)
    shares = [cell.value for cell in table.rows[0][1] if isinstance(cell, Estimate)]
    assert shares == pytest.approx([0.25, 1 / 40, 13 / 40])
    assert text(found.finding("loop-doubt-chance")).endswith("answers do set off follow-ups.")


def test_follow_ups_that_come_by_chance_are_told_of(study: Callable[..., Study]) -> None:
    work = [follow_up(f"u{k}", 5) for k in range(5)] + [follow_up(f"u{k}", -5) for k in range(5, 10)]
    found = study(survey_answers=nps(LOOP), interventions=work)
    assert text(found.finding("loop-doubt-chance")).endswith("so the share may be chance.")


@pytest.mark.parametrize(("after", "said"), [(2, "so the share may be chance."), (9, "answers do set off follow-ups.")])
def test_a_few_follow_ups_against_none_show_nothing(study: Callable[..., Study], after: int, said: str) -> None:
    """Two against none come by chance one time in four (a sign test), nine against none one time in 512."""
    found = study(survey_answers=nps(LOOP), interventions=[follow_up(f"u{k}", 5) for k in range(after)])
    assert text(found.finding("loop-doubt-chance")).endswith(said)


def test_answers_of_the_last_two_days_are_not_due(study: Callable[..., Study]) -> None:
    late = nps({f"u{k}": 2 for k in range(30, 60)}, datetime(2025, 4, 29, 12), "late")
    found = study("2025-04", survey_answers=[*nps(LOOP), *late], interventions=[follow_up("u1", 5)])
    assert estimate(found, "loop-closed-in-two-days").n == 40


def test_the_score_goes_up_by_itself_and_that_is_shown_beside(study: Callable[..., Study]) -> None:
    again = ASKED + timedelta(days=180)
    later = {f"u{k}": 6 if k < 12 else 5 for k in range(40)} | {f"h{k}": 8 for k in range(40)}
    work = [follow_up(f"u{k}", 20) for k in range(12)] + [follow_up(f"u{k}", 20, "control") for k in range(12, 20)]
    answers = [*nps(LOOP), *nps(later, again, "2025-10")]
    found = study(survey_answers=answers, interventions=work)
    table = found.evidence["after_loop"]
    assert isinstance(table, Sheet)
    changes = {label: cells[1].value for label, cells in table.rows if isinstance(cells[1], Estimate)}
    assert changes == {
        "Unhappy, followed up within two weeks": 3,
        "Unhappy, held out of the follow-up by lot": 2,
        "Unhappy, not followed up": 2,
        "Would recommend (9 or 10)": -2,
    }
    assert text(found.finding("loop-score-after")).startswith(
        "Unhappy customers whom nobody followed up change by +2.0 points of the scale by themselves"
    )
    assert found.finding("loop-score-after").verdict == "supported"
    none = study(survey_answers=answers, interventions=work[:2])
    assert none.finding("loop-score-after").verdict == "cannot-tell"
    assert "Too few were followed up" in text(none.finding("loop-score-after"))


def test_what_is_missing_is_named(study: Callable[..., Study]) -> None:
    found = study(tickets=[{"ticket_id": "1", "created_at": "2025-01-01"}])
    assert tuple(finding.id for finding in found.findings) == IDS
    assert {finding.verdict for finding in found.findings} == {"cannot-tell"}
    assert len(found.missing) == 3
    assert text(found.findings[0]).endswith("It is mapped as instrument word_of_mouth, with the number as score.")
    assert text(found.findings[3]).endswith("together with answers to the recommendation question.")
    assert text(found.findings[4]).endswith("together with answers that name the customer.")


@pytest.mark.parametrize("numbers", [[], [3], [0, 0, 0, 0], [0] * 40, [7] * 40, [0] * 39 + [1], [2.5] * 10])
def test_little_or_even_data_break_nothing(study: Callable[..., Study], numbers: list[int]) -> None:
    found = study(survey_answers=[*told(numbers), *nps({"c1": 9})], interventions=[follow_up("c1", 1)])
    assert len(found.findings) == 5
    for finding in found.every_finding:
        assert "nan" not in text(finding)
        assert "–" not in text(finding)


def test_answers_of_one_customer_alone_have_no_interval(study: Callable[..., Study]) -> None:
    rows = [{**row, "answer_id": str(k), "customer_id": "c"} for k, row in enumerate(told([1, 2, 3, 4, 5, 6]))]
    found = study(survey_answers=rows).finding("told-people-mean")
    assert found.verdict == "cannot-tell"
    assert "nan" not in text(found)
