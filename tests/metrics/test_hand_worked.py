"""Every metric on a few rows worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from cxlib.definitions import Definitions
from cxlib.engine import Engine
from cxlib.exhibits import how_made
from cxlib.language import Language
from cxlib.metrics import METRICS, measure
from cxlib.period import Month
from cxlib.workbook import Workbook

OCTOBER = Month(2026, 10)
Lay = Callable[..., Any]


def one(snapshot: Any, name: str, month: Month = OCTOBER, **segment: str) -> pd.Series:
    """Return the one row of a metric in a month (and segment)."""
    with Engine(snapshot) as engine:
        rows = measure(engine, [METRICS[name]], [month], tuple(segment))
    for column, value in segment.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def ticket(number: int, created: str, **more: Any) -> dict[str, Any]:
    return {"ticket_id": str(number), "customer_id": f"c{number}", "created_at": created, "reopens": 0, **more}


# Twelve tickets of October, exported on 1 December: everything has had time.
# Replies after 10, 20, …, 100 minutes; the eleventh was solved unanswered after 50 minutes; the twelfth waits still.
# Solved after 1, 2, …, 10 hours; the eleventh after 50 minutes; the twelfth is open.
def _october() -> list[dict[str, Any]]:
    rows = []
    for k in range(1, 11):
        created = pd.Timestamp("2026-10-05 08:00")
        solved = created + pd.Timedelta(hours=k)
        rows.append(
            ticket(
                k,
                str(created),
                first_public_reply_at=str(created + pd.Timedelta(minutes=10 * k)),
                first_solved_at=str(solved),
                last_solved_at=str(solved),
                channel="email" if k <= 6 else "chat",
            )
        )
    rows.append(
        ticket(
            11,
            "2026-10-06 08:00",
            first_solved_at="2026-10-06 08:50",
            last_solved_at="2026-10-06 08:50",
            channel="chat",
        )
    )
    rows.append(ticket(12, "2026-10-07 08:00", channel="chat"))
    return rows


def test_tickets_created_counts_the_month_in_the_reporting_zone(desk: Lay) -> None:
    rows = [*_october(), ticket(13, "2026-09-30 21:30"), ticket(14, "2026-09-30 20:30")]
    assert one(desk("2026-12-01", tickets=rows), "tickets_created")["value"] == 12
    # in Istanbul, 21:30 UTC on 30 September is half past midnight on 1 October
    assert one(desk("2026-12-01", "Europe/Istanbul", "tr", tickets=rows), "tickets_created")["value"] == 13


def test_tickets_solved_is_filed_under_the_first_solution(desk: Lay) -> None:
    rows = [
        *_october(),
        ticket(13, "2026-09-20", first_solved_at="2026-10-02", last_solved_at="2026-11-02"),
        ticket(14, "2026-10-20", first_solved_at="2026-11-02", last_solved_at="2026-11-02"),
    ]
    assert one(desk("2026-12-01", tickets=rows), "tickets_solved")["value"] == 12


def test_backlog_counts_what_was_open_at_the_end_of_the_month(desk: Lay) -> None:
    rows = [
        ticket(1, "2026-08-01", first_solved_at="2026-08-02", last_solved_at="2026-08-02"),
        ticket(
            2, "2026-08-01", first_solved_at="2026-09-02", last_solved_at="2026-11-02"
        ),  # reopened, closed in November
        ticket(3, "2026-09-15"),
        ticket(4, "2026-10-15", first_solved_at="2026-11-01", last_solved_at="2026-11-01"),
        ticket(5, "2026-11-02"),
    ]
    snapshot = desk("2026-12-01", tickets=rows)
    assert one(snapshot, "backlog", Month(2026, 8))["value"] == 1
    assert one(snapshot, "backlog", Month(2026, 9))["value"] == 2
    assert one(snapshot, "backlog")["value"] == 3
    assert one(snapshot, "backlog", Month(2026, 11))["value"] == 2


def test_first_reply_keeps_the_unanswered_as_censored(desk: Lay) -> None:
    # 12 at risk; replies at 10, 20, 30, 40, 50 leave 7/12; the unanswered solution at 50 leaves after them, six at
    # risk then; the reply at 60 brings 7/12 x 5/6 = 0.486: the median is 60. Without the two it would be 50.
    row = one(desk("2026-12-01", tickets=_october()), "first_reply_calendar_minutes_median")
    assert (row["value"], row["n"], row["excluded"]) == (60, 12, 0)


def test_first_reply_of_the_slowest_tenth(desk: Lay) -> None:
    # after 100 minutes 7/12 x (5/6)(4/5)(3/4)(2/3)(1/2) = 0.097 are left
    assert one(desk("2026-12-01", tickets=_october()), "first_reply_calendar_minutes_p90")["value"] == 100


def test_first_reply_leaves_out_what_cannot_have_one(desk: Lay) -> None:
    rows = [*_october(), ticket(13, "2026-10-08", is_outbound=True), ticket(14, "2026-10-08", first_reply_unknown=True)]
    row = one(desk("2026-12-01", tickets=rows), "first_reply_calendar_minutes_median")
    assert (row["value"], row["n"], row["excluded"]) == (60, 12, 2)


def test_resolution_keeps_the_open_as_censored(desk: Lay) -> None:
    # twelve at risk: 50 minutes, then an hour each; the sixth to end is the fifth hour
    snapshot = desk("2026-12-01", tickets=_october())
    assert one(snapshot, "first_resolution_calendar_minutes_median")["value"] == 300
    assert one(snapshot, "first_resolution_calendar_minutes_p90")["value"] == 600


def test_a_median_that_is_not_reached_says_so(desk: Lay) -> None:
    rows = [ticket(k, "2026-10-20") for k in range(4)] + [
        ticket(k, "2026-10-20", first_solved_at="2026-10-21", last_solved_at="2026-10-21") for k in range(4, 6)
    ]
    row = one(desk("2026-12-01", tickets=rows), "first_resolution_calendar_minutes_median")
    assert "not-reached" in row["flags"]
    assert np.isnan(row["value"])
    assert row["n"] == 6


def test_tickets_of_a_bot_and_of_the_company_are_apart_from_requests_to_people(desk: Lay) -> None:
    # five requests answered after ten minutes, two that a bot answered at once, one that the company opened itself;
    # what created, answered and solved count is one thing, so created is five
    asked, solved = "2026-10-05 09:00", "2026-10-05 12:00"
    people = [
        ticket(k, asked, first_public_reply_at="2026-10-05 09:10", first_solved_at=solved, last_solved_at=solved)
        for k in range(5)
    ]
    bots = [
        ticket(k, asked, first_public_reply_at=asked, first_solved_at=asked, last_solved_at=asked, is_bot_only=True)
        for k in (5, 6)
    ]
    ours = ticket(
        7, asked, first_public_reply_at=asked, first_solved_at=solved, last_solved_at=solved, is_outbound=True
    )
    snapshot = desk("2026-11-09", tickets=[*people, *bots, ours])
    created, reply = one(snapshot, "tickets_created"), one(snapshot, "first_reply_calendar_minutes_median")
    assert (created["value"], created["excluded"]) == (5, 3)
    assert (reply["value"], reply["n"], reply["excluded"]) == (10, 5, 3)
    assert (one(snapshot, "tickets_solved")["value"], one(snapshot, "verified_rate")["n"]) == (5, 5)
    bot = one(snapshot, "bot_only_share")
    assert (bot["value"], bot["n"]) == (pytest.approx(2 / 7), 7)
    assert METRICS["tickets_created"].definition.endswith("opened and those that a bot answered alone are left out.")


# solved on 8 October; what follows decides whether the solution held until the 15th
HORIZON: list[tuple[dict[str, Any], list[dict[str, Any]], bool]] = [
    ({}, [], True),
    ({"reopens": 1, "last_solved_at": "2026-10-20"}, [], False),  # opened again at a time that nothing tells
    ({"reopens": 1, "last_solved_at": "2026-10-20", "opened": "2026-10-14"}, [], False),
    ({"reopens": 1, "last_solved_at": "2026-10-20", "opened": "2026-10-16"}, [], True),
    ({"reopens": None, "last_solved_at": "2026-10-20", "opened": "2026-10-16"}, [], True),  # the event says it all
    ({"satisfaction": "bad"}, [], False),
    ({"satisfaction": "bad", "rated_at": "2026-10-14"}, [], False),
    ({"satisfaction": "bad", "rated_at": "2026-10-16"}, [], True),
    ({"satisfaction": "neutral", "rated_at": "2026-10-14"}, [], True),
    ({}, [{"created_at": "2026-10-14"}], False),
    ({}, [{"created_at": "2026-10-16"}], True),
    ({}, [{"created_at": "2026-10-14", "topic": "invoice"}], True),
    ({}, [{"created_at": "2026-10-14", "is_outbound": True}], True),
    ({}, [{"created_at": "2026-10-14", "is_bot_only": True}], True),
    ({}, [{"created_at": "2026-10-13", "is_outbound": True}, {"created_at": "2026-10-14"}], False),
]


@pytest.mark.parametrize(("how", "later", "held"), HORIZON)
def test_a_solution_holds_for_seven_days(
    desk: Lay, how: dict[str, Any], later: list[dict[str, Any]], held: bool
) -> None:
    usual = {"topic": "login", "first_solved_at": "2026-10-08", "last_solved_at": "2026-10-08"}
    own = {name: value for name, value in how.items() if name != "opened"}
    rows, events = [], []
    for k in range(5):
        rows += [ticket(k, "2026-10-05", **{**usual, **own})]
        rows += [
            ticket(100 + 10 * k + j, "", customer_id=f"c{k}", **{"topic": "login", **one})
            for j, one in enumerate(later)
        ]
        if "opened" in how:
            event = {"ticket_id": str(k), "kind": "status", "value_before": "Solved", "value_after": "Open"}
            events.append({"event_id": str(k), "occurred_at": how["opened"], **event})
    snapshot = desk("2026-12-01", tickets=rows, ticket_events=events)
    with Engine(snapshot) as engine:
        found = engine.frame(f"SELECT solved_and_held FROM {engine.fact('ticket')} WHERE is_solved")
    assert found["solved_and_held"].tolist() == [held] * 5


def test_the_ladder_answered_solved_verified(desk: Lay) -> None:
    week, later = "2026-10-08 08:00", "2026-10-14 08:00"
    rows = [
        ticket(1, "2026-10-05", first_public_reply_at=week, first_solved_at=week, last_solved_at=week),
        ticket(2, "2026-10-05", first_public_reply_at=week, first_solved_at=week, last_solved_at=later, reopens=1),
        ticket(
            3, "2026-10-05", first_public_reply_at=week, first_solved_at=week, last_solved_at=week, satisfaction="bad"
        ),
        ticket(4, "2026-10-05", first_public_reply_at=week, first_solved_at=later, last_solved_at=later),
        ticket(5, "2026-10-05", first_public_reply_at=later),
        ticket(
            6,
            "2026-10-05",
            customer_id="x",
            topic="login",
            first_public_reply_at=week,
            first_solved_at=week,
            last_solved_at=week,
        ),
        ticket(
            7, "2026-10-12", customer_id="x", topic="login"
        ),  # the same problem again, four days after it was solved
        ticket(8, "2026-10-29"),  # two weeks have not passed at the export
    ]
    snapshot = desk("2026-11-09", tickets=rows)
    answered, solved, verified = (one(snapshot, name) for name in ("answered_rate", "solved_rate", "verified_rate"))
    assert [row["n"] for row in (answered, solved, verified)] == [7, 7, 7]
    assert [row["excluded"] for row in (answered, solved, verified)] == [1, 1, 1]
    assert answered["value"] == pytest.approx(5 / 7)
    assert solved["value"] == pytest.approx(4 / 7)
    assert verified["value"] == pytest.approx(1 / 7)


def test_verified_needs_to_know_of_reopenings(desk: Lay) -> None:
    rows = [
        ticket(k, "2026-10-05", first_solved_at="2026-10-06", last_solved_at="2026-10-06", reopens=None)
        for k in range(6)
    ]
    assert one(desk("2026-12-01", tickets=rows), "verified_rate")["flags"] == "no-data"


def test_reopen_rate(desk: Lay) -> None:
    rows = _october()
    for place in (0, 3):
        rows[place]["reopens"] = 2
    row = one(desk("2026-12-01", tickets=rows), "reopen_rate")
    assert (row["value"], row["n"]) == (pytest.approx(2 / 11), 11)


def test_csat_and_its_response_rate(desk: Lay) -> None:
    ratings = ["good"] * 6 + ["bad"] * 2 + ["offered"] * 2 + ["not_offered"] + [None]
    rows = [{**row, "satisfaction": rating} for row, rating in zip(_october(), ratings, strict=True)]
    snapshot = desk("2026-12-01", tickets=rows)
    csat, asked = one(snapshot, "csat"), one(snapshot, "csat_response_rate")
    assert (csat["value"], csat["n"], csat["excluded"]) == (0.75, 8, 4)
    assert (asked["value"], asked["n"]) == (0.8, 10)


def test_csat_is_filed_under_the_day_of_the_rating(desk: Lay) -> None:
    rows = [{**row, "satisfaction": "good", "rated_at": "2026-11-03"} for row in _october()]
    snapshot = desk("2026-12-01", tickets=rows)
    assert one(snapshot, "csat")["flags"] == "no-data"
    assert one(snapshot, "csat", Month(2026, 11))["n"] == 12


def test_an_export_of_rated_tickets_alone_gives_no_response_rate(desk: Lay) -> None:
    rows = [{**row, "satisfaction": "good"} for row in _october()]
    assert one(desk("2026-12-01", tickets=rows), "csat_response_rate")["flags"] == "no-data"


def answer(number: int, score: float | None, **more: Any) -> dict[str, Any]:
    return {
        "answer_id": str(number),
        "customer_id": f"c{number}",
        "survey": "s",
        "instrument": "nps",
        "score": score,
        "scale_min": 0,
        "scale_max": 10,
        "completed_at": "2026-10-10",
        **more,
    }


def test_nps_keeps_passives_and_leaves_out_blanks(desk: Lay) -> None:
    scores = [10, 10, 9, 9, 9, 8, 7, 6, 0, 3, None]
    row = one(desk("2026-12-01", survey_answers=[answer(k, s) for k, s in enumerate(scores)]), "nps_relationship")
    assert (row["value"], row["n"], row["excluded"]) == (20, 10, 1)


def test_the_relationship_and_the_contacts_are_two_series(desk: Lay) -> None:
    places = ["after_purchase"] * 5 + ["website_visit"] * 5 + ["relationship"] * 3 + [None] * 3
    rows = [answer(k, 9 if k < 4 or k > 10 else 2, touchpoint=place) for k, place in enumerate(places)]
    rows += [answer(20 + k, 0, respondent="owner") for k in range(9)]
    snapshot = desk("2026-12-01", survey_answers=rows)
    assert one(snapshot, "nps_touchpoint", touchpoint="after_purchase")["value"] == 60
    assert one(snapshot, "nps_touchpoint", touchpoint="website_visit")["value"] == -100
    assert one(snapshot, "nps_touchpoint")["value"] == pytest.approx(100 * (4 - 6) / 10)
    whole = one(snapshot, "nps_relationship")
    assert (whole["value"], whole["n"]) == (pytest.approx(100 * (5 - 1) / 6), 6)


def test_a_round_of_the_relationship_survey_is_one_number(desk: Lay) -> None:
    # sent on 28 October: eight answer in October, six in November, and two of November came without an invitation
    base = {"survey": "s", "instrument": "nps", "sent_at": "2026-10-28"}
    invites = [{"invite_id": str(k), **base} for k in range(20)]
    at = ["2026-10-29"] * 8 + ["2026-11-04"] * 6
    rows = [answer(k, 10 if k < 8 else 0, invite_id=str(k), completed_at=day) for k, day in enumerate(at)]
    rows += [answer(50 + k, 0, completed_at="2026-11-05") for k in range(2)]
    contacts = [{**row, "answer_id": f"t{row['answer_id']}", "touchpoint": "call"} for row in rows]
    snapshot = desk("2026-12-01", survey_invites=invites, survey_answers=[*rows, *contacts])
    told = one(snapshot, "nps_relationship")
    assert (told["value"], told["n"]) == (pytest.approx(100 * (8 - 6) / 14), 14)
    assert one(snapshot, "nps_relationship", Month(2026, 11))["n"] == 2
    assert [one(snapshot, "nps_touchpoint", Month(2026, month))["n"] for month in (10, 11)] == [8, 8]
    assert one(snapshot, "nps_relationship_response_rate")["value"] == pytest.approx(14 / 20)


def test_weights_that_came_with_the_answers_are_used(desk: Lay) -> None:
    # three promoters of ten people, one detractor of one, and so on; the answer without a weight cannot be counted
    weights = {10: 3.0, 0: 1.0, 8: 1.0, 9: 2.0, 5: 1.0, 7: None}
    rows = [answer(k, score, weight=weight) for k, (score, weight) in enumerate(weights.items())]
    row = one(desk("2026-12-01", survey_answers=rows), "nps_relationship")
    assert row["value"] == pytest.approx(100 * (5 - 2) / 8)
    assert (row["n"], row["excluded"]) == (5, 1)
    # half of a hundred answers are good, with nineteen times the weight of the others: 95 %, worth 55 answers (Kish)
    rows = [
        answer(k, 1 + 4 * (k % 2), instrument="csat", scale_min=1, scale_max=5, weight=1.0 + 18 * (k % 2))
        for k in range(100)
    ]
    row = one(desk("2026-12-01", folder="csat", survey_answers=rows), "survey_csat")
    assert (row["value"], row["n"]) == (pytest.approx(0.95), 100)
    worth = 1000**2 / (50 + 50 * 19**2)
    low, high = proportion_confint(0.95 * worth, worth, method="wilson")
    assert row["low"] <= low + 1e-9
    assert row["high"] >= high - 1e-9


def test_weights_of_one_round_do_not_drown_another(desk: Lay) -> None:
    # ten answers of a survey whose weights add up to 5,000 people, all promoters, and ten detractors without weights
    rows = [answer(k, 10, weight=500.0) for k in range(10)] + [answer(20 + k, 0, survey="other") for k in range(10)]
    assert one(desk("2026-12-01", survey_answers=rows), "nps_relationship")["value"] == pytest.approx(0)


@pytest.mark.parametrize(
    ("scale", "scores", "share", "n"),
    [
        ((1, 3), [3, 3, 3, 3, 2, 2, 2, 2, 2, 1], 0.4, 10),
        ((1, 4), [4, 4, 4, 3, 3, 2, 2, 2, 2, 1], 0.5, 10),
        ((1, 5), [5, 5, 5, 4, 4, 3, 3, 3, 3, 1], 0.5, 10),
        ((0, 4), [4, 4, 4, 3, 3, 2, 2, 2, 2, 0], 0.5, 10),  # five points, counted from 0
        ((1, 6), [6, 6, 6, 5, 5, 4, 4, 4, 4, 1], 0.5, 10),
        ((1, 7), [7, 7, 7, 6, 6, 5, 5, 5, 4, 1], 0.5, 10),
        ((1, 10), [10, 10, 9, 9, 8, 7, 7, 7, 5, 5], 0.5, 10),
        ((0, 10), [10, 10, 9, 9, 8, 7, 6, 6, 6, 2], 0.5, 10),
        ((0, 1), [1, 1, 1, 0, 0, 0, 0, 0, 0, 0], 0.3, 10),
        ((0, 100), [100, 90, 80, 70, 60, 50, 40, 30, 20, 10], None, 0),  # no usual top box, and none is guessed
        ((1, 9), [9, 9, 9, 8, 8, 7, 7, 6, 5, 1], None, 0),
        ((None, None), [5, 5, 5, 4, 4, 3, 3, 3, 3, 1], None, 0),
    ],
)
def test_satisfied_is_the_usual_top_box_of_the_scale(
    desk: Lay, scale: tuple[float | None, float | None], scores: list[float], share: float | None, n: int
) -> None:
    rows = [
        answer(k, score, instrument="csat", scale_min=scale[0], scale_max=scale[1]) for k, score in enumerate(scores)
    ]
    row = one(desk("2026-12-01", survey_answers=rows), "survey_csat")
    assert (row["n"], row["excluded"]) == (n, 10 - n)
    assert row["flags"] == "no-data" if share is None else row["value"] == share


def test_the_page_says_what_counted_as_satisfied(desk: Lay) -> None:
    rows = [answer(k, 4, instrument="csat", scale_min=1, scale_max=4) for k in range(5)]
    rows += [answer(10 + k, 4, instrument="csat", scale_min=1, scale_max=5) for k in range(5)]
    rows += [
        answer(20 + k, 4, instrument="csat", scale_min=1, scale_max=7, completed_at="2026-09-10") for k in range(5)
    ]
    snapshot = desk("2026-12-01", survey_answers=rows)
    said = how_made(Workbook(snapshot, OCTOBER, Language()), "survey_csat").text
    assert "On the scale from 1 to 4 satisfied is 3 or more. On the scale from 1 to 5 satisfied is 4 or more." in said
    assert "1 to 7" not in said


def test_a_rating_that_is_neither_stays_in_the_denominator(desk: Lay) -> None:
    ratings = ["good"] * 6 + ["bad"] * 1 + ["neutral"] * 3 + ["offered"] * 2
    rows = [{**row, "satisfaction": rating} for row, rating in zip(_october(), ratings, strict=True)]
    snapshot = desk("2026-12-01", tickets=rows)
    assert (one(snapshot, "csat")["value"], one(snapshot, "csat")["n"]) == (0.6, 10)
    assert one(snapshot, "csat_response_rate")["value"] == pytest.approx(10 / 12)


def test_a_response_rate_counts_delivered_invitations(desk: Lay) -> None:
    base = {"survey": "s", "instrument": "nps", "sent_at": "2026-10-01", "touchpoint": "call"}
    invites = [{"invite_id": str(k), "delivered": k != 9, **base} for k in range(10)]
    invites[8]["answered_at"] = "2026-10-02"
    answers = [answer(1, 9, invite_id="1"), answer(2, 9, invite_id="1"), answer(3, 9, invite_id="3")]
    snapshot = desk("2026-12-01", survey_invites=invites, survey_answers=answers)
    row = one(snapshot, "nps_touchpoint_response_rate")
    assert (row["value"], row["n"]) == (pytest.approx(3 / 9), 9)
    assert one(snapshot, "nps_relationship_response_rate")["n"] == 0
    # without a word on who answered nobody is said to have kept silent
    del invites[8]["answered_at"]
    silent = desk("2026-12-01", folder="silent", survey_invites=invites)
    assert one(silent, "nps_touchpoint_response_rate")["flags"] == "no-data"


def term(number: int, customer: str, start: str, end: str | None, amount: float, **more: Any) -> dict[str, Any]:
    return {
        "term_id": str(number),
        "subscription_id": str(number),
        "customer_id": customer,
        "started_at": start,
        "ended_at": end,
        "monthly_amount": amount,
        "currency": "EUR",
        **more,
    }


# Six customers; September and October of 2026, and October a year before.
TERMS = [
    term(1, "stays", "2024-01-10", None, 100),
    term(2, "grows", "2024-01-10", "2026-10-12", 100),
    term(3, "grows", "2026-10-12", None, 160),
    term(4, "shrinks", "2024-01-10", "2026-10-12", 100),
    term(5, "shrinks", "2026-10-12", None, 70),
    term(6, "leaves", "2024-01-10", "2026-10-31 12:00", 100),
    term(7, "returns", "2025-01-10", "2026-03-01", 50),
    term(8, "returns", "2026-10-03", None, 80),
    term(9, "new", "2026-10-20", None, 200, currency="USD"),  # at a rate of 0.5
    term(10, "gone", "2025-01-10", "2026-02-10", 40),
    term(11, "comes and goes", "2026-10-05", "2026-10-25", 500),
]
MOVEMENTS = {
    "mrr_start": (400, 4),
    "mrr_new": (100, 1),
    "mrr_reactivation": (80, 1),
    "mrr_expansion": (60, 1),
    "mrr_contraction": (30, 1),
    "mrr_churn": (100, 1),
    "mrr_end": (510, 5),
}


@pytest.mark.parametrize("name", MOVEMENTS)
def test_mrr_movements(desk: Lay, name: str) -> None:
    row = one(desk("2026-12-01", subscriptions=TERMS), name)
    assert (row["value"], row["n"], row["unit"]) == (*MOVEMENTS[name], "EUR a month")


def test_retention_over_twelve_months(desk: Lay) -> None:
    # in October 2025 six customers paid 100, 100, 100, 100, 50 and 40; four still pay 100, 160, 70 and 80
    snapshot = desk("2026-12-01", subscriptions=TERMS)
    logo, gross, net = (
        one(snapshot, n) for n in ("logo_retention", "gross_revenue_retention", "net_revenue_retention")
    )
    assert (logo["value"], logo["n"]) == (pytest.approx(4 / 6), 6)
    assert gross["value"] == pytest.approx((100 + 100 + 70 + 50) / 490)
    assert net["value"] == pytest.approx((100 + 160 + 70 + 80) / 490)


def test_customers_and_monthly_loss(desk: Lay) -> None:
    snapshot = desk("2026-12-01", subscriptions=[*TERMS, term(20, "extra", "2024-01-10", None, 10)])
    assert one(snapshot, "customers_active")["value"] == 6
    lost = one(snapshot, "logo_churn_monthly")
    assert (lost["value"], lost["n"]) == (pytest.approx(1 / 5), 5)


def test_a_term_that_starts_at_midnight_after_the_month_is_not_in_it(desk: Lay) -> None:
    rows = [term(1, "a", "2026-11-01 00:00", None, 100), term(2, "b", "2026-08-01", "2026-11-01 00:00", 70)]
    assert one(desk("2026-12-01", subscriptions=rows), "mrr_end")["value"] == 70


def order(number: int, customer: str | None, day: str, net: float, kind: str = "order", **more: Any) -> dict[str, Any]:
    return {
        "transaction_id": str(number),
        "customer_id": customer,
        "occurred_at": day,
        "kind": kind,
        "net": net,
        "currency": "EUR",
        **more,
    }


# October: a and b order twice, c, d and e once, somebody unknown once; f gets back what was paid in August.
ORDERS = [
    order(1, "f", "2026-08-10", 500, "invoice"),
    order(2, "a", "2026-10-01", 10),
    order(3, "a", "2026-10-31 23:59", 30),
    order(4, "b", "2026-10-05", 20),
    order(5, "b", "2026-10-09", 20),
    order(6, "b", "2026-10-12", -15, "refund"),
    order(7, "c", "2026-10-07", 100, currency="USD"),  # at a rate of 0.5
    order(8, "d", "2026-10-08", 0),
    order(9, "e", "2026-10-08", 50),
    order(10, None, "2026-10-20", 40),
    order(11, "f", "2026-10-21", -500, "credit"),
    order(12, "e", "2026-11-01", 1000),
]
SOLD = {
    "net_revenue": (220 - 515, 7, "EUR a month"),
    "orders": (8, 6, "orders"),
    "customers_ordering": (5, 5, "customers"),
    "average_order_value": (220 / 8, 6, "EUR"),
    "refund_share": (515 / 220, 7, "share"),
}


@pytest.mark.parametrize("name", SOLD)
def test_what_was_sold_and_came_back(desk: Lay, name: str) -> None:
    row = one(desk("2026-12-01", transactions=ORDERS), name)
    assert (row["value"], row["n"], row["unit"]) == (pytest.approx(SOLD[name][0]), *SOLD[name][1:])
    assert row["low"] <= row["value"] <= row["high"]


def test_a_refund_counts_in_the_month_in_which_it_happens(desk: Lay) -> None:
    rows = [
        order(1, "c1", "2026-09-10", 500, "invoice"),
        order(2, "c1", "2026-10-05", -500, "refund"),
        order(3, "c2", "2026-10-06", 300, "invoice"),
    ]
    snapshot = desk("2026-11-09", transactions=rows)
    assert [one(snapshot, "net_revenue", month)["value"] for month in OCTOBER.trailing(2)] == [500, -200]


def test_ordered_again_within_180_days(desk: Lay) -> None:
    # 180 days after 4 April to 4 May end in October
    rows = [
        order(1, "old", "2026-03-31", 1),  # of the first month of the data: may have ordered for years
        order(2, "in time", "2026-04-10", 1),
        order(3, "in time", "2026-10-07", 1),
        order(4, "late", "2026-04-10", 1),
        order(5, "late", "2026-10-08", 1),
        order(6, "same day", "2026-04-20 08:00", 1),
        order(7, "same day", "2026-04-20 20:00", 1),
        order(8, "never", "2026-05-04", 1),
        order(9, "returned", "2026-04-04", 1),
        order(10, "returned", "2026-04-05", -1, "refund"),
        order(11, "soon", "2026-04-30", 1),
        order(12, "soon", "2026-05-01", 1),
        order(13, "too young", "2026-05-05", 1),
        order(14, "too young", "2026-05-06", 1),
    ]
    row = one(desk("2026-12-01", transactions=rows), "repeat_purchase_rate")
    assert (row["value"], row["n"]) == (pytest.approx(2 / 6), 6)


def test_waits_in_working_hours_and_promises(desk: Lay) -> None:
    """The twelve tickets of October where work begins at half past eight and ends at five.

    Replies took 0, 0, 0, 10, 20, …, 70 working minutes; the eleventh was solved unanswered after 20; solutions took 30,
    90, …, 450, 510, 510 and 20.
    """
    office = {"name": "office", "zone": "UTC", "hours": [{"weekly": {"monday-friday": "08:30-17:00"}}]}
    promise = {"first_reply_minutes": 25, "resolution_minutes": 300}
    words = Definitions.model_validate({"calendar": [office], "service_level": [promise]})
    snapshot = desk("2026-12-01", definitions=words, tickets=_october())
    # of replies 9, 8 and 7 twelfths wait on; the eleventh drops out, and of the six left one is answered after 30
    assert one(snapshot, "first_reply_business_minutes_median")["value"] == pytest.approx(30)
    assert one(snapshot, "first_reply_business_minutes_p90")["value"] == pytest.approx(70)
    assert one(snapshot, "first_resolution_business_minutes_median")["value"] == pytest.approx(270)
    assert one(snapshot, "first_resolution_business_minutes_p90")["value"] == pytest.approx(510)
    replies, solutions = one(snapshot, "first_reply_in_time"), one(snapshot, "resolved_in_time")
    assert (replies["n"], replies["excluded"], replies["value"]) == (11, 1, pytest.approx(5 / 11))
    assert (solutions["n"], solutions["excluded"], solutions["value"]) == (12, 0, pytest.approx(6 / 12))


def test_the_backlog_by_age(desk: Lay) -> None:
    rows = [*_october(), ticket(13, "2026-10-28"), ticket(14, "2026-09-20"), ticket(15, "2026-10-24")]
    snapshot = desk("2026-12-01", tickets=rows)
    ages = ("backlog", "backlog_week_old", "backlog_month_old")
    assert [one(snapshot, name)["value"] for name in ages] == [4, 3, 1]
    assert [one(snapshot, name, Month(2026, 11))["value"] for name in ages] == [4, 4, 4]


def test_every_metric_has_a_hand_worked_case() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in METRICS if f'"{name}"' not in source] == []
