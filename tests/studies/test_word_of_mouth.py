"""Word of mouth: averages by hand, who refers whom, and whether feedback is followed up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cxlib.errors import UntoldError
from cxlib.finding import verdict
from cxlib.language import Language
from cxlib.models import counts
from cxlib.models.binary import share_difference
from cxlib.notebook import run
from cxlib.period import Month
from cxlib.studies import word_of_mouth as wom
from cxlib.workbook import Workbook
from desk import Desk

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "word_of_mouth.ipynb"
Row = dict[str, Any]
Lay = Callable[..., Desk]
ASKED = datetime(2025, 4, 10, 9)


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
def book(desk: Lay) -> Callable[..., Workbook]:
    numbers = count()

    def open_month(month: str = "2026-12", **tables: list[Row]) -> Workbook:
        return Workbook(desk("2027-02-01", folder=f"desk{next(numbers)}", **tables), Month.parse(month), Language())

    return open_month


USUAL = [0] * 40 + [1] * 20 + [2] * 15 + [3] * 10 + [5] * 8 + [10] * 5 + [40] * 2
GOOD = "good_experience"


def test_average_middle_and_tail_by_hand(book: Callable[..., Workbook]) -> None:
    bad = wom.read_told(book(survey_answers=told(USUAL)), GOOD)
    mean = wom.mean(bad)
    assert (mean.value, mean.n, mean.unit) == (2.5, 100, "people")
    assert (counts.median(bad["told"], bad["who"]).value, wom.part(bad, bad["told"] == 0).value) == (1, 0.4)
    assert counts.share_of_top(bad["told"], bad["who"]).value == pytest.approx((2 * 40 + 5 * 10 + 3 * 5) / 250)
    bars = wom.told_so_many({"all": bad})
    assert bars["label"].tolist() == ["0", "1–2", "3–5", "6–10", "11–15", "16+"]
    assert bars["value"].tolist() == pytest.approx([0.40, 0.35, 0.18, 0.05, 0.0, 0.02])


def test_worse_problems_are_told_to_more(book: Callable[..., Workbook]) -> None:
    rng = np.random.default_rng(1)
    minor, severe = (list(map(int, rng.poisson(mean, 80))) for mean in (1, 6))
    bad = wom.read_told(book(survey_answers=[*told(minor, "minor"), *told(severe, "severe")]), GOOD)
    more, mild, worst = wom.more_when_worse(bad, 6)
    assert (mild, worst) == ("minor", "severe")
    assert more.value == pytest.approx(np.mean(severe) - np.mean(minor))
    assert verdict(more, matters=1.0) == "supported"
    same = list(map(int, np.random.default_rng(2).poisson(3, 100)))
    even = wom.read_told(book(survey_answers=[*told(same, "minor"), *told(same, "severe", channel="web")]), GOOD)
    assert verdict(wom.more_when_worse(even, 6)[0], matters=1.0) == "not-supported"


def test_without_severity_the_score_stands_in(book: Callable[..., Workbook]) -> None:
    rng = np.random.default_rng(3)
    scores = {f"c{k}": 3 if k < 60 else 9 for k in range(120)}
    numbers = [int(rng.poisson(8 if k < 60 else 1)) for k in range(120)]
    rows = [{**row, "invite_id": f"invite-2025-04-{row['customer_id']}"} for row in told(numbers, None)]
    more, mild, worst = wom.more_when_worse(wom.read_told(book(survey_answers=[*rows, *nps(scores)]), GOOD), 6)
    assert (mild, worst, verdict(more)) == ("others", "unhappy", "supported")
    with pytest.raises(UntoldError, match="How bad the problem was would tell"):
        wom.more_when_worse(wom.read_told(book(survey_answers=rows), GOOD), 6)


def test_good_experiences_are_kept_apart(book: Callable[..., Workbook]) -> None:
    rows = [*told([6, 7, 8] * 20), *told([1, 2, 3] * 20, None, question=GOOD), *told([50] * 30, respondent="owner")]
    answers = wom.read_told(book(survey_answers=rows), GOOD)
    bad, good = answers[~answers["is_good"]], answers[answers["is_good"]]
    assert (wom.mean(bad).value, wom.mean(good).value) == (7, 2)  # what the staff says is no customer's word
    assert wom.more(bad, good).value == 5


def test_people_who_never_tell(book: Callable[..., Workbook]) -> None:
    rng = np.random.default_rng(4)
    numbers = [int(number) for number in np.where(rng.random(800) < 0.4, 0, rng.poisson(rng.gamma(4, 1.5, 800)))]
    ruling, values = wom.who_never_tell(wom.read_told(book(survey_answers=told(numbers)), GOOD))
    assert (ruling, "never" in values) == ("supported", True)
    plain = [int(number) for number in rng.poisson(rng.gamma(0.7, 4, 800))]
    assert wom.who_never_tell(wom.read_told(book(survey_answers=told(plain)), GOOD))[0] == "not-supported"


def test_one_answer_that_makes_the_average(book: Callable[..., Workbook]) -> None:
    bad = wom.read_told(book(survey_answers=told([1] * 50 + [500])), GOOD)
    largest, without = wom.without_the_largest(bad)
    assert (largest, without.value) == (500, 1.0)


def test_who_answered(book: Callable[..., Workbook]) -> None:
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
    asked = book(survey_answers=told(USUAL), survey_invites=invites)
    assert wom.response(asked, wom.read_told(asked, GOOD)).value == 0.25
    alone = book(survey_answers=told(USUAL))
    with pytest.raises(UntoldError, match="An export of invitations would tell"):
        wom.response(alone, wom.read_told(alone, GOOD))


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


def test_who_would_recommend_and_did(book: Callable[..., Workbook]) -> None:
    company = book(**referrals())
    referring = wom.read_referring(company, 6, 9)
    promoters, detractors = (wom.brought(referring, kind, [365])[365] for kind in ("promoter", "detractor"))
    apart = share_difference(promoters, detractors)
    assert (promoters.value, detractors.value) == pytest.approx((0.3, 0.05))
    assert (round(apart.value, 6), apart.unit, verdict(apart)) == (0.25, "share difference", "supported")
    assert wom.brought_over_time(referring, "promoter", 365)[365].value == pytest.approx(0.3)
    named, by_channel = wom.won_by_referral(company)
    assert by_channel is not None
    assert (named.value, by_channel.value) == (1.0, pytest.approx(23 / 46))


def test_each_point_of_the_answer_counts(book: Callable[..., Workbook]) -> None:
    """Of scores 2 to 10 twice as many customers bring one with every two points: 2 ** (1 / 2) times with each."""
    scores = {f"{score}-{k}": score for score in (2, 4, 6, 8, 10) for k in range(160)}
    brings = {2: 4, 4: 8, 6: 16, 8: 32, 10: 64}
    of_each = {name: int(name.split("-")[1]) for name in scores}
    brought = [name for name, score in scores.items() if of_each[name] < brings[score]]
    customers = [{"customer_id": one, "created_at": "2024-01-01"} for one in scores]
    customers += [
        {
            "customer_id": f"new-{one}",
            # one after the other, in the same order with every score, so that the hazards stay proportional
            "created_at": (ASKED + timedelta(days=365 * (of_each[one] + 0.5) / brings[scores[one]])).isoformat(),
            "referred_by": one,
        }
        for one in brought
    ]
    referring = wom.read_referring(book(customers=customers, survey_answers=nps(scores)), 6, 9)
    a_point, bend = wom.brought_by_score(referring, 365, 6)
    assert a_point.value == pytest.approx(2**0.5, rel=0.04)
    assert a_point.low > 1.2
    assert bend.low < 1 < bend.high
    # half of the time, half of the customers brought: the ratio stays
    assert wom.brought_by_score(referring, 183, 6)[0].value == pytest.approx(2**0.5, rel=0.06)
    with pytest.raises(UntoldError, match="More customers who brought others would tell"):
        wom.brought_by_score(referring, 1, 6)


def test_those_seen_for_less_than_a_year_are_censored(book: Callable[..., Workbook]) -> None:
    """At the end of January nobody has been seen for a year: nothing can be told, instead of too low a share."""
    referring = wom.read_referring(book("2026-01", **referrals()), 6, 9)
    assert not any(wom.brought(referring, kind, [365])[365].is_known for kind in ("promoter", "detractor"))
    mine = wom.brought_over_time(referring, "promoter", 365)
    assert [one.value for day, one in mine.items() if day <= 290][-1] == pytest.approx(0.3)
    assert not any(one.is_known for day, one in mine.items() if day >= 300)


def test_an_answer_after_leaving_does_not_count(book: Callable[..., Workbook]) -> None:
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
    company = book(**tables, subscriptions=terms)
    referring = wom.read_referring(company, 6, 9)
    assert referring["kind"].value_counts().to_dict() == {"promoter": 100, "detractor": 50, "passive": 40}
    assert wom.still_customers(referring, "promoter").value == 1.0


LOOP = {f"u{k}": 3 for k in range(40)} | {f"h{k}": 10 for k in range(40)}


def due_of(company: Workbook) -> Any:
    loop = wom.read_loop(company, 48, 14, 6)
    return loop[loop["is_due"]]


def test_unhappy_answers_followed_up_within_two_days(book: Callable[..., Workbook]) -> None:
    """Ten are given to somebody in time, one of them done; three too late, two before, four are held out by lot."""
    work = [follow_up(f"u{k}", 5, done_after=30 if k == 0 else 90) for k in range(10)]
    work += [follow_up(f"u{k}", 60) for k in range(10, 13)] + [follow_up(f"u{k}", -5) for k in range(13, 15)]
    work += [follow_up(f"u{k}", 5, "control") for k in range(15, 19)] + [follow_up("h1", 5)]
    due = due_of(book(survey_answers=nps(LOOP), interventions=work))
    shares = [wom.part(due, due[how]).value for how in ("in_time", "done_in_time", "soon", "before")]
    assert shares == pytest.approx([0.25, 1 / 40, 13 / 40, 2 / 40])
    assert verdict(wom.set_off(due)[0]) == "supported"


@pytest.mark.parametrize(("after", "before", "said"), [(5, 5, False), (2, 0, False), (9, 0, True)])
def test_a_few_follow_ups_show_nothing(book: Callable[..., Workbook], after: int, before: int, said: bool) -> None:
    """Two against none come by chance one time in four (a sign test), nine against none one time in 512."""
    work = [follow_up(f"u{k}", 5) for k in range(after)] + [follow_up(f"u{k}", -5) for k in range(9, 9 + before)]
    due = due_of(book(survey_answers=nps(LOOP), interventions=work))
    assert (verdict(wom.set_off(due)[0]) == "supported") is said


def test_answers_of_the_last_two_days_are_not_due(book: Callable[..., Workbook]) -> None:
    late = nps({f"u{k}": 2 for k in range(30, 60)}, datetime(2025, 4, 29, 12), "late")
    assert len(due_of(book("2025-04", survey_answers=[*nps(LOOP), *late], interventions=[follow_up("u1", 5)]))) == 40


def test_the_score_goes_up_by_itself_and_that_is_shown_beside(book: Callable[..., Workbook]) -> None:
    again = ASKED + timedelta(days=180)
    later = {f"u{k}": 6 if k < 12 else 5 for k in range(40)} | {f"h{k}": 8 for k in range(40)}
    work = [follow_up(f"u{k}", 20) for k in range(12)] + [follow_up(f"u{k}", 20, "control") for k in range(12, 20)]
    company = book(survey_answers=[*nps(LOOP), *nps(later, again, "2025-10")], interventions=work)
    groups = wom.changed(wom.read_loop(company, 48, 14, 6), 6, 9)
    assert {name: wom.mean(rows, "change").value for name, rows in groups.items()} == {
        "followed": 3,
        "held out": 2,
        "left": 2,
        "happy": -2,
    }
    more = wom.more(groups["followed"], groups["left"], "change")
    assert (more.value, verdict(more)) == (1, "supported")
    few = book(survey_answers=[*nps(LOOP), *nps(later, again, "2025-10")], interventions=work[:2])
    with few.engine:
        found = run(NOTEBOOK, few).finding("loop-score-after")
    assert (found.verdict, found.needed.partition(" would")[0]) == (
        "cannot-tell",
        "More follow-ups after unhappy answers",
    )


def test_what_is_missing_is_named(book: Callable[..., Workbook]) -> None:
    bare = book(tickets=[{"ticket_id": "1", "created_at": "2025-01-01"}])
    with pytest.raises(UntoldError, match="how many people did you tell"):
        wom.read_told(bare, GOOD)
    with pytest.raises(UntoldError, match="Which customer brought which would tell"):
        wom.read_referring(bare, 6, 9)
    with pytest.raises(UntoldError, match="A list of follow-ups"):
        wom.read_loop(bare, 48, 14, 6)


@pytest.mark.parametrize("numbers", [[3], [0, 0, 0, 0], [0] * 40, [7] * 40, [0] * 39 + [1], [2.5] * 10])
def test_little_or_even_data_break_nothing(book: Callable[..., Workbook], numbers: list[int]) -> None:
    company = book(survey_answers=[*told(numbers), *nps({"c1": 9})], interventions=[follow_up("c1", 1)])
    with company.engine:
        for exhibit in run(NOTEBOOK, company).exhibits.values():
            assert "nan" not in exhibit.text


def test_answers_of_one_customer_alone_have_no_verdict(book: Callable[..., Workbook]) -> None:
    rows = [{**row, "answer_id": str(k), "customer_id": "c"} for k, row in enumerate(told([1, 2, 3, 4, 5, 6]))]
    with (company := book(survey_answers=rows)).engine:
        found = run(NOTEBOOK, company).finding("told-people-mean")
    assert found.verdict == "cannot-tell"


def test_a_changed_assumption_moves_sentence_table_and_method(book: Callable[..., Workbook]) -> None:
    company = book(**referrals())
    with company.engine:
        usual, shorter = run(NOTEBOOK, company), run(NOTEBOOK, company, days=90)
    apart, sooner = (one.finding("referrals-apart").estimate for one in (usual, shorter))
    assert apart is not None
    assert sooner is not None
    assert (round(apart.value, 6), sooner.value) == (0.25, 0.0)  # all were brought a hundred days later
    assert "in the 365 days after" in usual.exhibits["finding-referrals-by-satisfaction"].text
    assert shorter.finding("referrals-by-satisfaction").needed == "More customers who brought others would tell."
    assert shorter.exhibits["referrals"].frame["x"].max() == 90
    methods = {term: text for one in shorter.records for term, text in one.get("methods", {}).items()}
    assert "within 90 days" in methods["Brought a customer"]
