"""Leaving after a bad experience: facts and cases worked by hand, verdicts, and the notebook with other assumptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from cxlib.engine import Engine
from cxlib.errors import MeasureError, UntoldError
from cxlib.estimate import Estimate, estimates
from cxlib.finding import verdict
from cxlib.language import Language
from cxlib.notebook import Study, run
from cxlib.period import Month
from cxlib.studies import switching
from cxlib.studies.switching import Comparison, Customers
from cxlib.workbook import Workbook
from desk import Desk

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "switching.ipynb"
Lay = Callable[..., Desk]
Row = dict[str, Any]
EN = Language("en")
START = datetime(2024, 1, 2)
COMPLAINT = datetime(2024, 6, 3, 9)
END = datetime(2026, 1, 1)
STAYS = "90, 365, 730, 1461"
ALIKE = "tier, tenure, product, region"
NO_CASES = "It needs tickets of paying customers"


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


def seen(book: Workbook, bad: str = "complaint, severe") -> Customers:
    return switching.read(book, bad, "reopened, unanswered, rated_bad", 90.0, STAYS, ALIKE, 365.0)


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

    def book(self, desk: Lay, month: str = "2025-12", **tables: Any) -> Workbook:
        laid = desk(END.isoformat(), stated={}, **({"subscriptions": self.terms, "tickets": self.tickets} | tables))
        return Workbook(laid, Month.parse(month), EN)

    def customers(self, desk: Lay, **tables: Any) -> Customers:
        """Return what is read of the company; a second one needs a folder of its own."""
        return seen(self.book(desk, **tables))

    def study(self, desk: Lay, **tables: Any) -> Study:
        return run(NOTEBOOK, self.book(desk, **tables))


def compared(customers: Customers) -> Comparison:
    return customers.compared(*customers.episodes(), [90.0])


def complains(well: bool = True, severity: str = "severe", at: datetime = COMPLAINT) -> Callable[[str], list[Row]]:
    late = {} if well else {"first_solved_at": at + timedelta(days=20), "last_solved_at": None}
    return lambda customer: [ticket(customer, at, is_complaint=True, severity=severity, **late)]


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
            "followed_until": ends, "event": 1, **strata}  # fmt: skip


def customers_of(spells: list[Row], *times: tuple[str, float]) -> Customers:
    experiences = pd.DataFrame([{"customer": n, "kind": "complaint", "at": at, "severity": 1.0} for n, at in times])
    stays, alike = (0.0, 90.0, 365.0, 730.0, 1461.0), ("tier", "tenure", "product", "region")
    nowhere, told = cast(Workbook, None), ("complaint",)
    return Customers(nowhere, pd.DataFrame(spells), experiences, {"tickets": 0.0}, told, 90.0, stays, alike, 365.0)


def test_an_episode_begins_after_quiet_days_and_others_are_free_of_one() -> None:
    spells = [spell("a", 0, 1000), spell("b", 0, 300)]
    cases, stretches = customers_of(spells, ("a", 100), ("a", 150), ("a", 239.9), ("a", 500), ("b", 300)).episodes()
    # 150 and 239.9 come within 90 days of the one before; at 300 the customer had just left
    assert cases[["customer", "at"]].to_numpy().tolist() == [["a", 100.0], ["a", 500.0]]
    free = stretches.sort_values(["customer", "begins"])
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
    spells = [spell("old", -500, 1000), spell("new", 10, 1000), spell("lost", -500, 1000, begins=200)]
    customers = customers_of(spells, ("old", 50), ("old", 95), ("new", 50), ("lost", 150))
    cases, stretches = customers.episodes()
    assert cases[["customer", "at"]].to_numpy().tolist() == [["new", 50.0]]
    assert stretches.groupby("customer")["begins"].min().to_dict() == {"lost": 240.0, "new": 10.0, "old": 185.0}
    days = pd.Series([0, 89.9, 90, 364, 365, 1460, 1461, 9999])
    assert customers.tenure(days).tolist() == [0, 0, 1, 1, 2, 3, 4, 4]


def test_what_is_looked_up_lies_before_the_moment() -> None:
    def day(written: str) -> float:
        return float(np.datetime64(written, "D").astype(int))

    months = pd.DataFrame(
        {"customer": ["a"] * 5, "month": [54 * 12 + month for month in range(1, 6)],
         "mrr": [30.0, 20.0, 20.0, 10.0, 99.0], "tickets": [5.0, 1.0, 2.0, 4.0, 50.0]}
    )  # fmt: skip
    rows = pd.DataFrame({"customer": ["a", "b", "a"], "at": [*[day("2024-06-01")] * 2, day("2024-05-31")]})
    found = switching.earlier(months, rows.assign(started=day("2024-01-01")), 3, 0.005)
    assert found["mrr"].tolist()[::2] == [10.0, 20.0]
    assert found["tickets"].tolist() == [7.0, 0.0, 8.0]
    assert found["spent_less"].tolist()[0] == 1
    assert found["spent_less"].isna().tolist() == [False, True, True]
    assert found["stay"][0] == pytest.approx(152 / 30.4375)


# ----------------------------------------------------------------------------------------------------------- answers


def test_shares_and_difference_are_those_counted_by_hand(desk: Lay) -> None:
    year = compared(Company().add("bad", 40, 20, complains()).add("other", 60, 15).customers(desk))
    assert (year.share().value, year.share().n) == (pytest.approx(0.5), 40)
    assert year.others().value == pytest.approx(0.25)
    assert year.more().value == pytest.approx(0.5 - 0.25)
    assert year.ratio()[0].value == pytest.approx(2.0)
    assert year.share(90).value == 0  # all left after a hundred days


def test_failed_payments_are_not_leaving(desk: Lay) -> None:
    company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
    for row in company.terms:
        if row["ended_at"] and row["term_id"].startswith("bad 00"):
            row["end_reason"] = "payment"
    customers = company.customers(desk)
    assert compared(customers).share().value == pytest.approx(10 / 40)
    unpaid = customers.compared(*customers.episodes(), cause=switching.UNPAID)
    assert (unpaid.share().value, unpaid.others().value) == (pytest.approx(10 / 40), 0.0)
    assert switching.differs(unpaid.more(), 0.05) == "supported"


@pytest.mark.parametrize(("left", "ruling"), [(30, "supported"), (11, "cannot-tell"), (0, "not-supported")])
def test_what_is_said_of_the_difference(desk: Lay, left: int, ruling: str) -> None:
    year = compared(Company().add("bad", 40, left, complains()).add("other", 60, 15).customers(desk))
    assert year.more().value == pytest.approx(left / 40 - 15 / 60)
    assert verdict(year.more(), matters=0.05) == ruling


def test_where_what_would_matter_is_excluded_there_is_no_difference_worth_the_name(desk: Lay) -> None:
    more = compared(Company().add("bad", 120, 0, complains()).add("other", 120, 1).customers(desk)).more()
    assert more.low < -0.03 < 0 < more.high < 0.05
    assert verdict(more, matters=0.05) == switching.differs(more, 0.08) == "not-supported"
    assert switching.differs(more, 0.03) == "cannot-tell"


def test_with_nobody_to_compare_with_nothing_is_said(desk: Lay) -> None:
    year = compared(Company().add("bad", 40, 20, complains()).customers(desk))
    assert not any(one.is_known for one in (year.share(), year.others(), year.more()))
    with pytest.raises(UntoldError, match="more bad experiences"):
        year.ratio()


@pytest.mark.parametrize(("well", "badly"), [(5, 30), (10, 12), (30, 5)])
def test_handling_is_that_counted_by_hand(desk: Lay, well: int, badly: int) -> None:
    company = Company().add("well", 40, well, complains()).add("badly", 40, badly, complains(well=False))
    customers = company.add("other", 60, 15).customers(desk)
    cases, stretches = customers.episodes()
    good, bad = customers.judged(cases)
    assert (len(good), len(bad)) == (40, 40)
    against = customers.same_problem(bad, good)
    assert (against.share().value, against.others().value) == (pytest.approx(badly / 40), pytest.approx(well / 40))
    assert customers.compared(good, stretches).more().value == pytest.approx(well / 40 - 15 / 60)
    assert (against.cases["at"] == 0).all()
    assert good["at"].min() == pytest.approx(cases["at"].min() + 14)


def test_whether_it_was_handled_well_needs_tickets_that_say_when_they_were_solved(desk: Lay) -> None:
    company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
    for row in company.tickets:
        row["first_solved_at"] = row["last_solved_at"] = None
    customers = company.customers(desk)
    with pytest.raises(UntoldError, match="tickets that say when they were solved"):
        customers.judged(customers.episodes()[0])


def test_the_first_request_is_compared_within_severity(desk: Lay) -> None:
    # questions: nobody leaves; severe problems: half leaves, however handled, and they are handled badly more often
    def late(customer: str) -> list[Row]:
        return [ticket(customer, is_complaint=True, severity="severe", first_solved_at=None, last_solved_at=None)]

    company = Company().add("q well", 60, 0, asks(True)).add("q badly", 10, 0, asks(False))
    customers = company.add("s well", 20, 10, complains()).add("s badly", 40, 20, late).customers(desk)
    well, badly = customers.judged(customers.first_contacts())
    assert customers.same_problem(badly, well).more().value == pytest.approx(0.0, abs=1e-9)
    assert customers.plainly(badly, well).more().value == pytest.approx(20 / 50 - 10 / 80)


def test_where_the_difference_is_largest_and_smallest() -> None:
    def points(value: float, known: bool = True) -> Estimate:
        return Estimate(value, value - 0.1, value + 0.1 if known else np.nan, 99, "share difference", "")

    rows = {"a": points(0.2), "b": points(0.4), "c": points(0.1), "d": points(0.9, known=False)}
    found = switching.furthest(rows)
    assert (found["most"], found["most_more"], found["least"]) == ("b", rows["b"], "c")
    with pytest.raises(UntoldError, match="more than one class"):
        switching.furthest({"a": rows["a"], "d": rows["d"]})


# ------------------------------------------------------------------------------------------------------ missing data


@pytest.mark.parametrize(
    ("absent", "needed"), [("subscriptions", "It needs the terms of the billing system"), ("tickets", NO_CASES)]
)
def test_without_a_table_nothing_can_be_told_and_only_that_one_is_asked_for(
    desk: Lay, absent: str, needed: str
) -> None:
    company = Company().add("bad", 10, 5, complains()).add("other", 10, 2)
    laid = {"subscriptions": company.terms, "tickets": company.tickets}
    del laid[absent]
    with pytest.raises(UntoldError, match=needed):
        seen(Workbook(desk(END.isoformat(), stated={}, **laid), Month(2025, 12), EN))


def test_without_marks_of_complaints_other_signs_count(desk: Lay) -> None:
    company = Company().add("bad", 40, 20, lambda customer: [ticket(customer, satisfaction="bad")]).add("other", 60, 15)
    for row in company.tickets:
        del row["is_complaint"]
    customers = company.customers(desk)
    assert customers.counted == ("reopened", "unanswered", "rated_bad")
    assert compared(customers).share().n == 40


def test_what_counts_is_chosen_by_name(desk: Lay) -> None:
    book = Company().add("bad", 10, 5, complains()).add("other", 10, 2).book(desk)
    assert seen(book, "severe").counted == ("severe",)
    with pytest.raises(MeasureError, match='no kind of bad experience "complant"; did you mean "complaint"'):
        seen(book, "complant")


def test_what_lies_after_the_month_is_not_known(desk: Lay) -> None:
    company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
    early = seen(company.book(desk, "2024-08"))  # everybody left in September
    assert not compared(early).share().is_known
    with pytest.raises(UntoldError, match=NO_CASES):
        seen(company.book(desk, "2024-05"))


# ------------------------------------------------------------------------------------------------------------ doubts


def test_the_plain_comparison_misleads(desk: Lay) -> None:
    company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
    for number in range(40):  # gone before they could complain
        company.terms.append(term(f"gone {number}", START + timedelta(days=30, minutes=number)))
    customers = company.customers(desk)
    assert customers.ever_against_never().more().value < 0 < compared(customers).more().value


def test_silent_problems_are_counted_by_answer(desk: Lay) -> None:
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
    company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
    assert company.customers(desk, survey_answers=answers).silent().value == pytest.approx(16 / 40)
    with pytest.raises(UntoldError, match="whom customers told"):
        company.customers(desk, folder="unasked").silent()


def test_a_bad_answer_is_compared_with_good_ones_given_lately(desk: Lay) -> None:
    def answer(customer: str, score: int, days: float) -> Row:
        usual = {"survey": "s", "instrument": "nps", "scale_min": 0, "scale_max": 10}
        return {"answer_id": customer, "customer_id": customer, "score": score,
                "completed_at": COMPLAINT - timedelta(days=days), **usual}  # fmt: skip

    company = Company().add("bad", 40, 20).add("lately", 60, 15).add("before", 60, 60)
    company.tickets += complains()("bad 000")
    groups = (("bad", 40, 2, 0.0), ("lately", 60, 9, 30.0), ("before", 60, 9, 70.0))
    answers = [answer(f"{name} {k:03}", score, ago) for name, count, score, ago in groups for k in range(count)]
    answers.append(answer("early", 9, 160.0))  # before anybody came, so that bad answers before are known
    customers = company.customers(desk, survey_answers=answers)
    found = customers.after_an_answer("detractor", 60.0)
    assert (found.share().value, found.others().value) == (pytest.approx(0.5), pytest.approx(0.25))
    assert customers.after_an_answer("detractor", 80.0).others().value == pytest.approx(75 / 120)


def test_something_unseen_is_measured_by_the_ratio(desk: Lay) -> None:
    ratio, (strength, _) = compared(
        Company().add("bad", 120, 60, complains()).add("other", 160, 40).customers(desk)
    ).ratio()
    assert (ratio.value, strength) == (pytest.approx(2), pytest.approx(2 + np.sqrt(2)))
    assert switching.differs(ratio, 0.0, none=1.0) == "supported"
    level = Company().add("bad", 40, 11, complains()).add("other", 60, 15).customers(desk, folder="level")
    ratio, (_, limit) = compared(level).ratio()
    assert limit == 1
    assert switching.differs(ratio, 0.0, none=1.0) == "cannot-tell"


def test_after_a_question_answered_well_as_many_leave_as_counted_by_hand(desk: Lay) -> None:
    company = Company().add("asked", 40, 10, asks(True)).add("other", 60, 15).add("badly", 30, 30, asks(False))
    good = company.add("bad", 10, 5, complains()).customers(desk).after("good")
    # who asked and was answered badly had nothing bad in the days before; who complained two weeks before had
    assert (good.share().value, good.others().value) == (pytest.approx(10 / 40), pytest.approx(45 / 90))


def test_yearly_contracts_show_at_anniversaries(desk: Lay) -> None:
    company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
    for number, row in enumerate(company.terms):
        if row["ended_at"] and row["customer_id"] != "early" and number % 2:
            row["ended_at"] = START + timedelta(days=366)
    left = [row for row in company.terms if row["ended_at"] and row["customer_id"] != "early"]
    share = sum(row["ended_at"] == START + timedelta(days=366) for row in left) / len(left)
    assert company.customers(desk).anniversaries(3.0).value == pytest.approx(share)


def test_complaints_of_nobody_known_are_counted(desk: Lay) -> None:
    company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
    company.tickets.append(ticket("x", is_complaint=True) | {"customer_id": None})
    assert company.customers(desk).unlinked() == {"complaints": 41, "without": 1, "ends": 35, "unexplained": 0}


def test_a_cut_in_spending_before_is_compared(desk: Lay) -> None:
    def shares(which: str) -> tuple[float, float]:
        company = Company().add("bad", 40, 20, complains()).add("other", 60, 15)
        for row in list(company.terms):
            name, cut = str(row["customer_id"]), datetime(2024, 4, 15)
            if name.startswith(which):
                company.terms.append({**row, "term_id": f"{name} 2", "started_at": cut, "monthly_amount": 5.0})
                row["ended_at"], row["end_reason"] = cut, "migration"
        customers = company.customers(desk, folder=which or "both")
        like, cut_spending = customers.before(compared(customers), 3, 0.005)
        assert like.loc["mrr", "cases"] == pytest.approx(5.0)
        assert like.loc["tickets"].tolist() == [0.0, 0.0, 0.0]
        return cut_spending.share().value, cut_spending.others().value

    assert shares("bad") == (pytest.approx(1.0), 0.0)
    assert shares("") == (pytest.approx(1.0), pytest.approx(1.0))


# ------------------------------------------------------------------------------------------------------ the notebook


def test_the_notebook_shows_what_was_counted(desk: Lay) -> None:
    later = COMPLAINT + timedelta(days=50)
    company = Company().add("severe", 40, 30, complains()).add("minor", 40, 12, complains(severity="minor"))
    study = company.add("other", 60, 15).add("later", 20, 10, complains(severity="minor", at=later)).study(desk)
    # beside a first case stand 60 others and 20 who complain later, beside each of those 20 the 60
    of_others = 25 / 80
    severity = study.exhibits["severity"].frame.set_index("label")["value"]
    assert severity["severe"] == pytest.approx(30 / 40 - of_others)
    assert np.isnan(severity["moderate"])
    assert study.exhibits["kinds"].frame["Cases"].to_dict() == {"complaint": 100}
    assert study.finding("switching-own-later").values["share"].value == pytest.approx(80 * 20 / 80 / 100)  # type: ignore[union-attr]
    assert study.finding("switching-within-90-days").verdict == "not-supported"  # the region of its claim decides


def test_another_assumption_moves_sentence_exhibit_and_method(desk: Lay) -> None:
    book = Company().add("bad", 40, 20, complains()).add("other", 60, 15).book(desk)
    year, short = run(NOTEBOOK, book), run(NOTEBOOK, book, within=90.0, soon=60.0, quiet=120.0)
    assert "50.0%" in year.exhibits["finding-switching-within-a-year"].text
    assert "left within 90 days" in short.exhibits["finding-switching-within-a-year"].text.replace("\xa0", " ")
    assert "0.0%" in short.exhibits["finding-switching-within-a-year"].text
    assert year.exhibits["curves"].frame["x"].max() == 365
    assert short.exhibits["curves"].frame["x"].max() == 90
    told = " ".join(text for record in short.records for text in record.get("methods", {}).values())
    assert "none in the 120 days before" in told.replace("\xa0", " ")
    assert estimates(short.exhibits["otherwise"].frame)[0].value == pytest.approx(0.0, abs=1e-9)
