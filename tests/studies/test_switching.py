"""Leaving after a bad experience: facts and cases worked by hand, every verdict, and a simulated company."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cxlib.exhibits.said import sentence

from cxlib.engine import Engine
from cxlib.finding import Finding
from cxlib.language import Language
from cxlib.period import Month
from cxlib.studies import Study, run_study
from cxlib.studies.switching.answers import findings, results
from cxlib.studies.switching.checks import earlier, month_number
from cxlib.studies.switching.data import TOLD, episodes, read, tenure_band
from cxlib.studies.switching.evidence import paradox
from cxlib.workbook import Workbook
from desk import Desk

Lay = Callable[..., Desk]
Row = dict[str, Any]
EN = Language("en")
START = datetime(2024, 1, 2)
COMPLAINT = datetime(2024, 6, 3, 9)
END = datetime(2026, 1, 1)


def says(study: Study, name: str) -> str:
    return sentence(EN, study.finding(name))


def told(finding: Finding) -> str:
    return sentence(EN, finding).replace("\N{NO-BREAK SPACE}", " ")


def ticket(customer: str, at: datetime = COMPLAINT, **more: Any) -> Row:
    solved = at + timedelta(days=1)
    usual = {"first_public_reply_at": at + timedelta(hours=1), "first_solved_at": solved, "last_solved_at": solved}
    return {
        "ticket_id": f"{customer} {at:%y%m%d%H%M}",
        "customer_id": customer,
        "created_at": at,
        "is_complaint": False,
        "reopens": 0,
        **usual,
        **more,
    }


def term(customer: str, left: datetime | None, start: datetime = START, reason: str = "voluntary") -> Row:
    return {
        "term_id": customer,
        "subscription_id": customer,
        "customer_id": customer,
        "started_at": start,
        "ended_at": left,
        "monthly_amount": 10.0,
        "currency": "EUR",
        "end_reason": reason if left else None,
    }


class Company:
    """Customers who all began on one day, laid group by group; one left early, so that leaving could be seen."""

    def __init__(self) -> None:
        self.terms: list[Row] = [term("early", START + timedelta(days=3))]
        self.tickets: list[Row] = [ticket("early", START - timedelta(days=30))]

    def add(
        self, name: str, count: int, left: int, of: Callable[[str], Sequence[Row]] = lambda customer: ()
    ) -> Company:
        """Add `count` customers with their tickets; the first `left` leave 100 days after the day of the complaints."""
        for number in range(count):
            customer = f"{name} {number:03}"
            gone = COMPLAINT + timedelta(days=100, minutes=number) if number < left else None
            self.terms.append(term(customer, gone))
            self.tickets += of(customer)
        return self

    def study(self, desk: Lay, **tables: Any) -> Study:
        laid = desk(END.isoformat(), **({"subscriptions": self.terms, "tickets": self.tickets} | tables))
        return run_study(Workbook(laid, Month(2025, 12), EN), "switching")

    def answers(self, desk: Lay, folder: str = "desk") -> dict[str, Finding]:
        """Return the findings alone, without evidence and doubts; a second company needs a folder of its own."""
        laid = desk(END.isoformat(), folder=folder, subscriptions=self.terms, tickets=self.tickets)
        found = results(read(Workbook(laid, Month(2025, 12), EN)))
        return {finding.id: finding for finding in (*findings(found), paradox(found.handled.well))}


def complains(well: bool = True) -> Callable[[str], list[Row]]:
    late = {} if well else {"first_solved_at": COMPLAINT + timedelta(days=20), "last_solved_at": None}
    return lambda customer: [ticket(customer, is_complaint=True, severity="severe", **late)]


def asks(well: bool) -> Callable[[str], list[Row]]:
    late = {} if well else {"first_solved_at": None, "last_solved_at": None}
    return lambda customer: [ticket(customer, **late)]


# ------------------------------------------------------------------------------------------------------------- facts


def handling(desk: Lay, *tickets: Row, as_of: str = "2024-09-01", **tables: Any) -> dict[str, Row]:
    with Engine(desk(as_of, tickets=tickets, **tables)) as engine:
        rows = engine.frame(f"SELECT * FROM {engine.fact('ticket_handling')}")
    return {str(row["customer_id"]): row for row in rows.to_dict("records")}


def after(days: float) -> datetime:
    return COMPLAINT + timedelta(days=days)


def test_how_a_ticket_stood_two_weeks_on(desk: Lay) -> None:
    rows = handling(
        desk,
        ticket("well"),
        ticket("slow", first_solved_at=after(8), last_solved_at=after(8)),
        ticket("open", first_solved_at=None, last_solved_at=None),
        ticket("reopened", reopens=1, last_solved_at=after(5)),
        ticket("reopened later", reopens=1, last_solved_at=after(30)),
        ticket("reopened and open", reopens=1, last_solved_at=None),
        ticket("rated bad", satisfaction="bad", rated_at=after(2)),
        ticket("rated bad later", satisfaction="bad", rated_at=after(15)),
        ticket("rated good", satisfaction="good"),
        ticket("not said", solve_unknown=True, first_solved_at=None),
        ticket("young", datetime(2024, 8, 20)),
        ticket("bot", is_bot_only=True),
        ticket("ours", is_outbound=True),
    )
    well = {name: row["handled_well"] for name, row in rows.items()}
    assert {name for name, value in well.items() if value is True} == {
        "well",
        "rated good",
        "reopened later",
        "rated bad later",
    }
    assert {name for name, value in well.items() if value is False} == {
        "slow",
        "open",
        "reopened",
        "reopened and open",
        "rated bad",
    }
    assert pd.isna(well["not said"])
    assert pd.isna(well["young"])
    assert "bot" not in rows
    assert "ours" not in rows
    assert rows["reopened"]["reopened_at"] == after(5)
    assert pd.isna(rows["reopened and open"]["reopened_at"])


def test_an_event_log_says_when_a_ticket_was_reopened(desk: Lay) -> None:
    event = {"event_id": "1", "ticket_id": ticket("a")["ticket_id"], "occurred_at": after(3), "kind": "status"}
    back = {**event, "value_before": "Solved", "value_after": "Open"}
    again = {**back, "event_id": "2", "occurred_at": after(4)}
    shut = {**event, "event_id": "3", "occurred_at": after(2), "value_before": "Solved", "value_after": "Closed"}
    rows = handling(desk, ticket("a", reopens=2, last_solved_at=after(9)), ticket_events=[back, again, shut])
    assert rows["a"]["reopened_at"] == after(3)


def test_nobody_counts_as_unanswered_where_the_export_never_says_when_anybody_answered(desk: Lay) -> None:
    silent = {"first_public_reply_at": None, "first_solved_at": None, "last_solved_at": None}
    rows = handling(desk, ticket("a", **silent), ticket("b"))
    assert rows["a"]["unanswered_at"] == after(7)
    assert pd.isna(rows["b"]["unanswered_at"])
    untold = handling(desk, ticket("a", **silent), ticket("b", **silent), folder="untold")
    assert pd.isna(untold["a"]["unanswered_at"])
    assert pd.isna(untold["a"]["handled_well"])
    solved = handling(desk, ticket("a", first_public_reply_at=None), ticket("b"), folder="solved")
    assert pd.isna(solved["a"]["unanswered_at"])


def test_a_bad_experience_stands_at_the_moment_it_could_be_known(desk: Lay) -> None:
    answer = {"survey": "s", "customer_id": "d", "completed_at": after(40), "scale_min": 0, "scale_max": 10}
    incident = {"customer_id": "e", "occurred_at": after(41), "severity": "minor"}
    laid = desk(
        "2024-09-01",
        tickets=[
            ticket("a", is_complaint=True, severity="moderate", reopens=1, last_solved_at=after(5)),
            ticket("b", severity="severe", satisfaction="bad", rated_at=after(3)),
            ticket("c", severity="moderate"),
            ticket(
                "f",
                after(80),
                satisfaction="bad",
                first_public_reply_at=None,
                first_solved_at=None,
                last_solved_at=None,
            ),
        ],
        survey_answers=[
            {**answer, "answer_id": "1", "instrument": "nps", "score": 6},
            {**answer, "answer_id": "2", "instrument": "nps", "score": 7},
            {**answer, "answer_id": "3", "instrument": "problem", "score": 2, "scale_max": 3},
            {**answer, "answer_id": "4", "instrument": "problem", "score": 0, "scale_max": 3},
            {**answer, "answer_id": "5", "instrument": "nps", "score": 1, "respondent": "owner"},
        ],
        incidents=[
            {**incident, "incident_id": "1", "kind": "outage"},
            {**incident, "incident_id": "2", "kind": "failed_payment"},
            {**incident, "incident_id": "3", "kind": "error", "noticed": False},
        ],
    )
    with Engine(laid) as engine:
        rows = engine.frame(f"SELECT * FROM {engine.fact('bad_experience')}").to_dict("records")
    found = sorted(
        (row["customer_id"], row["kind"], "" if pd.isna(row["severity"]) else row["severity"], row["occurred_at"])
        for row in rows
    )
    assert found == [
        ("a", "complaint", "moderate", COMPLAINT),
        ("a", "reopened", "moderate", after(5)),
        ("b", "rated_bad", "severe", after(3)),
        ("b", "severe", "severe", COMPLAINT),
        ("d", "detractor", "", after(40)),
        ("d", "survey_problem", "moderate", after(40)),
        ("e", "incident", "minor", after(41)),
        ("f", "rated_bad", "", after(80)),
        ("f", "unanswered", "", after(87)),
    ]


# ---------------------------------------------------------------------------------------------------------- episodes


def spell(customer: str, started: float, ends: float, begins: float | None = None) -> Row:
    strata = {"tier": "t", "product": "p", "region": "r"}
    return {"customer": customer, "started": started, "begins": started if begins is None else begins, "ends": ends,
            "event": 1, **strata}  # fmt: skip


def times(*rows: tuple[str, float]) -> pd.DataFrame:
    return pd.DataFrame([{"customer": name, "at": at, "severity": 1.0} for name, at in rows])


def test_an_episode_begins_after_quiet_days_and_others_are_free_of_one() -> None:
    base = pd.DataFrame([spell("a", 0, 1000), spell("b", 0, 300)])
    found = episodes(base, times(("a", 100), ("a", 150), ("a", 239.9), ("a", 500), ("b", 300)), 0.0)
    # 150 and 239.9 come within 90 days of the one before; at 300 the customer had just left
    assert found.cases[["customer", "at"]].to_numpy().tolist() == [["a", 100.0], ["a", 500.0]]
    free = found.stretches.sort_values(["customer", "begins"])
    lines = free[["customer", "begins", "ends", "tenure"]].to_numpy().tolist()
    assert lines == [
        ["a", 0.0, 90.0, 0],
        ["a", 90.0, 100.0, 1],
        ["a", 329.9, 365.0, 1],
        ["a", 365.0, 500.0, 2],
        ["a", 590.0, 730.0, 2],
        ["a", 730.0, 1000.0, 3],
        ["b", 0.0, 90.0, 0],
        ["b", 90.0, 300.0, 1],
    ]


def test_who_began_before_the_first_ticket_counts_once_quiet_days_could_be_seen() -> None:
    base = pd.DataFrame([spell("old", -500, 1000), spell("new", 10, 1000), spell("lost", -500, 1000, begins=200)])
    found = episodes(base, times(("old", 50), ("old", 95), ("new", 50), ("lost", 150)), 0.0)
    assert found.cases[["customer", "at"]].to_numpy().tolist() == [["new", 50.0]]
    begins = found.stretches.groupby("customer")["begins"].min()
    assert begins.to_dict() == {"lost": 240.0, "new": 10.0, "old": 185.0}
    assert tenure_band([0, 89.9, 90, 364, 365, 1460, 1461, 9999]).tolist() == [0, 0, 1, 1, 2, 3, 4, 4]


def test_what_is_looked_up_lies_before_the_moment() -> None:
    days = [float(np.datetime64(day, "D").astype(int)) for day in ("2024-05-31", "2024-06-01", "2024-06-30")]
    assert (month_number(days) - month_number(days[0])).tolist() == [0, 1, 1]
    june = int(month_number(days[1]))
    months = pd.DataFrame(
        {"customer": ["a"] * 5, "month": [june - 4, june - 3, june - 2, june - 1, june],
         "mrr": [30.0, 20.0, 20.0, 10.0, 99.0], "tickets": [5.0, 1.0, 2.0, 4.0, 50.0]}
    )  # fmt: skip
    found = earlier(months, pd.Series(["a", "b"]), [days[1], days[1]])
    assert found.mrr[0] == 10
    assert found.tickets.tolist() == [7.0, 0.0]
    assert found.spent_less[0] == 1
    assert np.isnan(found.spent_less[1])


# ----------------------------------------------------------------------------------------------------------- answers


def test_shares_and_difference_are_those_counted_by_hand(desk: Lay) -> None:
    study = Company().add("bad", 40, 20, complains()).add("other", 60, 15).study(desk)
    year, more = study.finding("switching-within-a-year"), study.finding("switching-more-than-others")
    assert year.estimate is not None
    assert more.estimate is not None
    assert (year.estimate.value, year.estimate.n) == (pytest.approx(0.5), 40)
    assert more.estimate.value == pytest.approx(0.5 - 0.25)
    soon = study.finding("switching-within-90-days")
    assert soon.estimate is not None
    assert soon.estimate.value == 0  # all left after a hundred days
    assert "Within 90 days, 0.0%" in says(study, soon.id)


def test_failed_payments_are_not_leaving(desk: Lay) -> None:
    company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
    for row in company.terms:
        if row["ended_at"] and row["term_id"].startswith("bad 00"):
            row["end_reason"] = "payment"
    study = company.study(desk)
    found = study.finding("switching-within-a-year").estimate
    assert found is not None
    assert found.value == pytest.approx(10 / 40)
    assert "That they differ" in says(study, "switching-payments")
    assert "ended 25.0% and 0.0% within a year" in says(study, "switching-payments")


@pytest.mark.parametrize(
    ("left", "count", "verdict", "said"),
    [
        (40, 40, "supported", "100.0% (95% interval 91.2% to 100.0%; n = 40) left within a year: nearly all"),
        (20, 40, "not-supported", "left within a year, not the 89.0% that is said everywhere."),
        (8, 10, "cannot-tell", "too few were seen to tell it from 89.0%. It needs more bad experiences"),
        (1, 3, "cannot-tell", "How many customers leave after a bad experience cannot be told. It needs more"),
    ],
)
def test_what_is_said_of_the_share_that_left(desk: Lay, left: int, count: int, verdict: str, said: str) -> None:
    found = Company().add("bad", count, left, complains()).add("other", 60, 15).answers(desk)
    assert found["switching-within-a-year"].verdict == verdict
    assert said in told(found["switching-within-a-year"])


@pytest.mark.parametrize(
    ("left", "verdict", "said"),
    [
        (
            30,
            "supported",
            "Of like customers without a bad experience at that time 25.0% left within a year too; after one it is "
            "75.0%. The difference, +50.0 points",
        ),
        (11, "cannot-tell", "may be chance. It needs more bad experiences"),
        (0, "not-supported", "more left within a year, 25.0%, than after one, 0.0%. The difference is −25.0 points"),
    ],
)
def test_what_is_said_of_the_difference(desk: Lay, left: int, verdict: str, said: str) -> None:
    found = Company().add("bad", 40, left, complains()).add("other", 60, 15).answers(desk)
    assert found["switching-more-than-others"].verdict == verdict
    assert said in told(found["switching-more-than-others"])


def test_where_what_would_matter_is_excluded_there_is_no_difference_worth_the_name(desk: Lay) -> None:
    found = Company().add("bad", 120, 0, complains()).add("other", 120, 1).answers(desk)["switching-more-than-others"]
    assert found.verdict == "not-supported"
    assert found.estimate is not None
    assert found.estimate.low < 0 < found.estimate.high < 0.05
    assert "may be chance." in told(found)
    late, well = complains(well=False), complains()
    handled = Company().add("badly", 120, 0, late).add("well", 120, 1, well).answers(desk, "handled")
    assert handled["switching-recovery"].verdict == handled["switching-first-contact"].verdict == "not-supported"


def test_with_nobody_to_compare_with_nothing_is_said(desk: Lay) -> None:
    found = Company().add("bad", 40, 20, complains()).answers(desk)
    more = found["switching-more-than-others"]
    assert (more.verdict, more.estimate) == ("cannot-tell", None)
    assert "It needs more bad experiences" in told(more)


@pytest.mark.parametrize(
    ("well", "badly", "verdict", "said"),
    [
        (5, 30, "supported", "handled badly 75.0% left within a year, after like ones that were handled well 12.5%"),
        (10, 12, "cannot-tell", "may be chance. It needs more bad experiences"),
        (30, 5, "not-supported", "fewer than after like ones that were handled well, 75.0%"),
    ],
)
def test_what_is_said_of_good_handling(desk: Lay, well: int, badly: int, verdict: str, said: str) -> None:
    company = Company().add("well", 40, well, complains()).add("badly", 40, badly, complains(well=False))
    found = company.add("other", 60, 15).answers(desk)
    assert found["switching-recovery"].verdict == verdict
    assert said in told(found["switching-recovery"])


@pytest.mark.parametrize(
    ("well", "verdict", "said"),
    [
        (30, "not-supported", "Handling it well does not undo it."),
        (10, "not-supported", "Nothing here says that a complaint handled well binds customers more than none."),
        (0, "supported", "left less often than like customers without one"),
    ],
)
def test_what_is_said_of_the_recovery_paradox(desk: Lay, well: int, verdict: str, said: str) -> None:
    found = Company().add("well", 40, well, complains()).add("other", 60, 15).answers(desk)
    assert found["switching-recovery-paradox"].verdict == verdict
    assert said in told(found["switching-recovery-paradox"])
    untold = found["switching-recovery"]
    assert untold.verdict == "cannot-tell"  # nobody whose complaint was handled badly
    assert "tickets that say when they were solved" in told(untold)


@pytest.mark.parametrize(
    ("well", "badly", "verdict", "said"),
    [
        (5, 30, "supported", "the very first request was handled badly 75.0% left within a year"),
        (10, 12, "cannot-tell", "may be chance. It needs more bad experiences"),
        (30, 5, "not-supported", "fewer than where a like one was handled well, 75.0%"),
    ],
)
def test_what_is_said_of_the_first_request(desk: Lay, well: int, badly: int, verdict: str, said: str) -> None:
    company = Company().add("well", 40, well, asks(True)).add("badly", 40, badly, asks(False))
    found = company.add("bad", 20, 5, complains()).answers(desk)
    assert found["switching-first-contact"].verdict == verdict
    assert said in told(found["switching-first-contact"])


def test_the_first_request_is_compared_within_severity(desk: Lay) -> None:
    # questions: nobody leaves; severe problems: half leaves, however handled, and they are handled badly more often
    def late(customer: str) -> list[Row]:
        return [ticket(customer, is_complaint=True, severity="severe", first_solved_at=None, last_solved_at=None)]

    company = Company().add("q well", 60, 0, asks(True)).add("q badly", 10, 0, asks(False))
    study = company.add("s well", 20, 10, complains()).add("s badly", 40, 20, late).study(desk)
    found = study.finding("switching-first-contact").estimate
    assert found is not None
    assert found.value == pytest.approx(0.0, abs=1e-9)
    plainly = study.evidence["first_contact"].rows[0].estimate  # type: ignore[union-attr]
    assert plainly.value == pytest.approx(20 / 50 - 10 / 80)


def test_the_evidence_is_that_of_its_rows(desk: Lay) -> None:
    def minor(customer: str) -> list[Row]:
        return [ticket(customer, is_complaint=True, severity="minor")]

    study = Company().add("severe", 40, 30, complains()).add("minor", 40, 12, minor).add("other", 60, 15).study(desk)
    assert list(study.evidence) == [
        "stated",
        "curves",
        "severity",
        "kinds",
        "classes",
        "recovery",
        "first_contact",
        "otherwise",
        "alike",
    ]
    rows = {row.label: row.estimate for row in study.evidence["severity"].rows}  # type: ignore[union-attr]
    assert rows["severe"].value == pytest.approx(30 / 40 - 15 / 60)
    assert rows["minor"].value == pytest.approx(12 / 40 - 15 / 60)
    assert not rows["moderate"].is_known
    kinds = dict(study.evidence["kinds"].rows)  # type: ignore[union-attr]
    assert list(kinds) == ["complaint"]
    assert kinds["complaint"][0] == 80
    assert "The difference is +50.0 points after severe ones (95% interval" in says(study, "switching-by-severity")
    for finding in study.every_finding:
        assert says(study, finding.id).endswith(".")


# ------------------------------------------------------------------------------------------------------ missing data


@pytest.mark.parametrize("absent", ["subscriptions", "tickets"])
def test_without_a_table_nothing_can_be_told(desk: Lay, absent: str) -> None:
    company = Company().add("bad", 10, 5, complains()).add("other", 10, 2)
    laid = {"subscriptions": company.terms, "tickets": company.tickets}
    del laid[absent]
    study = run_study(Workbook(desk(END.isoformat(), **laid), Month(2025, 12), EN), "switching")
    assert [finding.verdict for finding in study.findings] == ["cannot-tell"] * 5
    assert all(finding.estimate is None for finding in study.findings)
    assert "subscriptions" in says(study, "switching-within-a-year")
    assert study.evidence == {}


def test_without_marks_of_complaints_other_signs_count(desk: Lay) -> None:
    bad = Company().add("bad", 40, 20, lambda customer: [ticket(customer, satisfaction="bad")]).add("other", 60, 15)
    for row in bad.tickets:
        del row["is_complaint"]
    study = bad.study(desk)
    assert "a request that stayed unanswered for a week, was reopened or was rated bad" in says(
        study, "switching-within-a-year"
    )
    assert study.finding("switching-within-a-year").estimate.n == 40  # type: ignore[union-attr]
    assert any("Which tickets are complaints is in no export" in words for words in study.missing)


def test_what_lies_after_the_month_is_not_known(desk: Lay) -> None:
    company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
    laid = desk(END.isoformat(), subscriptions=company.terms, tickets=company.tickets)
    early = run_study(Workbook(laid, Month(2024, 8), EN), "switching")  # everybody left in September
    assert early.finding("switching-within-a-year").verdict == "cannot-tell"
    book = Workbook(laid, Month(2024, 5), EN)
    assert read(book).of(TOLD).empty
    assert run_study(book, "switching").finding("switching-within-a-year").verdict == "cannot-tell"


# ------------------------------------------------------------------------------------------------------------ doubts


def doubt(study: Study, name: str) -> Finding:
    return next(finding for finding in study.doubts if finding.id == name)


def test_the_plain_comparison_stands_beside_the_answer(desk: Lay) -> None:
    company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
    for number in range(30):  # gone before they could complain
        company.terms.append(term(f"gone {number}", START + timedelta(days=30, minutes=number)))
    study = company.study(desk)
    naive = doubt(study, "switching-plainly").estimate
    assert naive is not None
    assert naive.value < 0 < study.finding("switching-more-than-others").estimate.value  # type: ignore[union-attr]
    assert "That misleads" in says(study, "switching-plainly")


def test_silent_problems_of_the_others_are_reckoned_with(desk: Lay) -> None:
    answers = [
        {
            "answer_id": str(number),
            "survey": "s",
            "wave": "1",
            "instrument": "problem",
            "customer_id": f"other {number:03}",
            "score": 1 if number < 20 else 0,
            "told": ("nobody" if number < 16 else "company") if number < 20 else None,
            "scale_min": 0,
            "scale_max": 3,
            "completed_at": COMPLAINT + timedelta(days=1),
        }
        for number in range(40)
    ]
    study = Company().add("bad", 40, 20, complains()).add("other", 60, 15).study(desk, survey_answers=answers)
    found = doubt(study, "switching-silent")
    assert found.estimate is not None
    assert found.estimate.value == pytest.approx(16 / 40)
    assert "would be +41.7 points instead of +25.0 points" in says(study, found.id)  # 25 / (1 - 0.4)


def test_the_others_own_bad_experiences_are_said(desk: Lay) -> None:
    later = COMPLAINT + timedelta(days=50)

    def complains_later(customer: str) -> list[Row]:
        return [ticket(customer, later, is_complaint=True)]

    study = (
        Company().add("bad", 40, 20, complains()).add("other", 60, 15).add("later", 20, 10, complains_later).study(desk)
    )
    # beside a first case stand 60 others and 20 who complain later, beside each of those 20 the 60
    share = 40 * 20 / 80 / 60
    assert f"Of the others {EN.percent(share)} had one themselves" in says(study, "switching-own-later")


def test_something_unseen_is_measured_by_the_ratio(desk: Lay) -> None:
    study = Company().add("bad", 120, 60, complains()).add("other", 160, 40).study(desk)
    text = says(study, "switching-unseen-cause")
    assert "left 2.00 times as often" in text
    assert "3.41 times as likely" in text  # 2 + sqrt(2)
    level = Company().add("bad", 40, 11, complains()).add("other", 60, 15).study(desk, folder="level")
    assert "nothing unseen is needed to explain it" in says(level, "switching-unseen-cause")


def test_yearly_contracts_show_at_anniversaries(desk: Lay) -> None:
    company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
    for number, row in enumerate(company.terms):
        if row["ended_at"] and row["customer_id"] != "early" and number % 2:
            row["ended_at"] = START + timedelta(days=366)
    study = company.study(desk)
    found = doubt(study, "switching-anniversaries").estimate
    assert found is not None
    left = [row for row in company.terms if row["ended_at"] and row["customer_id"] != "early"]
    assert found.value == pytest.approx(sum(row["ended_at"] == START + timedelta(days=366) for row in left) / len(left))


def test_complaints_of_nobody_known_are_counted(desk: Lay) -> None:
    company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
    company.tickets.append(ticket("x", is_complaint=True) | {"customer_id": None})
    study = company.study(desk)
    assert "Of 41 complaints 1 name no known customer" in says(study, "switching-unlinked")
    assert "of 35 ends of customers 0 have no reason" in says(study, "switching-unlinked")


def test_a_cut_in_spending_before_is_compared(desk: Lay) -> None:
    def before(customers: str) -> Company:
        company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
        for row in list(company.terms):
            name = str(row["customer_id"])
            if name.startswith(customers):
                cut = datetime(2024, 4, 15)
                company.terms.append({**row, "term_id": f"{name} 2", "started_at": cut, "monthly_amount": 5.0})
                row["ended_at"], row["end_reason"] = cut, "migration"
        return company

    unlike = before("bad").study(desk)
    assert "100.0% and 0.0% had cut their spending. That they differ already" in says(unlike, "switching-before")
    both = before("").study(desk, folder="both")
    assert "100.0% and 100.0% had cut their spending: no measurable difference" in says(both, "switching-before")
