"""Answers of one person to one question, and ratings on scales of their own."""

from __future__ import annotations

import pytest

from cxlib.errors import SourceError
from cxlib.exhibits import how_made
from cxlib.language import Language
from cxlib.period import Month
from cxlib.workbook import Workbook
from sources.drop import Drop

SURVEY = """
[[export]]
name = "own"
path = "answers.csv"
table = "survey_answers"
time_zone = "UTC"
[export.columns]
answer_id = "id"
survey = "survey"
instrument = {{ value = "{instrument}" }}
score = "score"
scale_min = {{ value = 0 }}
scale_max = {{ value = 10 }}
completed_at = "at"
customer_id = "who"
{more}
"""
HEADER = "id,survey,who,score,at,wave,touchpoint,invite,mail"
MORE = 'wave = "wave"\ntouchpoint = "touchpoint"\ninvite_id = "invite"\nemail_key = "mail"'


def kept(drop: Drop, *rows: str, more: str = MORE) -> list[str]:
    """Return the answers that count, of rows `survey,who,score,at,wave,touchpoint,invite,mail`, numbered from 1."""
    lines = [f"{number},{row}" for number, row in enumerate(rows, 1)]
    drop.file("answers.csv", "\n".join([HEADER, *lines]) + "\n")
    drop.toml(SURVEY.format(instrument="nps", more=more))
    snapshot = drop.build()
    [entry] = snapshot.ledger
    left = sorted(drop.table("survey_answers", snapshot)["answer_id"])
    assert entry.rejected == ({"answered again": len(rows) - len(left)} if len(left) < len(rows) else {})
    return left


def test_the_last_answer_of_a_person_counts_without_a_rule(drop: Drop) -> None:
    # eight people, two of whom answered twice: 4 promoters and 1 detractor, not 5 and 2 of 10
    scores = ["c1,3", "c1,10", "c2,10", "c2,2", "c3,9", "c4,9", "c5,8", "c6,8", "c7,7", "c8,10"]
    rows = [f"r,{score},2026-10-{day:02} 10:00,2026-10,,," for day, score in enumerate(scores, 1)]
    assert kept(drop, *rows) == ["10", "2", "4", "5", "6", "7", "8", "9"]
    book = Workbook(drop.build(), Month(2026, 10), Language())
    score = book.estimate("nps_relationship")
    assert (score.value, score.n) == (37.5, 8)
    told = how_made(book, "nps_relationship").text
    assert "Answered again: 2 answers of all months, left out." in told


@pytest.mark.parametrize(
    ("what", "rows", "left"),
    [
        ("a wave is one round, whatever its invitations", ["s,a,1,{1},w1,,i1,", "s,a,2,{2},w1,,i2,"], ["2"]),
        ("the next wave is another", ["s,a,1,{1},w1,,,", "s,a,2,{2},w2,,,"], ["1", "2"]),
        ("another survey is another", ["s,a,1,{1},w1,,,", "t,a,2,{2},w1,,,"], ["1", "2"]),
        ("without a wave one invitation is one round", ["s,a,1,2026-10-30,,,i1,", "s,a,2,2026-11-02,,,i1,"], ["2"]),
        ("and the next invitation another", ["s,a,1,{1},,,i1,", "s,a,2,{2},,,i2,"], ["1", "2"]),
        ("without either the month is a round", ["s,a,1,{1},,,,", "s,a,2,{2},,,,", "s,a,3,2026-09-30,,,,"], ["2", "3"]),
        # half past midnight in Istanbul
        ("the month in the reporting zone", ["s,a,1,2026-09-30 21:30,,,,", "s,a,2,{2},,,,"], ["2"]),
        ("each contact is asked about", ["s,a,1,{1},,call,,", "s,a,2,{2},,call,,"], ["1", "2"]),
        ("in one wave too", ["s,a,1,{1},w1,call,i1,", "s,a,2,{2},w1,call,i2,"], ["1", "2"]),
        ("but once", ["s,a,1,{1},,call,i1,", "s,a,2,{2},,call,i1,"], ["2"]),
        (
            "two people of one customer are two",
            ["s,a,1,{1},w1,,,x@a.example", "s,a,2,{2},w1,,,y@a.example"],
            ["1", "2"],
        ),
        ("one address is one person", ["s,a,1,{1},w1,,,x@a.example", "s,a,2,{2},w1,,,X@a.example"], ["2"]),
        ("nobody known is nobody twice", ["s,,1,{1},w1,,,", "s,,2,{2},w1,,,"], ["1", "2"]),
        ("a blank is no answer", ["s,a,1,{1},w1,,,", "s,a,,{2},w1,,,"], ["1"]),
        ("two of one moment are one", ["s,a,1,{1},w1,,,", "s,a,2,{1},w1,,,"], ["2"]),
    ],
)
def test_what_one_round_is(drop: Drop, what: str, rows: list[str], left: list[str]) -> None:
    days = [row.replace("{1}", "2026-10-01 10:00").replace("{2}", "2026-10-05 10:00") for row in rows]
    assert kept(drop, *days) == left, what


