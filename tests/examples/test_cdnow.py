"""Eighteen months of orders of an online shop: the published counts of repeat purchase, and the same counted plainly.

Fader and Hardie's one-in-ten sample of CDNOW, customers who first bought from January to March 1997. Fader, Hardie and
Lee (2005, Marketing Science 24) count 2,357 customers; 946 of them, and 2,457 repeat purchases, by 30 September 1997,
orders of one day taken as one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from cxlib.engine import Engine
from cxlib.language import Language
from cxlib.period import Month
from cxlib.studies import repeat_purchase
from cxlib.workbook import Workbook
from examples.conftest import EXPORTS

FILE = EXPORTS / "cdnow" / "CDNOW_sample.txt"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the real exports are not here: ../shared/data")
END = pd.Timestamp("1998-07-01")


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    names = ["master", "who", "day", "discs", "dollars"]
    rows = pd.read_csv(FILE, sep=r"\s+", names=names, dtype={"who": str, "day": str})
    return rows.assign(day=pd.to_datetime(rows["day"], format="%Y%m%d"))


@pytest.fixture
def snapshot(desk: Callable[..., Any], raw: pd.DataFrame) -> Any:
    rows = [
        {
            "transaction_id": str(place),
            "customer_id": one.who,
            "occurred_at": str(one.day),
            "kind": "order",
            "net": one.dollars,
            "currency": "EUR",
        }
        for place, one in enumerate(raw.itertuples())
    ]
    return desk("1998-07-01", transactions=rows)


def plainly(raw: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    """Return the first two days of each customer's orders."""
    days = raw[raw["day"] < until].groupby("who")["day"].unique().map(np.sort)
    second = days.map(lambda one: one[1] if len(one) > 1 else pd.NaT)
    return pd.DataFrame({"first": days.map(lambda one: one[0]), "second": second})


def test_the_published_counts_of_who_bought_again(snapshot: Any) -> None:
    with Engine(snapshot) as engine:
        found = engine.frame(f"SELECT * FROM {engine.fact('first_order')}")
    assert len(found) == 2_357
    assert (found["second_day"] <= pd.Timestamp("1997-09-30")).sum() == 946
    # who bought in January, the first month of the data, may have bought before: here nobody had, the shop says
    assert (~found["is_first"]).sum() == (found["first_day"] < pd.Timestamp("1997-02-01")).sum() > 0


def test_orders_customers_and_revenue_of_each_month(snapshot: Any, raw: pd.DataFrame) -> None:
    rows = Workbook(snapshot, Month(1998, 6), Language()).measure(
        "net_revenue", "orders", "customers_ordering", "average_order_value", months=18
    )
    found = rows.pivot_table(index="period", columns="metric", values="value")
    by_month = raw.groupby(raw["day"].dt.strftime("%Y-%m"))
    assert found["orders"].tolist() == by_month.size().tolist()
    assert found["customers_ordering"].tolist() == by_month["who"].nunique().tolist()
    np.testing.assert_allclose(found["net_revenue"], by_month["dollars"].sum(), rtol=1e-9)
    np.testing.assert_allclose(found["average_order_value"], by_month["dollars"].mean(), rtol=1e-9)


def test_who_ordered_again_within_180_days(snapshot: Any, raw: pd.DataFrame) -> None:
    # the 180th day of those who first bought from 2 February to 4 March 1997 lies in August
    firsts = plainly(raw, END)
    judged = firsts[(firsts["first"] >= "1997-02-02") & (firsts["first"] <= "1997-03-04")]
    again = (judged["second"] - judged["first"]) <= pd.Timedelta(180, "D")
    one = Workbook(snapshot, Month(1997, 8), Language()).estimate("repeat_purchase_rate")
    assert (one.value, one.n) == (pytest.approx(again.mean()), len(judged))


@pytest.mark.parametrize("month", [Month(1997, 9), Month(1998, 6)])
def test_the_curve_is_kaplan_meiers_and_knows_nothing_of_later_orders(
    snapshot: Any, raw: pd.DataFrame, month: Month
) -> None:
    book = Workbook(snapshot, month, Language())
    found = repeat_purchase.again(repeat_purchase.read(book), 360)
    end = pd.Timestamp(month.shift(1).first_day)
    firsts = plainly(raw, end)
    firsts = firsts[firsts["first"] >= "1997-02-01"]
    came = firsts["second"].notna()
    days = (firsts["second"].fillna(end - pd.Timedelta(1, "D")) - firsts["first"]).dt.days
    fitted = KaplanMeierFitter().fit(days, came)
    known = {day: one.value for day, one in found.items() if one.is_known}
    assert len(known) > 25
    np.testing.assert_allclose(list(known.values()), 1 - fitted.predict(list(known)).to_numpy(), atol=1e-9)


def test_cohorts_are_told_when_everybody_has_had_the_time(snapshot: Any, raw: pd.DataFrame) -> None:
    book = Workbook(snapshot, Month(1997, 9), Language())
    found = repeat_purchase.cohorts(book, repeat_purchase.read(book), (30, 180, 185, 365), 24)
    assert list(found) == ["March 1997", "February 1997"]
    firsts = plainly(raw, pd.Timestamp("1997-10-01"))
    march = firsts[firsts["first"] >= "1997-03-01"]
    n, in_30, in_180, in_185, in_365 = found["March 1997"]
    assert n == len(march)
    assert in_365 is None
    assert in_185 is None, "who first bought on 31 March had 183 days"
    for days, one in ((30, in_30), (180, in_180)):
        assert one.value == pytest.approx(((march["second"] - march["first"]) <= pd.Timedelta(days, "D")).mean())
