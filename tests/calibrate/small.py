"""Small companies of which the right number is plain, for the faults that `mutations` makes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from calibrate.harness import lay
from cxlib import estimate, finding
from cxlib.engine import Engine
from cxlib.estimate import Estimate, Interval
from cxlib.facts import GROUPS
from cxlib.metrics import METRICS
from cxlib.metrics.measure import _interval, _together
from cxlib.metrics.metric import Kind, Metric
from cxlib.workbook import Workbook

CUSTOMERS, ROWS_EACH = 4_000, 4


def metric_of(*kinds: Kind) -> Metric:
    return next(one for one in METRICS.values() if one.kind in kinds)


def of_customers_with_equal_rows(metric: Metric, **each: np.ndarray) -> Interval:
    """Return the interval of customers whose rows are all the same: they say as much as one row a customer."""
    bucket = np.random.default_rng(1).integers(0, GROUPS, CUSTOMERS)
    rows = {"n": np.ones(CUSTOMERS), **each}
    groups = {name: _together(name, ROWS_EACH * values, bucket, GROUPS) for name, values in rows.items()}
    index = np.zeros(GROUPS, int)
    return _interval(metric, {name: _together(name, one, index, 1) for name, one in groups.items()}, groups, index)


def same_width(found: Interval, right: Interval, times: float = 1.0) -> None:
    """Hold a width from 64 random groups to the right one; of rows taken as independent it is half."""
    width, wanted = ((one.high - one.low)[0] for one in (found, right))
    assert width == pytest.approx(times * wanted, rel=0.25)


def check_clustered_score() -> None:
    mind = np.random.default_rng(2).choice([-1, 0, 1], CUSTOMERS)
    promoters, detractors, ones = mind == 1, mind == -1, np.ones(CUSTOMERS)
    found = of_customers_with_equal_rows(
        metric_of("nps"), w=ones, ww=ones, p=promoters.astype(float), d=detractors.astype(float)
    )
    same_width(found, estimate.net_promoter_score([promoters.sum()], [detractors.sum()], [CUSTOMERS]))


def check_clustered_share() -> None:
    yes = np.random.default_rng(3).random(CUSTOMERS) < 0.3
    ones = np.ones(CUSTOMERS)
    found = of_customers_with_equal_rows(metric_of("proportion"), w=ones, ww=ones, k=yes.astype(float))
    same_width(found, estimate.proportion([yes.sum()], [CUSTOMERS]))


def check_clustered_count() -> None:
    same_width(of_customers_with_equal_rows(metric_of("count")), estimate.count([CUSTOMERS]), ROWS_EACH)


@contextmanager
def company(**tables: Mapping[str, Any]) -> Iterator[Workbook]:
    """Lay tables, a mapping of column to one value or to one a row, and open October 2026 of the sample's settings."""
    with tempfile.TemporaryDirectory() as folder:
        book = lay({name: pd.DataFrame(columns) for name, columns in tables.items()}, Path(folder))
        with book.engine:
            yield book


def value_of(book: Workbook, metric: str) -> float:
    return float(book.measure(metric)["value"].iloc[0])


def check_weights() -> None:
    """Half of the answers are promoters and count nineteen times as much as the detractors: 95 % less 5 %."""
    number = np.arange(100)
    answers = {
        "answer_id": [f"a{one}" for one in number],
        "customer_id": [f"c{one}" for one in number],
        "survey": "relationship",
        "instrument": "nps",
        "wave": "2026-10",
        "question": "",
        "score": np.where(number < 50, 10.0, 2.0),
        "scale_min": 0.0,
        "scale_max": 10.0,
        "weight": np.where(number < 50, 1.9, 0.1),
        "completed_at": "2026-10-10",
    }
    with company(survey_answers=answers) as book:
        assert value_of(book, metric_of("nps").id) == pytest.approx(90)


def tickets(count: int, **columns: Any) -> dict[str, Any]:
    usual = {
        "ticket_id": [f"t{one}" for one in range(count)],
        "customer_id": [f"c{one}" for one in range(count)],
        "created_at": "2026-10-10 08:00",
        "is_outbound": False,
        "is_bot_only": False,
        "first_public_reply_at": "2026-10-10 09:00",
        "first_solved_at": "2026-10-10 09:00",
        "last_solved_at": "2026-10-10 09:00",
        "solve_unknown": False,
        "first_reply_unknown": False,
        "status": "solved",
    }
    return usual | columns


def check_denominator() -> None:
    """Of a hundred tickets twenty were rated, half of them good."""
    rating = ["good"] * 10 + ["bad"] * 10 + ["not_offered"] * 80
    with company(tickets=tickets(100, satisfaction=rating)) as book:
        assert value_of(book, "csat") == 0.5


def check_clock() -> None:
    """One in the morning of 1 October in Istanbul is still September in UTC."""
    with company(tickets=tickets(9, created_at=["2026-09-30 22:00"] * 5 + ["2026-10-31 22:00"] * 4)) as book:
        assert value_of(book, "tickets_created") == 5


def in_utc(function: Callable[[Engine], None]) -> Callable[[Engine], None]:
    """Make months begin and end in UTC."""

    def define(engine: Engine) -> None:
        told = engine.snapshot
        engine.snapshot = replace(told, time_zone="UTC")  # type: ignore[type-var]
        function(engine)
        engine.snapshot = told

    return define


def check_verdict() -> None:
    """An interval that reaches beyond the region supports nothing, though its value lies inside."""
    assert finding.verdict(Estimate(0.04, -0.01, 0.09, 300, "share difference", "")) == "cannot-tell"