def test_each_question_of_a_survey_is_answered(drop: Drop) -> None:
    drop.file("answers.csv", f"{HEADER}\n1,s,a,1,2026-10-01,w1,,,\n2,s,a,3,2026-10-02,w1,,,\n")
    second = SURVEY.format(instrument="problem", more=MORE).replace('"own"', '"problems"')
    drop.toml(SURVEY.format(instrument="nps", more=MORE) + second.replace("table = ", 'prefix = "p-"\ntable = '))
    answers = drop.table("survey_answers")
    assert sorted(answers["answer_id"]) == ["2", "p-2"]


def rated(drop: Drop, columns: str, *rows: str) -> list[object]:
    lines = [f"{number},2026-10-01T10:00:00Z,{row}" for number, row in enumerate(rows, 1)]
    drop.file("desk.csv", "Id,Created,Rating,Score\n" + "\n".join(lines) + "\n")
    drop.tickets(columns=columns)
    return (
        drop.table().sort_values("ticket_id")["satisfaction"].astype(object).where(lambda s: s.notna(), None).tolist()
    )


SCALE = """satisfaction_score = "Score"
satisfaction_scale_min = {{ value = {low} }}
satisfaction_scale_max = {{ value = {high} }}
"""


@pytest.mark.parametrize(
    ("low", "high", "scores", "ratings"),
    [
        (1, 5, [1, 2, 3, 4, 5], ["bad", "bad", "neutral", "good", "good"]),
        (1, 4, [1, 2, 3, 4], ["bad", "bad", "good", "good"]),
        (1, 3, [1, 2, 3], ["bad", "neutral", "good"]),
        (0, 10, [2, 3, 7, 8], ["bad", "neutral", "neutral", "good"]),
        (0, 100, [0, 100], [None, None]),  # no usual top box
    ],
)
def test_a_score_on_a_known_scale_rates_a_ticket(
    drop: Drop, low: int, high: int, scores: list[int], ratings: list[str | None]
) -> None:
    assert rated(drop, SCALE.format(low=low, high=high), *(f",{score}" for score in scores), ",") == [*ratings, None]
    snapshot = drop.build()
    counted = sum(rating is not None for rating in ratings)
    said = f"tickets: {counted} empty ratings filled from the score on its scale"
    assert (said in snapshot.notes) == (counted > 0)
    assert ("satisfaction" in snapshot.columns["tickets"]) == (counted > 0)


def test_a_rating_that_the_export_has_stands(drop: Drop) -> None:
    columns = 'satisfaction = "Rating"\n' + SCALE.format(low=1, high=5)
    assert rated(drop, columns, "bad,4", "offered,", ",5") == ["bad", "offered", "good"]


def test_a_score_off_its_scale_is_a_problem(drop: Drop) -> None:
    with pytest.raises(SourceError, match="1 row: satisfaction_score lies outside its scale"):
        rated(drop, SCALE.format(low=1, high=5), ",4", ",0")
