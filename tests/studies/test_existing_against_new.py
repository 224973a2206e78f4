"""Existing against new: shares by hand, every sentence, what is missing, and what could mislead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import numpy as np
import pytest
from cxlib.exhibits.said import sentence

from cxlib.estimate import Estimate
from cxlib.finding import Finding
from cxlib.language import Language
from cxlib.period import Month
from cxlib.studies import run_study
from cxlib.studies.evidence import Curves, Forest, Sheet
from cxlib.studies.existing_against_new import place
from cxlib.studies.existing_against_new.sales import EXISTING, NEW, compare_alike, read_sales
from cxlib.studies.study import Study
from cxlib.workbook import Workbook
from desk import Desk

Row = dict[str, Any]
Lay = Callable[..., Desk]
START = datetime(2025, 1, 1)
TAKES = timedelta(days=6, hours=12)
IDS = (
    "selling-existing-over-new",
    "selling-to-existing",
    "selling-to-new",
    "selling-existing-with-renewals",
    "selling-to-returned",
)


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
def study(desk: Lay) -> Callable[..., Study]:
    numbers = count()

    def run(opportunities: list[Row], month: str = "2025-12", **tables: list[Row]) -> Study:
        snapshot = desk("2026-03-01", folder=f"desk{next(numbers)}", opportunities=opportunities, **tables)
        return run_study(book_of(snapshot, month), "existing_against_new")

    return run


def book_of(snapshot: Desk, month: str = "2025-12") -> Workbook:
    return Workbook(snapshot, Month.parse(month), Language())


def text(finding: Finding) -> str:
    return sentence(Language(), finding)


def estimate(study: Study, name: str) -> Estimate:
    found = study.finding(name).estimate
    assert found is not None
    return found


def test_shares_are_wins_over_decided(study: Callable[..., Study]) -> None:
    found = study(USUAL)
    assert tuple(finding.id for finding in found.findings) == IDS
    shares = {name: (round(estimate(found, name).value, 4), estimate(found, name).n) for name in IDS[1:]}
    assert shares == {
        "selling-to-existing": (0.64, 500),
        "selling-to-new": (0.12, 1000),
        "selling-existing-with-renewals": (round(415 / 600, 4), 600),
        "selling-to-returned": (0.3, 300),
    }
    ratio = estimate(found, "selling-existing-over-new")
    assert (round(ratio.value, 3), ratio.unit) == (round(0.64 / 0.12, 3), "ratio")
    assert ratio.low > 4


def test_what_a_leader_reads_where_the_claim_holds(study: Callable[..., Study]) -> None:
    found = study(USUAL)
    first, existing, new, renewals, returned = (text(finding) for finding in found.findings)
    assert first.startswith(
        "Selling to a customer succeeds 5.33 times as often as selling to somebody new: 64.0% of the"
    )
    assert "64.0% of those decided were won (95% interval 59.7% to 68.1%" in existing
    assert "but the interval reaches beyond them" in existing
    assert "That lies inside the 5 to 20 in a hundred that are repeated." in new
    assert "A renewal (95.0% won) is a customer who stays, not a sale." in renewals
    assert "inside the 20 to 40" in returned
    verdicts = [finding.verdict for finding in found.findings]
    assert verdicts == ["supported", "cannot-tell", "supported", "described", "supported"]
    assert found.findings[0].assumption
    assert found.missing == (
        "Opportunities from the same source cannot be compared: where each came from would tell.",
        "Opportunities of the same size cannot be compared: the amount of each would tell.",
    )


def test_renewals_can_decide_the_claim(study: Callable[..., Study]) -> None:
    """Half of the sales, all of the renewals: with renewals three in four."""
    found = study(
        [*deals("existing", 600, 600), *deals("existing", 1200, 0, "renewal"), *deals("new", 100, 900, "new")]
    )
    assert text(found.finding("selling-existing-with-renewals")).startswith(
        "Whether renewals are counted decides the answer: with them 75.0%"
    )
    assert found.finding("selling-to-existing").verdict == "not-supported"
    assert "That is less than the 60 to 70 in a hundred" in text(found.finding("selling-to-existing"))


def test_equal_shares_do_not_support_it(study: Callable[..., Study]) -> None:
    found = study([*deals("existing", 60, 140), *deals("new", 300, 700, "new")])
    assert found.finding("selling-existing-over-new").verdict == "not-supported"
    assert text(found.findings[0]).startswith("Selling to a customer did not succeed measurably more often")
    assert "That is more than the 5 to 20 in a hundred" in text(found.finding("selling-to-new"))
    assert "Hardly any renewal" in text(found.finding("selling-existing-with-renewals"))


@pytest.mark.parametrize(
    ("low", "value", "high", "where"),
    [
        (0.61, 0.65, 0.69, "inside"),
        (0.58, 0.65, 0.69, "over the edge"),
        (0.50, 0.58, 0.62, "near"),
        (0.71, 0.75, 0.79, "above"),
        (0.40, 0.45, 0.50, "below"),
        (np.nan, np.nan, np.nan, "unknown"),
    ],
)
def test_place_of_an_interval(low: float, value: float, high: float, where: str) -> None:
    assert place(Estimate(value, low, high, 100, "share", ""), 60, 70) == where


def test_nothing_without_opportunities(desk: Lay) -> None:
    found = run_study(book_of(desk("2026-03-01", customers=[{"customer_id": "c"}])), "existing_against_new")
    assert tuple(finding.id for finding in found.findings) == IDS
    assert {finding.verdict for finding in found.findings} == {"cannot-tell"}
    assert text(found.findings[0]).endswith(
        "A list of sales opportunities would tell: the outcome of each, what the buyer was when it was opened, and "
        "when."
    )
    assert found.evidence == {}
    assert len(found.missing) == 1


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
def test_little_or_one_sided_data_break_nothing(study: Callable[..., Study], rows: list[Row]) -> None:
    found = study(rows)
    assert len(found.findings) == 5
    for finding in found.every_finding:
        assert "nan" not in text(finding)
        assert "–" not in text(finding)
    assert found.doubts


def test_a_table_without_a_row_in_time(study: Callable[..., Study]) -> None:
    assert {finding.verdict for finding in study(USUAL, "2024-06").findings} == {"cannot-tell"}


def test_few_are_not_shown(study: Callable[..., Study]) -> None:
    found = study([*deals("existing", 2, 2), *deals("new", 20, 80, "new")])
    said = text(found.finding("selling-to-existing"))
    assert said.startswith("How often a sale to a customer succeeds cannot be told. It needs at least five")
    assert found.findings[0].verdict == "cannot-tell"


def test_without_the_kind_of_sale_renewals_cannot_be_told(study: Callable[..., Study]) -> None:
    found = study([*deals("existing", 320, 180, None), *deals("new", 100, 900, None)])
    assert found.finding("selling-to-existing").verdict == "cannot-tell"
    assert "that a renewal cannot be told from a sale" in text(found.finding("selling-to-existing"))
    assert text(found.finding("selling-existing-with-renewals")).startswith("With everything sold to customers counted")
    assert "Renewals cannot be told from sales: the kind of sale of each opportunity would tell." in found.missing


def test_what_is_decided_after_the_month_is_open(study: Callable[..., Study]) -> None:
    """At the end of June the later half is not there yet, and who waits for a decision is open."""
    rows = [*deals("existing", 100, 100), *deals("new", 50, 150, "new")]
    june = study(rows, "2025-06")
    opened = sum(1 for row in rows if row["created_at"] < "2025-07-01" and row["buyer"] == "new")
    decided = sum(1 for row in rows if row["closed_at"] < "2025-07-01T00:00:00" and row["buyer"] == "new")
    assert estimate(june, "selling-to-new").n == decided == opened - 6


def test_open_ones_count_for_as_long_as_they_were_seen(study: Callable[..., Study]) -> None:
    """Everything takes as long; of those opened in the last days none is decided, and the share stays right."""
    found = study([*deals("existing", 120, 60), *deals("new", 60, 120, "new")], "2025-06")
    curve = found.evidence["time"]
    assert isinstance(curve, Curves)
    last = curve.frame[curve.frame["x"] == 9].set_index("series")["value"]
    existing, new = (estimate(found, name) for name in ("selling-to-existing", "selling-to-new"))
    # the first decision of all opens the window of the curve and is not in it
    assert last["Customers, without renewals"] == pytest.approx(existing.value, abs=0.005)
    assert last["New buyers"] == pytest.approx(new.value, abs=0.005)


def test_opportunities_watched_in_full(study: Callable[..., Study]) -> None:
    cohort = study(USUAL).evidence["cohort"]
    assert isinstance(cohort, Sheet)
    label, (opened, won, lost, still) = cohort.rows[0]
    assert label == "Customers, without renewals"
    assert isinstance(won, Estimate)
    assert isinstance(opened, int)
    assert isinstance(lost, int)
    assert won.n == opened == round(won.value * opened) + lost
    assert still == 0


def test_customers_with_several_opportunities_widen_the_interval(study: Callable[..., Study]) -> None:
    one_each = [{**row, "customer_id": f"c{k}"} for k, row in enumerate(deals("existing", 100, 100))]
    ordered = sorted(one_each, key=lambda row: row["outcome"])
    four_each = [{**row, "customer_id": f"c{k // 4}"} for k, row in enumerate(ordered)]
    new = deals("new", 100, 900, "new", customer_id=None)
    narrow, wide = (estimate(study([*rows, *new]), "selling-to-existing") for rows in (one_each, four_each))
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


def test_the_source_can_be_all_of_the_advantage(study: Callable[..., Study]) -> None:
    found = study(with_sources())
    assert found.findings[0].verdict == "supported"
    alike = found.finding("selling-alike")
    assert alike.verdict == "not-supported"
    assert estimate(found, "selling-alike").value == pytest.approx(1.0, abs=0.02)
    assert "does not succeed measurably more often (1.00 times" in text(alike)
    assert "as they are it is 2.28 times" in text(alike)
    by_source = found.evidence["sources"]
    assert isinstance(by_source, Forest)
    assert [round(row.estimate.value, 2) for row in by_source.rows] == [1.0, 1.0]
    assert text(found.finding("selling-by-source")).startswith("It does not hold everywhere: of 2 of 2 sources")
    assert text(found.finding("selling-doubt-sources")).startswith("The two do not come from the same places:")
    assert "succeeds 1.00 times as often" in text(found.finding("selling-doubt-not-alike"))


def test_what_is_recorded_of_the_won_alone_is_not_compared_by(desk: Lay) -> None:
    """Contract class comes from the customer; a lost new buyer never became one."""
    won_ones = [f"n{k}" for k in range(60)]
    new = deals("new", 60, 540, "new", lead_source="advert")
    winners = iter(won_ones)
    new = [{**row, "customer_id": next(winners) if row["outcome"] == "won" else None} for row in new]
    existing = deals("existing", 120, 60, lead_source="advert", customer_id=lambda k: f"n{k % 60}")
    customers = [{"customer_id": one, "tier": "big", "created_at": "2025-03-01"} for one in won_ones]
    book = book_of(desk("2026-03-01", opportunities=[*new, *existing], customers=customers))
    alike = compare_alike(read_sales(book))
    assert alike is not None
    assert "Alike in contract class" in alike.left_out
    found = run_study(book, "existing_against_new")
    assert text(found.finding("selling-doubt-tier-of-new")) == (
        "Contract class is recorded of 100.0% of the won and 0.0% of the lost opportunities with new buyers. It is "
        "filled in when a sale is made, so opportunities are not compared by it."
    )


def test_too_little_to_compare_like_with_like_is_said(study: Callable[..., Study]) -> None:
    found = study([*deals("existing", 6, 6, lead_source="a"), *deals("new", 2, 20, "new", lead_source="a")])
    alike = found.finding("selling-alike")
    assert alike.verdict == "cannot-tell"
    assert text(alike).startswith("Too few opportunities were won or lost to compare only those that are alike. More")


def test_unrecorded_leads_that_would_bring_new_buyers_into_the_range(study: Callable[..., Study]) -> None:
    found = study([*deals("existing", 300, 100), *deals("new", 300, 700, "new")])
    assert (
        "With 0.50 of them for each recorded opportunity, the share of new buyers would be 20.0% instead of 30.0%"
        in (text(found.finding("selling-unrecorded")))
    )
    curve = found.evidence["unrecorded"]
    assert isinstance(curve, Curves)
    new = curve.frame[curve.frame["series"].str.startswith("New")].set_index("x")["value"]
    assert new[0.5] == pytest.approx(0.2)
    refused = found.findings[0].values["refused"]
    assert refused.value == pytest.approx(0.75 / 0.3 - 1)


def test_doubts_are_counted_from_the_data(study: Callable[..., Study]) -> None:
    slow = [
        {**row, "closed_at": (datetime.fromisoformat(row["created_at"]) + timedelta(days=40)).isoformat()}
        for row in deals("new", 60, 340, "new", customer_id=lambda k: f"n{k}")
    ]
    fast = deals("existing", 100, 50, still=50, customer_id=lambda k: f"e{k}")
    undated = [{**row, "closed_at": None} for row in deals("existing", 6, 4, "cross_sell")]
    unclear = deals("existing", 3, 4, None)
    customers = [{"customer_id": f"n{k}", "created_at": "2025-06-01"} for k in range(380, 600)]
    found = study([*slow, *fast, *undated, *unclear], customers=customers)
    said = {finding.id: text(finding) for finding in found.doubts}
    assert "are decided in 6.5 days, with new buyers in 40 days" in said["selling-doubt-half-decided"]
    assert said["selling-doubt-open-existing"].startswith("50 opportunities with customers are open. If all of them")
    assert said["selling-doubt-undated"].startswith("10 decided opportunities have no date of decision")
    assert said["selling-doubt-unclear"].startswith("7 decided opportunities with customers do not say what kind")
    assert "bought without an opportunity" in said["selling-doubt-without-opportunity"]


def test_where_nothing_is_wrong_it_says_what_was_looked_for(study: Callable[..., Study]) -> None:
    found = study([*deals("existing", 60, 40), *deals("new", 60, 340, "new")])
    assert [finding.id for finding in found.doubts] == ["selling-doubt-none"]
    assert text(found.doubts[0]).startswith("Looked for and not found:")


def test_nothing_is_known_of_after_the_export(study: Callable[..., Study]) -> None:
    """A month that ends after the export is cut at the export."""
    found = study(USUAL, "2026-06")
    assert estimate(found, "selling-to-new").n == 1000


def test_every_method_is_said_and_no_finding_shares_an_address(study: Callable[..., Study]) -> None:
    found: Study = study(USUAL)
    assert len(found.methods) >= 7
    names = [finding.id for finding in found.every_finding]
    assert len(names) == len(set(names))
    assert all(name.startswith("selling-") for name in names)


def test_groups_are_what_the_buyer_was(desk: Lay) -> None:
    sales = read_sales(book_of(desk("2026-03-01", opportunities=USUAL)))
    assert sales.deals["group"].value_counts().to_dict() == {NEW: 1000, EXISTING: 500, "returned": 300, "renewal": 100}
