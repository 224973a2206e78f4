"""From when to when tables can be believed, against cases worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from cxlib.coverage import Coverage, coverage_of, last_covered_month
from cxlib.engine import Engine, Part
from cxlib.language import Language
from cxlib.period import Month

Lay = Callable[..., Any]
JANUARY = datetime(2024, 1, 1)


def covered(snapshot: Any) -> dict[str, Coverage]:
    with Engine(snapshot) as engine:
        return coverage_of(engine)


def tickets(moments: pd.DatetimeIndex, solved_after: str | None = None) -> list[dict[str, Any]]:
    return [
        {
            "ticket_id": str(number),
            "created_at": moment,
            "last_solved_at": moment + pd.Timedelta(solved_after) if solved_after else None,
        }
        for number, moment in enumerate(moments)
    ]


def term(customer: int, start: str, end: str | None = None) -> dict[str, Any]:
    return {
        "term_id": f"{customer}-{start}",
        "customer_id": f"c{customer}",
        "started_at": start,
        "ended_at": end,
        "monthly_amount": 10.0,
        "currency": "EUR",
    }


def test_a_table_that_falls_silent_for_longer_than_ever_was_cut(desk: Lay) -> None:
    daily = pd.date_range("2024-01-01 09:00", "2024-05-27 09:00", freq="D")
    found = covered(desk("2024-07-03T06:00", tickets=tickets(daily)))["tickets"]
    # the longest pause is a day: until a day later nothing is unusual
    assert (found.believed_until, found.ends) == (datetime(2024, 5, 28, 9), "pause")
    assert found.sentences(Language(), "UTC") == [
        "The tickets are cut after 27 May 2024: nothing follows until the export, longer than any pause before."
    ]


@pytest.mark.parametrize(
    "moments",
    [
        pd.to_datetime(["2024-03-05"]),  # one case
        pd.date_range("2024-03-01", "2024-03-30", freq="D"),  # one wave
        pd.date_range("2024-01-05", "2024-03-22", freq="W"),  # few cases: a month of silence can come by chance
        pd.DatetimeIndex([*pd.date_range("2023-08-01", "2023-09-20"), *pd.date_range("2024-03-01", "2024-05-10")]),
        pd.date_range("2023-10-01", "2024-05-15", freq="5D"),
    ],
    ids=["one", "wave", "few", "waves half a year apart", "a shop with an order every five days"],
)
def test_silence_of_a_sparse_table_says_nothing(desk: Lay, moments: pd.DatetimeIndex) -> None:
    found = covered(desk("2024-06-03T06:00", tickets=tickets(moments)))["tickets"]
    assert (found.believed_until, found.ends) == (datetime(2024, 6, 3, 6), "")


@pytest.mark.parametrize("whole", [(None, datetime(2024, 7, 1)), (datetime(2024, 2, 1), None)])
def test_what_the_owner_states_is_believed(desk: Lay, whole: tuple[datetime | None, datetime | None]) -> None:
    daily = pd.date_range("2024-01-01 09:00", "2024-05-27 09:00", freq="D")
    found = covered(desk("2024-07-03T06:00", stated={"tickets": whole}, tickets=tickets(daily)))["tickets"]
    begins, ends = whole
    assert found.believed_from == (begins or datetime(2024, 1, 1, 9))
    assert found.believed_until == (ends or datetime(2024, 5, 28, 9))
    assert (found.begins, found.ends) == (("stated-begin", "pause") if begins else ("", "stated-end"))


def monthly(counts: dict[str, int]) -> pd.DatetimeIndex:
    parts = [pd.date_range(month, periods=n, freq=pd.Timedelta(days=28) / n) for month, n in counts.items()]
    return pd.DatetimeIndex([moment for part in parts for moment in part])


def test_a_log_cut_by_the_date_of_closing_rises_and_falls_in_a_step(desk: Lay) -> None:
    counts = {"2016-02-01": 17, "2016-03-01": 800, "2016-04-01": 790, "2016-05-01": 760, "2016-06-01": 20}
    counts |= {f"2016-{month:02d}-01": 5 for month in range(7, 13)}
    found = covered(desk("2017-01-10", tickets=tickets(monthly(counts), "2h")))["tickets"]
    assert (found.believed_from, found.begins) == (datetime(2016, 3, 1), "ramp-begin")
    assert (found.believed_until, found.ends) == (datetime(2016, 6, 1), "ramp-end")


def test_cases_that_all_close_in_one_month_begin_there(desk: Lay) -> None:
    # the export of what was closed in March: of January and February only what had stayed open
    early, march = monthly({"2024-01-01": 180, "2024-02-01": 420}), monthly({"2024-03-01": 600})
    rows = tickets(early.append(march), "1h")
    for row in rows:
        row["last_solved_at"] = max(row["last_solved_at"], pd.Timestamp("2024-03-02"))
    found = covered(desk("2024-04-02", tickets=rows))["tickets"]
    assert (found.believed_from, found.begins) == (datetime(2024, 3, 1), "ramp-begin")


def test_a_month_that_stands_out_is_no_step(desk: Lay) -> None:
    counts = {f"2024-{month:02d}-01": 100 for month in range(1, 13)} | {"2024-06-01": 700}
    found = covered(desk("2025-01-01T06:00", tickets=tickets(monthly(counts), "2h")))["tickets"]
    assert (found.begins, found.ends) == ("", "")


def test_a_month_is_named_where_everything_ended_long_ago(desk: Lay) -> None:
    daily = pd.date_range("2023-01-01 09:00", "2023-05-31 22:00", freq="D")
    snapshot = desk("2024-07-03T06:00", tickets=tickets(daily))
    assert last_covered_month(covered(snapshot), snapshot.as_of, "UTC") == Month(2023, 5)


@pytest.mark.parametrize("growth", [1.3, 0.8])
def test_growth_and_decline_are_no_step(desk: Lay, growth: float) -> None:
    counts = {
        f"{day:%Y-%m-%d}": round(900 * growth ** (k - 11))
        for k, day in enumerate(pd.date_range("2023-01-01", periods=12, freq="MS"))
    }
    found = covered(desk("2024-01-01T06:00", tickets=tickets(monthly(counts), "2h")))["tickets"]
    assert (found.begins, found.ends) == ("", "")


def test_nobody_is_seen_leaving_before_the_first_who_is(desk: Lay) -> None:
    terms = [term(k, "2020-01-05", "2024-03-20" if k < 20 else None) for k in range(100)]
    found = covered(desk("2024-07-05T06:00", stated={}, subscriptions=terms))["subscriptions.ended_at"]
    assert (found.believed_from, found.begins) == (datetime(2024, 3, 20), "survivors")
    nobody = covered(desk("2024-07-05T06:00", stated={}, folder="b", subscriptions=terms[20:]))
    assert nobody["subscriptions.ended_at"].begins == "nobody-leaves"


def test_terms_that_all_end_with_the_file_are_cut(desk: Lay) -> None:
    # bills of a month, the last of August
    months = pd.date_range("2024-01-01", "2024-08-01", freq="MS")
    bills = [
        term(k, f"{day:%Y-%m-%d}", f"{day + pd.DateOffset(months=1):%Y-%m-%d}") for day in months for k in range(30)
    ]
    snapshot = desk("2024-11-09T06:00", stated={}, subscriptions=bills)
    found = covered(snapshot)
    assert (found["subscriptions"].believed_until, found["subscriptions"].ends) == (datetime(2024, 9, 1), "all-end")
    assert last_covered_month(found, snapshot.as_of, "UTC") == Month(2024, 8)


def test_the_default_month_waits_for_every_table_but_one_that_ended_long_ago(desk: Lay) -> None:
    daily = pd.date_range("2024-01-01 09:00", "2024-05-27 09:00", freq="D")
    uses = [
        {"customer_id": "c", "user_id": "c", "day": day.date()} for day in pd.date_range("2024-01-01", "2024-11-08")
    ]
    soon = desk("2024-07-03T06:00", tickets=tickets(daily))
    assert last_covered_month(covered(soon), soon.as_of, "UTC") == Month(2024, 4)  # May ends on the 27th
    late = desk("2024-11-09T06:00", folder="late", tickets=tickets(daily), usage_daily=uses)
    assert last_covered_month(covered(late), late.as_of, "UTC") == Month(2024, 10)


def test_a_part_of_the_customers_is_covered_as_the_whole_is(desk: Lay) -> None:
    daily = pd.date_range("2024-01-01 09:00", "2024-05-27 09:00", freq="D")
    rows = [{**row, "region": "North" if number else "South"} for number, row in enumerate(tickets(daily))]
    snapshot = desk("2024-07-03T06:00", tickets=rows)
    with Engine(snapshot, parts=[Part("region", ("South",))]) as engine:
        assert coverage_of(engine) == covered(snapshot)
