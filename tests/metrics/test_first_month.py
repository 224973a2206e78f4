"""A count of the first month in the data carries a flag, because the export may begin inside the month."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cxlib.engine import Engine
from cxlib.metrics import METRICS, measure
from cxlib.period import Month


@pytest.mark.parametrize("name", ["tickets_created", "backlog"])
def test_only_the_first_month_is_flagged(desk: Callable[..., Any], name: str) -> None:
    rows = [
        {"ticket_id": f"{month}-{k}", "customer_id": f"c{k}", "created_at": f"2026-{month:02d}-15"}
        for month in (8, 9, 10)
        for k in range(9)
    ]
    with Engine(desk("2026-12-01", tickets=rows)) as engine:
        flags = measure(engine, [METRICS[name]], Month(2026, 10).trailing(4))["flags"].tolist()
    assert flags == ["not-covered", "first-month", "", ""]


def test_a_ticket_whose_end_no_export_tells_is_not_backlog(desk: Callable[..., Any]) -> None:
    rows = [
        {"ticket_id": "open", "created_at": "2026-09-01"},
        {"ticket_id": "unknown", "created_at": "2026-09-01", "solve_unknown": True},
        {"ticket_id": "closed", "created_at": "2026-09-01", "solve_unknown": True, "last_solved_at": "2026-10-20"},
    ]
    with Engine(desk("2026-12-01", tickets=rows)) as engine:
        backlog = measure(engine, [METRICS["backlog"]], Month(2026, 10).trailing(2))["value"].tolist()
    assert backlog == [2, 1]
