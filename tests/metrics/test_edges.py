"""What is told of months at the edges of the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from cxlib.exhibits import doubts, tiles
from cxlib.language import Language
from cxlib.metrics import METRICS
from cxlib.period import Month
from cxlib.workbook import Workbook

Lay = Callable[..., Any]
KEPT = ("logo_retention", "logo_churn_monthly", "gross_revenue_retention", "net_revenue_retention", "mrr_churn")
LEVEL = ("customers_active", "mrr_end", "mrr_new")


def term(customer: int, start: str, end: str | None = None, amount: float = 100.0) -> dict[str, Any]:
    return {
        "term_id": f"t{customer}-{start}",
        "subscription_id": f"t{customer}",
        "customer_id": f"c{customer}",
        "started_at": start,
        "ended_at": end,
        "monthly_amount": amount,
        "currency": "EUR",
    }


def book_of(snapshot: Any, month: Month) -> Workbook:
    return Workbook(snapshot, month, Language())


def flags(book: Workbook, *names: str) -> set[str]:
    return set(book.measure(*names)["flags"])


def test_survivors_tell_nothing_of_who_stayed(desk: Lay) -> None:
    # everybody in the file was a customer on 20 June 2024, when twenty of a hundred leave
    terms = [term(k, "2021-03-05", "2024-06-20" if k < 20 else None) for k in range(100)]
    snapshot = desk("2024-09-05T06:00", stated={}, subscriptions=terms)
    june, july = book_of(snapshot, Month(2024, 6)), book_of(snapshot, Month(2024, 7))
    assert flags(june, *KEPT) == {"not-covered"}
    assert june.measure(*KEPT, months=24)["value"].isna().all()
    assert july.estimate("logo_churn_monthly").value == 0
    assert flags(july, "logo_retention") == {"not-covered"}  # of those who paid in July 2023 some may have gone unseen
    shown = str(tiles(june, *KEPT))
    assert "Customers kept over twelve months cannot be given for June 2024. Nobody is seen leaving before" in shown
    assert "Nobody is seen leaving before 20 June 2024" in str(doubts(june, list(KEPT)))


def test_an_export_without_ends_tells_nothing_that_rests_on_them(desk: Lay) -> None:
    terms = [term(k, "2023-01-05") for k in range(40)]
    book = book_of(desk("2024-07-05T06:00", subscriptions=terms), Month(2024, 6))
    assert book.missing(*KEPT, *LEVEL) == ("subscriptions.ended_at",)


def test_a_month_in_which_nobody_began_is_a_month(desk: Lay) -> None:
    terms = [term(k, f"2023-{1 + k % 12:02d}-05", "2024-06-10" if k < 3 else None) for k in range(40)]
    book = book_of(desk("2024-07-05T06:00", stated={}, subscriptions=terms), Month(2024, 6))
    assert [book.estimate(name).value for name in LEVEL] == [37, 3700, 0]


def test_in_the_first_month_of_the_data_nobody_is_new(desk: Lay) -> None:
    terms = [term(k, "2024-01-01", "2024-03-10" if k == 9 else None) for k in range(10)]
    snapshot = desk("2024-07-05T06:00", stated={}, subscriptions=terms)
    assert flags(book_of(snapshot, Month(2024, 1)), "mrr_new", "mrr_start") == {"not-covered"}
    assert book_of(snapshot, Month(2024, 4)).estimate("mrr_new").value == 0


def test_no_ticket_in_a_covered_month_is_none_not_unknown(desk: Lay) -> None:
    days = [f"2026-{month}-{day:02d}" for month in ("07", "09") for day in range(1, 9)]
    rows = [{"ticket_id": day, "created_at": f"{day} 09:00", "last_solved_at": f"{day} 11:00"} for day in days]
    book = book_of(desk("2026-11-09T06:00", tickets=rows), Month(2026, 10))
    created = book.measure("tickets_created", months=5)
    assert created["value"].fillna(-1).tolist() == [-1, 8, 0, 8, 0]
    assert created["flags"].iloc[0] == "not-covered"
    assert book.measure("backlog", months=4)["value"].tolist() == [0, 0, 0, 0]


def test_what_lies_after_the_cut_of_a_table_is_not_told_and_nothing_looks_past_it(desk: Lay) -> None:
    daily = pd.date_range("2024-01-01 09:00", "2024-05-30 09:00", freq="D")
    rows = [{"ticket_id": str(k), "created_at": day, "last_solved_at": day} for k, day in enumerate(daily)]
    uses = [
        {"customer_id": "c", "user_id": "c", "day": day.date()} for day in pd.date_range("2024-01-01", "2024-07-02")
    ]
    snapshot = desk("2024-07-03T06:00", tickets=rows, usage_daily=uses)
    june, may = book_of(snapshot, Month(2024, 6)), book_of(snapshot, Month(2024, 4))
    assert flags(june, "tickets_created", "backlog") == {"not-covered"}
    assert june.cut == pd.Timestamp("2024-05-31 09:00")
    assert may.estimate("tickets_created").value == 30
    assert may.cut == pd.Timestamp("2024-05-01")
    assert "The tickets are cut after 30 May 2024" in str(doubts(june, ["tickets_created"]))


def test_a_month_that_has_not_ended_is_not_told(desk: Lay) -> None:
    rows = [{"ticket_id": day, "created_at": f"2026-{day} 09:00"} for day in ("09-02", "10-02", "11-02")]
    book = book_of(desk("2026-11-09T06:00", tickets=rows), Month(2026, 11))
    assert flags(book, "tickets_created") == {"not-covered"}


@pytest.mark.parametrize("clockless", ["created_at", "first_public_reply_at"])
def test_days_without_a_clock_give_no_minutes(desk: Lay, clockless: str) -> None:
    rows = [
        {"ticket_id": str(k), "created_at": f"2026-10-{k + 1:02d}", "first_public_reply_at": f"2026-10-{k + 2:02d}"}
        for k in range(9)
    ]
    snapshot = replace(desk("2026-11-09T06:00", tickets=rows), clockless=(f"tickets.{clockless}",))
    book = book_of(snapshot, Month(2026, 10))
    assert book.missing("first_reply_calendar_minutes_median") == (f"clock of tickets.{clockless}",)
    assert "answered_rate" in book.available(*METRICS)  # a week is told by days as well
