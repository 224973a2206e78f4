"""Stretches of paying and their months, against cases worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pandas as pd

from cxlib.engine import Engine

Lay = Callable[..., Any]


def term(name: str, customer: str, start: str, end: str | None, amount: float = 100, **more: Any) -> dict[str, Any]:
    return {
        "term_id": name,
        "subscription_id": name,
        "customer_id": customer,
        "started_at": start,
        "ended_at": end,
        "monthly_amount": amount,
        "currency": "EUR",
        **more,
    }


def rows(desk: Lay, fact: str, **tables: Any) -> pd.DataFrame:
    with Engine(desk("2026-12-01", stated={}, **tables)) as engine:
        return engine.frame(f"SELECT * FROM {engine.fact(fact)}")


def spells(desk: Lay, *terms: dict[str, Any]) -> pd.DataFrame:
    found = rows(desk, "customer_spell", subscriptions=terms)
    return found.sort_values(["customer_id", "spell"]).reset_index(drop=True)


def test_terms_with_small_gaps_and_overlaps_are_one_stretch(desk: Lay) -> None:
    found = spells(
        desk,
        term("a1", "a", "2025-01-01", "2025-03-01", 50),
        term("a2", "a", "2025-02-01", "2025-06-01", 70, end_reason="migration"),
        term("a3", "a", "2025-07-02", "2025-09-01", 90, end_reason="voluntary"),  # 31 days later: late, not gone
    )
    assert len(found) == 1
    one = found.iloc[0]
    assert (one["started_at"], one["ended_at"]) == (datetime(2025, 1, 1), datetime(2025, 9, 1))
    assert (one["first_mrr"], one["last_mrr"], one["end_reason"]) == (50, 90, "voluntary")


def test_a_longer_gap_begins_another_stretch(desk: Lay) -> None:
    found = spells(
        desk,
        term("a1", "a", "2025-01-01", "2025-03-01", end_reason="payment"),
        term("a2", "a", "2025-04-02", None),  # 32 days
    )
    assert found["spell"].tolist() == [1, 2]
    assert found["end_reason"].tolist()[0] == "payment"
    assert found["ended_at"].isna().tolist() == [False, True]


def test_an_end_that_lies_after_the_export_has_not_happened(desk: Lay) -> None:
    found = spells(desk, term("a1", "a", "2025-01-01", "2027-01-01", end_reason="voluntary"))
    assert found["ended_at"].isna().all()
    assert found["end_reason"].isna().all()


def test_free_terms_are_no_paying(desk: Lay) -> None:
    assert spells(desk, term("a1", "a", "2025-01-01", None, 0)).empty


def test_nobody_is_observed_before_the_first_who_is_lost_for_good(desk: Lay) -> None:
    found = spells(
        desk,
        # came back: its first end says nothing of how long the export looks back
        term("a1", "a", "2019-01-01", "2020-01-01"),
        term("a2", "a", "2021-01-01", None),
        term("b1", "b", "2020-06-01", "2024-05-01"),
        term("c1", "c", "2024-08-01", None),
    ).set_index(["customer_id", "spell"])["observed_from"]
    assert pd.isna(found["a", 1])
    assert found["a", 2] == datetime(2024, 5, 1)
    assert pd.isna(found["b", 1])  # it marks the beginning of what can be seen, and is over then
    assert found["c", 1] == datetime(2024, 8, 1)


def test_months_of_a_customer(desk: Lay) -> None:
    found = rows(
        desk,
        "customer_month",
        subscriptions=[
            term("a1", "a", "2026-06-15", "2026-09-10", 50, quantity=5, end_reason="voluntary"),
            term("b1", "b", "2024-01-31", None, 80),
            term("z1", "z", "2024-01-01", "2024-02-15", 10),
        ],
        tickets=[
            {"ticket_id": "1", "customer_id": "a", "created_at": "2026-07-03", "is_complaint": True},
            {
                "ticket_id": "2",
                "customer_id": "a",
                "created_at": "2026-07-09",
                "first_solved_at": "2026-07-10",
                "last_solved_at": "2026-07-12",
                "satisfaction": "bad",
            },
            {
                "ticket_id": "3",
                "customer_id": "a",
                "created_at": "2026-07-19",
                "first_solved_at": "2026-07-20",
                "last_solved_at": "2026-07-20",
                "satisfaction": "offered",
            },
        ],
    )
    mine = found[found["customer_id"] == "a"].sort_values("month").reset_index(drop=True)
    assert [str(month.date()) for month in mine["month"]] == ["2026-06-01", "2026-07-01", "2026-08-01", "2026-09-01"]
    assert mine["began_in_month"].tolist() == [True, False, False, False]
    assert mine["tenure_months"].tolist() == [0, 0, 1, 2]
    assert mine["ended_in_month"].tolist() == [False, False, False, True]
    assert mine["mrr_start"].tolist() == [0, 50, 50, 50]
    assert mine["mrr_end"].tolist() == [50, 50, 50, 0]
    assert mine["tickets"].tolist() == [0, 3, 0, 0]
    assert mine["complaints"].tolist() == [0, 1, 0, 0]
    assert mine["bad_tickets"].tolist() == [0, 1, 0, 0]
    assert mine["is_observed"].all()
    other = found[found["customer_id"] == "b"].set_index("month")
    # begun on the 31st: on 1 March only one whole month has passed
    assert other.loc["2024-03-01", "tenure_months"] == 1
    assert not other.loc["2024-02-01", "is_observed"]
    assert other.loc["2024-03-01", "is_observed"]
    assert str(found["month"].max().date()) == "2026-11-01"
