"""A business without subscriptions: what its pages show, and what they cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.engine import Engine
from cxlib.errors import UntoldError
from cxlib.exhibits import missing
from cxlib.language import Language
from cxlib.notebook import Study, run
from cxlib.period import Month
from cxlib.studies import repeat_purchase
from cxlib.workbook import Workbook

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
Lay = Callable[..., Any]


def order(number: int, customer: str, day: object, net: float = 20, kind: str = "order") -> dict[str, Any]:
    return {
        "transaction_id": str(number),
        "customer_id": customer,
        "occurred_at": str(day),
        "kind": kind,
        "net": net,
        "currency": "EUR",
    }


def shop() -> list[dict[str, Any]]:
    """Return an order every five days of 2024 by the next of twenty-five customers, so each is back after 125 days."""
    days = pd.date_range("2024-01-01", "2024-10-22", freq="5D")
    return [order(k, f"c{k % 25}", day, 20 + k % 7) for k, day in enumerate(days)]


def page(desk: Lay, name: str, rows: list[dict[str, Any]]) -> Study:
    book = Workbook(desk("2024-11-05", transactions=rows), Month(2024, 10), Language())
    with book.engine:
        return run(NOTEBOOKS / f"{name}.ipynb", book)


@pytest.mark.slow
def test_the_monthly_review_of_a_shop_has_figures(desk: Lay) -> None:
    rows = [*shop(), order(99, "c9", "2024-10-30", -23, "refund")]
    shown = page(desk, "monthly_review", rows)
    tiles = shown.exhibits["tiles"].frame.set_index("label")["value"]
    assert tiles["Net revenue of the month"] == 26 + 20 + 21 + 22 + 23 - 23
    assert (tiles["Orders"], tiles["Customers who ordered"]) == (5, 5)
    assert tiles["Average order"] == pytest.approx(112 / 5)
    assert tiles["Refunds and credits over sales"] == pytest.approx(23 / 112)
    # April 5 to 30: six customers, each back after 125 days
    assert tiles["Ordered again within 180 days"] == 1
    table = shown.exhibits["cohorts"].frame
    assert table.index.tolist() == ["April 2024", "March 2024", "February 2024"]
    assert table["Customers"].tolist() == [6, 7, 5]
    assert [one.value for one in table["90 days"]] == [0, 0, 0]
    assert [one.value for one in table["180 days"]] == [1, 1, 1]
    assert table["365 days"].isna().all()
    assert not any("rders with their day" in reason for reason in shown.untold)


@pytest.mark.slow
def test_the_page_on_success_follows_those_who_ordered(desk: Lay) -> None:
    curve = page(desk, "customer_success", shop()).exhibits["ordered-again"].frame.set_index("x")["value"]
    assert curve[119] == 0
    assert curve[126] == 1


def test_without_orders_one_sentence_names_what_is_missing(desk: Lay) -> None:
    book = Workbook(desk("2024-11-05", tickets=[]), Month(2024, 10), Language())
    with pytest.raises(UntoldError, match="Orders with their day and customer would tell; no export brings trans"):
        repeat_purchase.read(book)
    names = ("net_revenue", "orders", "mrr_end", "refund_share")
    assert missing(book, *names).text.splitlines() == [
        "Net revenue of the month; Orders; Refunds and credits over sales cannot be given: no export brings "
        "transactions.",
        "Recurring revenue at the end cannot be given: no export brings subscriptions.",
    ]


def test_who_ordered_in_the_first_month_alone_tells_nothing(desk: Lay) -> None:
    rows = [order(k, f"c{k}", "2024-08-10") for k in range(40)]
    with pytest.raises(UntoldError, match="first ordered after the first month of the data"):
        repeat_purchase.read(Workbook(desk("2024-11-05", transactions=rows), Month(2024, 10), Language()))


def test_a_cohort_of_four_is_withheld(desk: Lay) -> None:
    rows = [order(0, "old", "2024-01-01"), *(order(k, f"c{k}", "2024-02-10") for k in range(1, 5))]
    book = Workbook(desk("2024-11-05", transactions=rows), Month(2024, 10), Language())
    n, one = repeat_purchase.cohorts(book, repeat_purchase.read(book), (30,), 24)["February 2024"]
    assert n == "n < 5"
    assert one.flags == ("suppressed",)
    assert np.isnan(one.value)


def test_one_day_is_a_day_of_the_reporting_time_zone(desk: Lay) -> None:
    # in Istanbul 02:00 and 23:00 of 10 May, and 01:00 of 11 May
    rows = [
        order(1, "old", "2024-04-01 12:00"),
        order(2, "a", "2024-05-09 23:00"),
        order(3, "a", "2024-05-10 20:00"),
        order(4, "b", "2024-05-10 20:00"),
        order(5, "b", "2024-05-10 22:00"),
    ]
    with Engine(desk("2024-11-05", time_zone="Europe/Istanbul", transactions=rows)) as engine:
        found = engine.frame(f"SELECT customer_id, second_day FROM {engine.fact('first_order')}")
    assert found.set_index("customer_id")["second_day"].notna().to_dict() == {"old": False, "a": False, "b": True}
