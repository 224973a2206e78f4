"""Existing against new: shares by hand, what is open, like with like, what is missing, and what could mislead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import UntoldError
from cxlib.estimate import Estimate
from cxlib.language import Language
from cxlib.notebook import Study, run
from cxlib.period import Month
from cxlib.studies import existing_against_new as sell
from cxlib.workbook import Workbook
from desk import Desk

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "existing_against_new.ipynb"
Row = dict[str, Any]
Lay = Callable[..., Desk]
START = datetime(2025, 1, 1)
TAKES = timedelta(days=6, hours=12)


def deals(buyer: str, won: int, lost: int, motion: str | None = "upsell", still: int = 0, **more: Any) -> list[Row]:
    """Return opportunities opened one a day, decided six and a half days later; `more` may compute by the number."""
    outcomes = ["won"] * won + ["lost"] * lost + ["open"] * still
    order = np.random.default_rng(won + lost).permutation(len(outcomes))
    rows = []
    for number, outcome in enumerate(outcomes[k] for k in order):
        opened = START + timedelta(days=number % 300)
        row = {
            "opportunity_id": f"{buyer}-{motion}-{len(more)}-{more.get('lead_source', '')}-{number}",
            "buyer": buyer,
            "motion": motion,
            "created_at": opened.isoformat(),
            "closed_at": None if outcome == "open" else (opened + TAKES).isoformat(),
            "outcome": outcome,
        }
        rows.append(row | {key: value(number) if callable(value) else value for key, value in more.items()})
    return rows


USUAL = [
    *deals("existing", 320, 180, customer_id=lambda k: f"c{k}"),
    *deals("existing", 95, 5, "renewal", customer_id=lambda k: f"c{k}"),
    *deals("new", 120, 880, "new"),
    *deals("returned", 90, 210, "new"),
]


@pytest.fixture
def book(desk: Lay) -> Callable[..., Workbook]:
    numbers = count()

    def open_month(opportunities: list[Row], month: str = "2025-12", **tables: list[Row]) -> Workbook:
        snapshot = desk("2026-03-01", folder=f"desk{next(numbers)}", opportunities=opportunities, **tables)
        return Workbook(snapshot, Month.parse(month), Language())

    return open_month


@pytest.fixture
def kinds(book: Callable[..., Workbook]) -> Callable[..., dict[str, pd.DataFrame]]:
    """Return the decided opportunities by kind."""

    def read(opportunities: list[Row], month: str = "2025-12") -> dict[str, pd.DataFrame]:
        rows = sell.read_deals(book(opportunities, month))
        return {str(kind): mine for kind, mine in rows[rows["outcome"] != "open"].groupby("kind")}

    return read


def study_of(company: Workbook, **parameters: object) -> Study:
    with company.engine:
        return run(NOTEBOOK, company, **parameters)


def text(study: Study, name: str) -> str:
    return study.exhibits[f"finding-{name}"].text


def test_shares_are_wins_over_decided(kinds: Callable[..., dict[str, pd.DataFrame]]) -> None:
    found = kinds(USUAL)
    assert {kind: (sell.won(rows).value, len(rows)) for kind, rows in found.items()} == {
        "existing": (0.64, 500),
        "new": (0.12, 1000),
        "renewal": (0.95, 100),
        "returned": (0.3, 300),
    }
    ratio = sell.times_as_often(found["existing"], found["new"])
    assert (round(ratio.value, 3), ratio.unit) == (round(0.64 / 0.12, 3), "ratio")
    assert ratio.low > 4


def test_verdicts_where_the_claim_holds(book: Callable[..., Workbook]) -> None:
    found = study_of(book(USUAL))
    verdicts = {name: one.verdict for name, one in found.findings.items()}
    assert verdicts["selling-existing-over-new"] == verdicts["selling-to-new"] == "supported"
    assert verdicts["selling-to-existing"] == "cannot-tell"  # 59.7 % to 68.1 %, against 60 % to 70 %
    assert verdicts["selling-to-returned"] == "supported"  # 25.1 % to 35.4 %, against 20 % to 40 %
    assert "wholly inside the 5 to 20 in a hundred" in text(found, "selling-to-new")
    assert "partly inside the 60 to 70 in a hundred" in text(found, "selling-to-existing")
    assert found.untold == (
        "Where each opportunity came from would tell, of customers and of new buyers.",
        "When each customer came, and which opportunity led there, would tell.",
    )


def test_customers_who_buy_less_often_are_said_to(book: Callable[..., Workbook]) -> None:
    """Of 400 each 120 against 240: half as often (Miettinen and Nurminen's interval 0.42 to 0.59)."""
    found = study_of(
        book(
            [
                *deals("existing", 120, 280, lead_source="a"),
                *deals("new", 240, 160, "new", lead_source="a"),
                *deals("existing", 20, 20, lead_source="b"),
                *deals("new", 20, 20, "new", lead_source="b"),
            ]
        )
    )
    assert found.finding("selling-existing-over-new").verdict == "not-supported"
    said = text(found, "selling-existing-over-new")
    assert said.startswith("Selling to a customer succeeds less often than selling to somebody new: 31.8% of")
    # 260 / 440 over 140 / 440, less one: so many new buyers lost without a record and the two are even
    assert "for each recorded opportunity with a new buyer, fewer than 0.86 others were given up" in said
    assert "a sale to a customer succeeds less often (" in text(found, "selling-alike")
    assert "for 2 of 2 the share of customers is not measurably the higher one, for 1 it is measurably the lower" in (
        text(found, "selling-by-source")
    )
    assert "lies wholly below the 60 to 70" in text(found, "selling-to-existing")
    assert "lies wholly above the 5 to 20" in text(found, "selling-to-new")
    never = sell.hidden(Estimate(0.0, 0.0, 0.1, 100, "ratio", ""))
    assert never.value == np.inf


def test_a_difference_that_does_not_show_is_told_neither_way(book: Callable[..., Workbook]) -> None:
    found = study_of(book([*deals("existing", 30, 70), *deals("new", 90, 210, "new")]))
    assert "or less often, does not show: 30.0%" in text(found, "selling-existing-over-new")


def test_whatever_was_decided_on_the_first_day_was_seen(book: Callable[..., Workbook]) -> None:
    """Decisions have dates and no clock: four of the first day, all opened before it, are at risk and end on it."""
    rows = [
        {**row, "created_at": f"2025-01-{2 + place % 9:02d}T10:00", "closed_at": f"2025-02-{1 + place // 4:02d}"}
        for place, row in enumerate(deals("new", 20, 20, "new"))
    ]
    mine = sell.dated(sell.read_deals(book(rows)))
    assert (mine["days"] > mine["entry"]).all()
    assert len(mine) == sell.won_by(mine, 40)[40].n == 40
    assert sell.won_by(mine, 40)[40].value == pytest.approx(0.5, abs=0.15)


def test_renewals_can_decide_the_claim(book: Callable[..., Workbook]) -> None:
    """Half of the sales, all of the renewals: with renewals two in three."""
    sales = [*deals("existing", 600, 600), *deals("new", 100, 900, "new")]
    found = study_of(book([*sales, *deals("existing", 600, 0, "renewal")]))
    assert found.finding("selling-to-existing").verdict == "not-supported"
    assert "an interval wholly inside the 60 to 70 in a hundred" in text(found, "selling-existing-with-renewals")
    every = found.finding("selling-existing-with-renewals").estimate
    assert every is not None
    assert every.value == pytest.approx(1200 / 1800)


def test_equal_shares_do_not_support_it(book: Callable[..., Workbook]) -> None:
    found = study_of(book([*deals("existing", 600, 1400), *deals("new", 900, 2100, "new")]))
    for name in ("selling-existing-over-new", "selling-points-apart", "selling-won-in-time", "selling-to-new"):
        assert found.finding(name).verdict == "not-supported"
    few = study_of(book([*deals("existing", 30, 70), *deals("new", 90, 210, "new")]))
    assert few.finding("selling-existing-over-new").verdict == "cannot-tell"  # it may be a quarter more often


@pytest.mark.parametrize(
    "rows",
    [
        deals("existing", 1, 0),
        deals("new", 30, 0, "new"),
        deals("new", 0, 30, "new"),
        deals("existing", 30, 0) + deals("new", 30, 0, "new"),
        deals("existing", 0, 30) + deals("new", 0, 30, "new"),
        deals("existing", 0, 0, still=40) + deals("new", 0, 0, "new", still=40),
        deals("existing", 3, 1) + deals("new", 2, 2, "new"),
    ],
)
def test_little_or_one_sided_data_break_nothing(book: Callable[..., Workbook], rows: list[Row]) -> None:
    found = study_of(book(rows))
    assert found.untold
    for exhibit in found.exhibits.values():
        assert "nan" not in exhibit.text
        assert "–" not in exhibit.text


def test_what_is_missing_is_named(book: Callable[..., Workbook]) -> None:
    nothing = study_of(book([], customers=[{"customer_id": "c"}]))
    assert nothing.untold == (
        "An export of opportunities would tell: the outcome of each, when it was opened, and what the buyer was then.",
    )
    undated = [{**row, "closed_at": None} for row in USUAL]
    with pytest.raises(UntoldError, match="The day each was decided would tell"):
        sell.dated(sell.read_deals(book(undated)))
    before = study_of(book(USUAL, "2024-06"))
    assert not [one for one in before.findings.values() if one.verdict in ("supported", "not-supported")]


def test_few_are_not_shown(book: Callable[..., Workbook]) -> None:
    found = study_of(book([*deals("existing", 2, 2), *deals("new", 20, 80, "new")]))
    assert found.finding("selling-to-existing").needed.startswith("It needs at least five decided opportunities")
    assert found.finding("selling-existing-over-new").verdict == "cannot-tell"


def test_without_the_kind_of_sale_renewals_cannot_be_told(book: Callable[..., Workbook]) -> None:
    found = study_of(book([*deals("existing", 320, 180, None), *deals("new", 100, 900, None)]))
    assert "that a renewal cannot be told from a sale" in found.finding("selling-to-existing").needed
    shares = found.exhibits["shares"].frame.set_index("label")["value"]
    assert shares["Customers, with renewals"] == 0.64
    assert "Customers, without renewals" not in shares


def test_what_is_decided_after_the_month_is_open(kinds: Callable[..., dict[str, pd.DataFrame]]) -> None:
    """At the end of June the later half is not there yet, and who waits for a decision is open."""
    rows = [*deals("existing", 100, 100), *deals("new", 50, 150, "new")]
    opened = sum(1 for row in rows if row["created_at"] < "2025-07-01" and row["buyer"] == "new")
    decided = sum(1 for row in rows if row["closed_at"] < "2025-07-01T00:00:00" and row["buyer"] == "new")
    assert len(kinds(rows, "2025-06")["new"]) == decided == opened - 6
    assert len(kinds(rows, "2026-06")["new"]) == 200  # a month that ends after the export is cut at the export


def test_open_ones_count_for_as_long_as_they_were_seen(book: Callable[..., Workbook]) -> None:
    """Everything takes as long; of those opened in the last days none is decided, and the share stays right."""
    rows = sell.dated(sell.read_deals(book([*deals("existing", 120, 60), *deals("new", 60, 120, "new")], "2025-06")))
    for kind in ("existing", "new"):
        mine = rows[rows["kind"] == kind]
        share = sell.won(mine[mine["outcome"] != "open"]).value
        # the first decision of all opens the window of the curve and is not in it
        assert sell.won_by(mine, 9)[9].value == pytest.approx(share, abs=0.005)
        curve = sell.won_by(mine, 60)
        assert (curve[6].value, curve[7].value) == pytest.approx((0, share), abs=0.005)


def test_opportunities_watched_in_full(book: Callable[..., Workbook]) -> None:
    rows = sell.dated(sell.read_deals(book(USUAL)))
    opened, won, lost, still = sell.watched(rows[rows["kind"] == "existing"], 180)
    assert won.n == opened == round(won.value * opened) + lost
    assert still == 0
    early = sell.watched(rows[rows["kind"] == "existing"], 6)
    assert (early[1].value, early[2], early[3]) == (0, 0, early[0])  # all were decided half a day later


def test_customers_with_several_opportunities_widen_the_interval(
    kinds: Callable[..., dict[str, pd.DataFrame]],
) -> None:
    one_each = [{**row, "customer_id": f"c{k}"} for k, row in enumerate(deals("existing", 100, 100))]
    ordered = sorted(one_each, key=lambda row: row["outcome"])
    four_each = [{**row, "customer_id": f"c{k // 4}"} for k, row in enumerate(ordered)]
    narrow, wide = (sell.won(kinds(rows)["existing"]) for rows in (one_each, four_each))
    assert (wide.high - wide.low) > 1.8 * (narrow.high - narrow.low)
    assert "clustered" in wide.method


def with_sources() -> list[Row]:
    """Customers come by referral, new buyers by advertisement; each source alone has equal shares."""
    return [
        *deals("existing", 240, 60, lead_source="referral", amount=1000.0, currency="EUR"),
        *deals("existing", 20, 80, lead_source="advert", amount=1000.0, currency="EUR"),
        *deals("new", 80, 20, "new", lead_source="referral", amount=1000.0, currency="EUR"),
        *deals("new", 120, 480, "new", lead_source="advert", amount=1000.0, currency="EUR"),
    ]


def test_the_source_can_be_all_of_the_advantage(book: Callable[..., Workbook]) -> None:
    found = study_of(book(with_sources()))
    assert found.finding("selling-existing-over-new").verdict == "supported"
    alike = found.finding("selling-alike")
    assert alike.verdict != "supported"
    assert alike.estimate is not None
    assert alike.estimate.value == pytest.approx(1.0, abs=0.02)
    assert "as they are it is 2.28 times" in text(found, "selling-alike")
    assert found.exhibits["sources"].frame["value"].round(2).tolist() == [1.0, 1.0]
    assert found.finding("selling-by-source").verdict != "supported"
    assert found.finding("selling-by-source").values["against"] == 2
    assert "“referral”" in text(found, "selling-doubt-sources") or "“advert”" in text(found, "selling-doubt-sources")


def test_what_is_recorded_of_the_won_alone_is_not_compared_by(book: Callable[..., Workbook]) -> None:
    """Contract class comes from the customer; a lost new buyer never became one."""
    won_ones = [f"n{k}" for k in range(60)]
    winners = iter(won_ones)
    new = [
        {**row, "customer_id": next(winners) if row["outcome"] == "won" else None}
        for row in deals("new", 60, 540, "new", lead_source="advert")
    ]
    existing = deals("existing", 120, 60, lead_source="advert", customer_id=lambda k: f"n{k % 60}")
    customers = [{"customer_id": one, "tier": "big", "created_at": "2025-03-01"} for one in won_ones]
    company = book([*new, *existing], customers=customers)
    both = sell.read_deals(company)
    assert sorted(sell.alike(both, 0.05, 0.5)) == ["all", "source", "time"]
    assert "tier" in sell.alike(both, 1.0, 0.0)  # whoever allows it compares by the outcome
    assert text(study_of(company), "selling-doubt-tier-of-new") == (
        "Contract class is recorded of 100.0% of the won and 0.0% of the lost opportunities with new buyers. "
        "Whether it is filled in hangs on the outcome, so opportunities are not compared by it."
    )


def test_too_little_to_compare_like_with_like_is_said(book: Callable[..., Workbook]) -> None:
    rows = [*deals("existing", 6, 6, lead_source="a"), *deals("new", 2, 20, "new", lead_source="a")]
    needed = study_of(book(rows)).finding("selling-alike").needed
    assert needed.startswith("Too few opportunities were won or lost to compare only those that are alike")


def test_unrecorded_leads_that_would_bring_new_buyers_into_the_range(book: Callable[..., Workbook]) -> None:
    found = study_of(book([*deals("existing", 300, 100), *deals("new", 300, 700, "new")]))
    assert text(found, "selling-unrecorded").endswith(
        "With 0.50 of them for each recorded opportunity, the share of new buyers would be 20.0% instead of 30.0%."
    )
    curve = sell.if_unrecorded(Estimate(0.3, 0.2, 0.4, 1000, "share", ""), 4.0).set_index("x")
    assert curve.loc[1.0].tolist() == pytest.approx([0.15, 0.1, 0.2])
    hidden = found.finding("selling-existing-over-new").values["hidden"]
    assert hidden.value == pytest.approx(0.75 / 0.3 - 1)  # type: ignore[union-attr]
    assert "it would be 1.25 times, with one lead given up" in text(found, "selling-counted-otherwise")


def test_doubts_are_counted_from_the_data(book: Callable[..., Workbook]) -> None:
    slow = [
        {**row, "closed_at": (datetime.fromisoformat(row["created_at"]) + timedelta(days=40)).isoformat()}
        for row in deals("new", 60, 340, "new", customer_id=lambda k: f"n{k}")
    ]
    fast = deals("existing", 100, 50, still=50, customer_id=lambda k: f"e{k}")
    undated = [{**row, "closed_at": None} for row in deals("existing", 6, 4, "cross_sell")]
    unclear = deals("existing", 3, 4, None)
    customers = [{"customer_id": f"n{k}", "created_at": "2025-06-01"} for k in range(400, 600)]
    customers += [{"customer_id": row["customer_id"], "created_at": "2025-06-01"} for row in slow]
    found = study_of(book([*slow, *fast, *undated, *unclear], customers=customers))
    assert "are decided in 6.5 days, with new buyers in 40 days" in text(found, "selling-doubt-half-decided")
    assert text(found, "selling-doubt-open-existing").startswith("50 opportunities with customers are open. If all of")
    assert text(found, "selling-doubt-undated").startswith("Of 567 decided opportunities 10 have no date")
    assert text(found, "selling-doubt-unclear").startswith("Of 167 decided opportunities with customers 7 do not say")
    alone = found.finding("selling-doubt-without-opportunity").values["alone"]
    assert (alone.value, alone.n) == (pytest.approx(540 / 600), 600)  # type: ignore[union-attr]


def test_a_changed_assumption_moves_sentence_table_and_method(book: Callable[..., Workbook]) -> None:
    usual, shorter = study_of(book(USUAL)), study_of(book(USUAL), days=90)
    assert text(shorter, "selling-won-in-time").startswith("Within 90 days of opening")
    assert shorter.exhibits["time"].frame["x"].max() == 90
    opened, more = (one.exhibits["cohort"].frame.at["New buyers", "Opened"] for one in (usual, shorter))
    assert more > opened
    methods = {term: said for one in shorter.records for term, said in one.get("methods", {}).items()}
    assert methods["Watched in full"].endswith("watched for all of the 90 days.")
    wider = study_of(book(USUAL), former_low=0.1, former_high=0.3)
    assert wider.finding("selling-to-returned").verdict == "cannot-tell"
    assert "partly inside the 10 to 30 in a hundred" in text(wider, "selling-to-returned")
