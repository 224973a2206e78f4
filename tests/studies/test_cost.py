"""What a study takes out of the engine: counts and rows per customer, however many tickets there are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from calibrate.harness import Tables, lay, some_customers, tables_of
from calibrate.run import run_study
from company import simulate
from cxlib.engine import Engine
from cxlib.studies import STUDIES
from cxlib.workbook import Workbook

TIMES = 10


def with_more_tickets(tables: Tables, times: int) -> Tables:
    """Return the company with each ticket several times, the copies moved back by up to thirty days."""
    rng, tickets = np.random.default_rng(1), tables["tickets"]
    moments = [name for name in tickets if name.endswith("_at")]

    def moved() -> pd.DataFrame:
        back = pd.to_timedelta(rng.integers(0, 30 * 86_400, len(tickets)), unit="s")
        return tickets.assign(**{name: tickets[name] - back for name in moments})

    return tables | {"tickets": pd.concat([tickets, *(moved() for _ in range(times - 1))], ignore_index=True)}


def rows_taken(book: Workbook, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Return how many rows each study takes out of the engine."""
    taken: list[int] = []
    frame: Callable[..., pd.DataFrame] = Engine.frame

    def counted(self: Engine, *words: Any, **named: Any) -> pd.DataFrame:
        found = frame(self, *words, **named)
        taken.append(len(found))
        return found

    rows = {}
    with monkeypatch.context() as patch, book.engine:
        patch.setattr(Engine, "frame", counted)
        for name in STUDIES:
            taken.clear()
            run_study(book, name)
            rows[name] = sum(taken)
    return rows


@pytest.mark.slow
def test_ten_times_the_tickets_are_not_ten_times_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = some_customers(tables_of(simulate(1)), every=12)
    few = rows_taken(lay(tables, tmp_path / "few"), monkeypatch)
    many = rows_taken(lay(with_more_tickets(tables, TIMES), tmp_path / "many"), monkeypatch)
    grown = {name: many[name] / few[name] for name in STUDIES}
    # the cells of the ratings fill up; nothing else has to do with the number of tickets
    assert grown.pop("speed_and_satisfaction") < TIMES / 3
    assert max(grown.values()) < 2, grown
    assert min(few.values()) > 100
