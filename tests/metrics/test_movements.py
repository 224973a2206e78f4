"""Who is new, back, lost: gaps, returns and the beginning of the data, worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.engine import Engine
from cxlib.metrics import METRICS, measure
from cxlib.period import Month

Lay = Callable[..., Any]
MOVEMENTS = ("mrr_start", "mrr_new", "mrr_reactivation", "mrr_expansion", "mrr_contraction", "mrr_churn", "mrr_end")


def terms(*rows: tuple[str, str, str | None, float]) -> list[dict[str, Any]]:
    """Return terms from (customer, start, end, amount a month)."""
    return [
        {
            "term_id": str(place),
            "subscription_id": str(place),
            "customer_id": customer,
            "started_at": start,
            "ended_at": end,
            "monthly_amount": amount,
            "currency": "EUR",
        }
        for place, (customer, start, end, amount) in enumerate(rows)
    ]


def measured(snapshot: Any, names: tuple[str, ...], months: list[Month]) -> pd.DataFrame:
    with Engine(snapshot) as engine:
        rows = measure(engine, [METRICS[name] for name in names], months)
    return rows.pivot_table(index="period", columns="metric", values="value", dropna=False)[list(names)]


def test_who_ever_paid_comes_back_and_is_not_new(desk: Lay) -> None:
    snapshot = desk(
        "2026-12-03",
        subscriptions=terms(
            ("c1", "2026-01-10", "2026-04-10", 100),
            ("c1", "2026-10-10", None, 100),
            ("c2", "2023-01-10", "2023-06-10", 100),
            ("c2", "2026-10-10", None, 100),
            ("c3", "2026-01-10", "2026-10-05", 100),  # away for two weeks inside the month
            ("c3", "2026-10-20", None, 100),
            ("c4", "2026-10-03", "2026-10-25", 100),  # came and went inside October, back in November
            ("c4", "2026-11-10", None, 100),
            ("c5", "2026-10-12", None, 100),
            ("c6", "2026-01-10", None, 100),
        ),
    )
    found = measured(snapshot, MOVEMENTS, Month(2026, 11).trailing(2))
    assert found.loc["2026-10"].tolist() == [200, 100, 200, 0, 0, 0, 500]
    assert found.loc["2026-11"].tolist() == [500, 0, 100, 0, 0, 0, 600]


@pytest.mark.parametrize(("days", "is_bridged"), [(0, True), (1, True), (31, True), (32, False)])
def test_a_gap_over_the_end_of_a_month_is_no_loss_up_to_31_days(desk: Lay, days: int, is_bridged: bool) -> None:
    back = pd.Timestamp("2026-09-30") + pd.Timedelta(days=days)
    rows = terms(
        ("moves", "2026-01-10", "2026-09-30", 100),
        ("moves", str(back), None, 120),
        ("stays", "2026-01-10", None, 100),
    )
    names = (*MOVEMENTS, "customers_active")
    found = measured(desk("2026-12-03", subscriptions=rows), names, Month(2026, 11).trailing(3))
    end = found["mrr_end"].tolist()
    if is_bridged:
        assert found[["mrr_new", "mrr_reactivation", "mrr_churn"]].to_numpy().sum() == 0
        assert found["mrr_expansion"].sum() == 20, "the new price counts from the day on which it is paid"
        assert found["customers_active"].tolist() == [2, 2, 2]
        assert end[0] == (220 if days == 0 else 200)
    else:
        assert (found["mrr_churn"].sum(), found["mrr_reactivation"].sum(), found["mrr_new"].sum()) == (100, 120, 0)
        assert end == [100, 100, 220]


def test_a_gap_of_some_of_the_subscriptions_is_a_contraction(desk: Lay) -> None:
    rows = terms(("a", "2026-01-10", None, 100), ("a", "2026-01-10", "2026-09-20", 30), ("a", "2026-10-10", None, 30))
    found = measured(desk("2026-12-03", subscriptions=rows), MOVEMENTS, Month(2026, 10).trailing(2))
    assert found.loc["2026-09"].tolist() == [130, 0, 0, 0, 30, 0, 100]
    assert found.loc["2026-10"].tolist() == [100, 0, 0, 30, 0, 0, 130]


def test_a_term_that_ended_as_it_began_was_never_paid(desk: Lay) -> None:
    rows = terms(("a", "2026-01-10", None, 5), ("b", "2026-03-01", "2026-03-01", 70), ("b", "2026-09-05", None, 70))
    found = measured(desk("2026-12-03", subscriptions=rows), MOVEMENTS, [Month(2026, 9)])
    assert found.loc["2026-09"].tolist() == [5, 70, 0, 0, 0, 0, 75]


BEGUN = terms(("a", "2026-08-10", None, 100), ("left", "2026-08-10", "2026-08-20", 30), ("b", "2026-09-05", None, 70))


def test_in_the_first_month_of_the_data_nobody_is_new(desk: Lay) -> None:
    found = measured(desk("2026-12-03", stated={}, subscriptions=BEGUN), MOVEMENTS, Month(2026, 9).trailing(2))
    assert found.loc["2026-08"].drop("mrr_end").isna().all()
    assert found.loc["2026-08", "mrr_end"] == 100
    assert found.loc["2026-09"].tolist() == [100, 70, 0, 0, 0, 0, 170]


@pytest.mark.parametrize("seed", range(5))
def test_facts_tell_the_same_of_each_customer_and_month(desk: Lay, seed: int) -> None:
    """Written plainly: walk over each customer's days, fill the gaps that count as paying, and look at each month."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[str, str, str | None, float]] = []
    for customer in "abcdefghijkl":
        at = pd.Timestamp("2025-01-01") + pd.Timedelta(days=int(rng.integers(0, 200)))
        while at < pd.Timestamp("2026-11-20"):
            end = at + pd.Timedelta(days=int(rng.integers(3, 120)))
            rows.append((customer, str(at), str(end), float(rng.integers(1, 9))))
            at = end + pd.Timedelta(days=int(rng.choice([0, 10, 25, 31, 32, 60])))
    with Engine(desk("2026-12-03", subscriptions=terms(*rows))) as engine:
        book = engine.frame(f"SELECT * FROM {engine.fact('subscription_month')} WHERE mrr_end > 0")
        stretch = engine.frame(f"SELECT * FROM {engine.fact('customer_month')} WHERE mrr_end > 0")
        spells = engine.frame(f"SELECT * FROM {engine.fact('customer_spell')}")
    expected: dict[tuple[str, pd.Timestamp], float] = {}
    count = 0
    for customer in "abcdefghijkl":
        mine = [(pd.Timestamp(s), pd.Timestamp(e or "2099"), a) for c, s, e, a in rows if c == customer]
        filled, began, count = [], mine[0][0], count + 1
        for (start, end, amount), following in zip(mine, [*mine[1:], (pd.Timestamp("2199"), None, 0)], strict=True):
            away = following[0] - end
            bridged = away <= pd.Timedelta(days=31) and began.to_period("M") < end.to_period("M")
            filled.append((start, following[0] if bridged else end, amount))
            count += following[0].year < 2100 and away > pd.Timedelta(days=31)
        for month in pd.date_range("2025-01-01", "2026-11-01", freq="MS"):
            close = month + pd.DateOffset(months=1)
            paid = sum(a for s, e, a in filled if s < close <= e)
            if paid:
                expected[customer, month] = paid
    for found in (book, stretch):
        assert found.set_index(["customer_id", "month"])["mrr_end"].to_dict() == expected
    assert len(spells) == count
