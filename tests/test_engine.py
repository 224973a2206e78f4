"""SQL over a snapshot: time zones against the standard library, facts that are kept and never half written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from cxlib.engine import Engine
from cxlib.errors import MeasureError
from cxlib.facts import FACTS, GROUPS
from cxlib.period import Month

Lay = Callable[..., Any]
ZONES = ["UTC", "Europe/Istanbul", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago"]


@pytest.mark.parametrize("zone", ZONES)
def test_month_of_a_moment_against_the_standard_library(desk: Lay, zone: str) -> None:
    moments = [
        datetime(2026, month, day, hour, 30) for month in (2, 3, 10, 12) for day in (1, 2, 27, 28) for hour in range(24)
    ]
    moments += [datetime(2026, 3, 31, hour) for hour in range(24)] + [
        datetime(2026, 12, 31, hour) for hour in range(24)
    ]
    values = ", ".join(f"(TIMESTAMP '{moment}')" for moment in moments)
    with Engine(desk("2026-12-01", zone)) as engine:
        rows = engine.frame(f"SELECT t, local_month(t) AS month FROM (VALUES {values}) AS m(t)")
    for moment, month in zip(rows["t"], rows["month"], strict=True):
        local = moment.to_pydatetime().replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        assert (month.year, month.month, month.day) == (local.year, local.month, 1), moment


@pytest.mark.parametrize("zone", ZONES)
def test_end_of_a_month_is_that_of_the_calendar(desk: Lay, zone: str) -> None:
    with Engine(desk("2026-12-01", zone)) as engine:
        for month in Month(2026, 12).trailing(24):
            end = engine.frame(f"SELECT month_end(DATE '{month.first_day}') AS t")["t"].iloc[0]
            assert end.to_pydatetime() == month.end(zone)


def test_groups_of_customers_are_even_and_always_the_same(desk: Lay) -> None:
    with Engine(desk("2026-12-01")) as engine:
        groups = engine.frame("SELECT bucket('customer ' || i) AS g FROM range(64000) AS r(i)")["g"]
        # md5("ada") starts 8c8d; 0x8c8d modulo 64 is 13
        assert engine.frame("SELECT bucket('ada') AS g")["g"].iloc[0] == 0x8C8D % GROUPS
    counts = Counter(groups)
    assert set(counts) == set(range(GROUPS))
    assert max(abs(count - 1000) for count in counts.values()) < 5 * 1000**0.5


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_states_its_grain_and_has_its_segments(desk: Lay, name: str) -> None:
    fact = FACTS[name]
    grain = fact.template.splitlines()[0]
    assert grain.startswith("-- One row per ")
    assert grain.endswith(".")
    with Engine(desk("2026-12-01")) as engine:
        columns = engine.frame(f"DESCRIBE {engine.fact(name)}")["column_name"].tolist()
    # the coverage speaks of tables, which are in no group of customers, the clock of tickets whose fact has it
    assert {*fact.segments, *(() if name in ("coverage", "ticket_clock") else ("bucket",))} <= set(columns)


def test_a_fact_that_does_not_exist_names_those_that_do(desk: Lay) -> None:
    with (
        Engine(desk("2026-12-01")) as engine,
        pytest.raises(MeasureError, match='fact "tickets" does not exist; there are coverage, ticket, '),
    ):
        engine.fact("tickets")


def ticket(day: int) -> dict[str, Any]:
    return {"ticket_id": str(day), "customer_id": "c", "created_at": datetime(2026, 10, 1) + timedelta(days=day)}


def test_a_fact_is_computed_once_and_kept_beside_the_snapshot(desk: Lay) -> None:
    snapshot = desk("2026-12-01", tickets=[ticket(k) for k in range(7)])
    with Engine(snapshot) as engine:
        engine.fact("ticket")
    kept = {path: path.stat().st_mtime_ns for path in (snapshot.folder / "facts").iterdir()}
    assert sorted(path.name.partition("-")[0] for path in kept) == ["ticket", "ticket_clock"]
    with Engine(snapshot) as engine:
        assert engine.frame(f"SELECT count(*) AS n FROM {engine.fact('ticket')}")["n"].iloc[0] == 7
    assert {path: path.stat().st_mtime_ns for path in (snapshot.folder / "facts").iterdir()} == kept


def test_a_fact_cut_off_while_written_is_not_taken_for_one(desk: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = desk("2026-12-01", tickets=[ticket(k) for k in range(7)])

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, Engine(snapshot) as engine:
        patch.setattr("os.replace", die)
        with pytest.raises(KeyboardInterrupt):
            engine.fact("ticket")
    with Engine(snapshot) as engine:
        assert engine.frame(f"SELECT count(*) AS n FROM {engine.fact('ticket')}")["n"].iloc[0] == 7


def test_nothing_can_be_installed_while_a_question_runs(desk: Lay) -> None:
    with Engine(desk("2026-12-01")) as engine, pytest.raises(duckdb.Error):
        engine.frame("SELECT * FROM st_read('x')")


def test_a_sum_does_not_depend_on_the_order_in_which_it_was_added(desk: Lay) -> None:
    with Engine(desk("2026-12-01")) as engine:
        sums = engine.frame("SELECT 0.1::DOUBLE + 0.2::DOUBLE + 0.3::DOUBLE AS up, 0.3::DOUBLE + 0.2 + 0.1 AS down")
        kept = engine.frame("SELECT x FROM (VALUES (1.5e-30), (-2.675), ('nan'), ('inf'), (123456.789012)) AS v(x)")
    assert 0.1 + 0.2 + 0.3 != 0.3 + 0.2 + 0.1  # which is why
    assert sums["up"].tolist() == sums["down"].tolist() == [0.6]
    assert [repr(float(x)) for x in kept["x"]] == ["1.5e-30", "-2.675", "nan", "inf", "123456.789012"]
