"""Rated tickets and what may have driven the rating, against cases worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from cxlib.engine import Engine

Lay = Callable[..., Any]


def ticket(name: str, asked: str, **more: Any) -> dict[str, Any]:
    return {"ticket_id": name, "customer_id": "a", "created_at": asked, "satisfaction": "good", **more}


def rows(desk: Lay, *tickets: dict[str, Any]) -> pd.DataFrame:
    with Engine(desk("2026-12-01", tickets=tickets)) as engine:
        return engine.frame(f"SELECT * FROM {engine.fact('rated_ticket')} ORDER BY ticket_id").set_index("ticket_id")


def test_only_tickets_asked_about_or_rated_are_in(desk: Lay) -> None:
    found = rows(
        desk,
        ticket("good", "2026-01-05 09:00"),
        ticket("bad", "2026-01-05 09:00", satisfaction="bad"),
        ticket("offered", "2026-01-05 09:00", satisfaction="offered", satisfaction_score=3.0),
        ticket("not asked", "2026-01-05 09:00", satisfaction="not_offered"),
        ticket("not said", "2026-01-05 09:00", satisfaction=None),
        ticket("bot", "2026-01-05 09:00", is_bot_only=True),
    )
    assert found["is_rated"].to_dict() == {"bad": True, "good": True, "offered": False}
    assert found["score"].isna().all()  # a score without a rating is none


def test_waits_that_were_not_seen_are_empty(desk: Lay) -> None:
    found = rows(
        desk,
        ticket(
            "answered", "2026-01-05 09:00", first_public_reply_at="2026-01-05 09:30", first_solved_at="2026-01-05 11:00"
        ),
        ticket(
            "at once", "2026-01-05 09:00", first_public_reply_at="2026-01-05 09:30", first_solved_at="2026-01-05 09:20"
        ),
        ticket("nobody", "2026-01-05 09:00", first_solved_at="2026-01-06 09:00"),
        ticket("lost", "2026-01-05 09:00", first_reply_unknown=True, first_solved_at="2026-01-06 09:00"),
        ticket("written", "2026-01-05 09:00", is_outbound=True, first_public_reply_at="2026-01-05 09:30"),
    )
    assert found["reply"].to_dict() == {
        "answered": "answered",
        "at once": "answered",
        "lost": "unknown",
        "nobody": "unanswered",
        "written": "unknown",
    }
    assert found["first_reply_minutes"].dropna().to_dict() == {"answered": 30, "at once": 30}
    assert found["reply_to_solution_minutes"].dropna().to_dict() == {"answered": 90, "at once": 0}


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("2026-01-05 00:00", "weekday 0"),  # a Monday
        ("2026-01-09 23:59", "weekday 3"),
        ("2026-01-10 00:00", "weekend 0"),
        ("2026-01-11 12:00", "weekend 2"),
        ("2020-02-29 17:59", "weekend 2"),  # a Saturday
        ("2020-03-02 06:00", "weekday 1"),
    ],
)
def test_part_of_the_week(desk: Lay, asked: str, part: str) -> None:
    assert rows(desk, ticket("one", asked))["asked_in"].tolist() == [part]


def test_the_rating_before_is_of_the_same_customer_and_was_there_before_the_question(desk: Lay) -> None:
    found = rows(
        desk,
        ticket("1", "2026-01-05", satisfaction="bad", rated_at="2026-01-06"),
        ticket("2", "2026-01-07", satisfaction="offered"),
        ticket("3", "2026-01-08", rated_at="2026-01-20"),
        ticket("4", "2026-01-12", rated_at="2026-01-13"),  # asked while the third was not rated yet
        ticket("5", "2026-02-01", satisfaction="bad"),
        ticket("6", "2026-01-15", customer_id="b"),
        ticket("7", "2026-01-15", customer_id=None),
        ticket("8", "2026-01-16", customer_id=None),
    )
    assert found["previous_rated_good"].dropna().to_dict() == {"3": False, "5": True}
