"""Waits in working hours, and promises kept, broken and still running, on tickets worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from cxlib.definitions import Definitions
from cxlib.engine import Engine
from cxlib.language import Language
from cxlib.period import Month
from cxlib.workbook import Workbook

Lay = Callable[..., Any]

WEEKDAYS = {"monday-friday": "09:00-17:00"}


def calendar(zone: str = "UTC", weekly: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": more.pop("name", zone), "zone": zone, "hours": [{"weekly": weekly or WEEKDAYS}], **more}


def said(*calendars: dict[str, Any], **more: Any) -> Definitions:
    return Definitions.model_validate({"calendar": calendars, **more})


def clocks(desk: Lay, definitions: Definitions, *tickets: dict[str, Any], **tables: Any) -> pd.DataFrame:
    rows = [{"ticket_id": str(number), **row} for number, row in enumerate(tickets, 1)]
    with Engine(desk("2026-12-01", tickets=rows, definitions=definitions, **tables)) as engine:
        return engine.frame(f"SELECT * FROM {engine.fact('ticket_clock')} ORDER BY CAST(ticket_id AS INTEGER)")


def replied(created: str, at: str, **more: Any) -> dict[str, Any]:
    return {"created_at": created, "first_public_reply_at": at, **more}


def minutes(desk: Lay, definitions: Definitions, *tickets: dict[str, Any], **tables: Any) -> list[float]:
    return clocks(desk, definitions, *tickets, **tables)["first_reply_business_minutes"].tolist()


def test_nights_weekends_and_the_hours_outside_do_not_count(desk: Lay) -> None:
    # 2 October 2026 is a Friday
    rows = (
        replied("2026-10-02 10:00", "2026-10-02 10:25"),
        replied("2026-10-02 16:30", "2026-10-05 09:30"),  # half an hour on Friday, half an hour on Monday
        replied("2026-10-03 12:00", "2026-10-05 09:01"),  # asked on Saturday: from Monday 09:00 on
        replied("2026-10-03 12:00", "2026-10-04 12:00"),  # asked and answered while nobody works
        replied("2026-10-01 20:00", "2026-10-06 20:00"),  # Friday, Monday, Tuesday
    )
    assert minutes(desk, said(calendar()), *rows) == [25, 60, 1, 0, 3 * 480]


def test_clocks_that_are_set_take_no_working_hour_away_and_give_none(desk: Lay) -> None:
    """Summer time began in Berlin on Sunday 29 March 2026 at 01:00 UTC and ended on 25 October."""
    always = calendar("Europe/Berlin", {"monday-sunday": "00:00-24:00"})
    days = calendar("Europe/Berlin")
    march = replied("2026-03-27 15:30", "2026-03-30 07:30")  # Friday 16:30 to Monday 09:30 in Berlin
    october = replied("2026-10-23 14:30", "2026-10-26 08:30")  # the same in October
    night = replied("2026-03-28 23:00", "2026-03-29 22:00")  # that Sunday from midnight to midnight: 23 hours
    assert minutes(desk, said(days), march, october) == [60, 60]
    assert minutes(desk, said(always), night, folder="always") == [23 * 60]


def test_a_change_of_hours_counts_from_its_day_on(desk: Lay) -> None:
    hours = [
        {"weekly": WEEKDAYS},
        {"valid_from": "2026-10-06", "weekly": {"monday-friday": "10:00-12:00, 13:00-15:00"}},
    ]
    changed = {**calendar(), "hours": hours}
    # Monday 16:00 to Wednesday 13:30: one hour, four on Tuesday, two and a half on Wednesday
    assert minutes(desk, said(changed), replied("2026-10-05 16:00", "2026-10-07 13:30")) == [60 + 240 + 150]
    later = {**calendar(), "hours": hours[1:]}
    assert minutes(desk, said(later), replied("2026-10-05 09:00", "2026-10-06 11:00"), folder="later") == [60]


def test_holidays_half_days_and_days_of_ones_own(desk: Lay) -> None:
    """In Turkey 28 October 2026 is free from 13:00 on, the 29th wholly; both are weekdays."""
    turkey = calendar("Europe/Istanbul", holidays="TR", day=[{"day": "2026-10-30", "open": "09:00-10:00"}])
    # Wednesday 09:00 to Friday 17:00 in Istanbul
    row = replied("2026-10-28 06:00", "2026-10-30 14:00")
    assert minutes(desk, said(turkey), row) == [4 * 60 + 0 + 60]
    nowruz = calendar("Asia/Tehran", {"saturday-wednesday": "08:00-16:00"}, holidays="IR")
    # from Thursday 19 March to Friday 27 March 2026: free from Friday the 20th to Tuesday the 24th
    assert minutes(desk, said(nowruz), replied("2026-03-19 00:00", "2026-03-27 00:00"), folder="ir") == [480]


def test_each_team_has_its_own_calendar_and_one_without_has_none(desk: Lay) -> None:
    rows = [replied("2026-10-05 10:00", "2026-10-06 10:00", agent_group=group) for group in ("Nights", "Days", None)]
    nights = calendar(weekly={"monday-sunday": "20:00-24:00"}, name="nights", groups=["Nights"])
    days = calendar(name="days", groups=["Days"])
    found = minutes(desk, said(nights, days), *rows)
    assert found[:2] == [240, 480]
    assert pd.isna(found[2])
    assert minutes(desk, said(nights, calendar(name="all others")), *rows, folder="others") == [240, 480, 480]


CHICAGO = calendar("America/Chicago", {"monday-sunday": "07:00-21:00"}, name="Level 1 Chicago")
FRANCISCO = calendar(
    "America/Los_Angeles", {"monday-friday": "08:00-17:30"}, name="Level 2 San Francisco", groups=["Level 2"]
)


def test_the_ticket_of_a_public_decision_log(desk: Lay) -> None:
    """Ticket 941606 of the decision log of fivetran/dbt_zendesk (“Business Time Metrics”).

    It is asked on 29 September 2020 at 17:01:38 UTC under the schedule of Chicago (3600 to 4440 and 5040 to 5880
    minutes after Sunday), put under that of San Francisco (5220 to 5790) on the 30th at 19:01:25 and answered at
    19:01:46. The log says 959.46 because it rounds the seconds and reads 25 s as 0.25 min; exactly it is 538.37 +
    421.42 + 0.35.
    """
    row = replied("2020-09-29 17:01:38", "2020-09-30 19:01:46", agent_group="Level 2")
    moved = [
        {"kind": "schedule", "occurred_at": at, "value_after": name, "event_id": at, "ticket_id": "1"}
        for at, name in (("2020-09-29 17:01:38", CHICAGO["name"]), ("2020-09-30 19:01:25", FRANCISCO["name"]))
    ]
    [both] = minutes(desk, said(CHICAGO, FRANCISCO), row, ticket_events=moved)
    exact = (4440 - (2 * 1440 + 17 * 60 + 1 + 38 / 60)) + (3 * 1440 + 19 * 60 + 1 + 25 / 60 - 5040) + 21 / 60
    assert both == pytest.approx(exact, abs=1e-9)
    assert both == pytest.approx(960.13, abs=0.005)
    # without the history only the team's calendar is known: what the vendor's own report gives, 689.46 in the log
    [last] = minutes(desk, said(CHICAGO, FRANCISCO), row, folder="last")
    assert last == pytest.approx(690.13, abs=0.005)


PROMISES = [
    {"first_reply_minutes": 120, "resolution_minutes": 600},
    {"priority": "Urgent", "first_reply_minutes": 30, "clock": "calendar"},
    {"group": "Billing", "first_reply_minutes": 240},
    {"priority": "urgent", "group": "billing", "first_reply_minutes": 60},
]


def test_of_several_promises_the_most_exact_holds(desk: Lay) -> None:
    wait = ("2026-10-05 10:00", "2026-10-05 10:45")
    rows = [
        replied(*wait),
        replied(*wait, priority="urgent"),
        replied(*wait, priority="URGENT", agent_group="Billing"),
        replied("2026-10-05 10:00", "2026-10-05 13:30", agent_group="Billing"),
    ]
    found = clocks(desk, said(calendar(), service_level=PROMISES), *rows)
    assert found["first_reply_in_time"].tolist() == [True, False, True, True]
    assert found["resolution_is_promised"].tolist() == [True, False, False, False]


def test_what_still_waits_in_time_is_neither_kept_nor_broken(desk: Lay) -> None:
    """Exported on Tuesday 1 December at midnight: Monday had eight working hours."""
    rows = [
        replied("2026-10-05 09:00", "2026-10-05 11:00"),  # on the minute
        replied("2026-10-05 09:00", "2026-10-05 11:01"),
        {"created_at": "2026-11-30 16:00"},  # an hour so far
        {"created_at": "2026-11-30 14:00"},  # three hours
        {"created_at": "2026-10-05 09:00", "first_solved_at": "2026-10-05 10:00"},  # solved without a reply
        {"created_at": "2026-10-05 09:00", "is_outbound": True},  # the company wrote
        {"created_at": "2026-10-05 09:00", "first_reply_unknown": True},
    ]
    found = clocks(desk, said(calendar(), service_level=PROMISES[:1]), *rows)
    kept = [None if pd.isna(one) else bool(one) for one in found["first_reply_in_time"]]
    assert kept == [True, False, None, False, None, None, None]
    assert found["reply_is_promised"].tolist() == [True, True, True, True, True, False, False]
    named = [{"ticket_id": str(number), "customer_id": str(number), **row} for number, row in enumerate(rows)]
    laid = desk("2026-12-01", tickets=named, definitions=said(calendar(), service_level=PROMISES[:1]), folder="book")
    book = Workbook(laid, Month(2026, 11), Language())
    [november] = book.measure("first_reply_in_time").to_dict("records")
    assert (november["n"], november["excluded"]) == (1, 1)


def test_without_definitions_nothing_is_told_and_said_why(desk: Lay) -> None:
    book = Workbook(desk("2026-12-01", tickets=[replied("2026-10-05", "2026-10-06")]), Month(2026, 10), Language())
    assert book.missing("first_reply_in_time") == ("[[service_level]] in definitions.toml",)
    assert "[[calendar]] in definitions.toml" in book.missing("first_reply_business_minutes_median")
