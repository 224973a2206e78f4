"""Whether keeping five per cent more customers brings a quarter more profit."""

from __future__ import annotations

from collections.abc import Iterator

from cxlib.finding import Finding
from cxlib.studies.retention_and_profit.answer import (
    fewer_defections,
    five_per_cent,
    five_points,
    rises_with_tenure,
)
from cxlib.studies.retention_and_profit.books import benefits_grow, keep_or_win, price_and_tenure, profit_after
from cxlib.studies.retention_and_profit.doubts import doubts_of
from cxlib.studies.retention_and_profit.evidence import evidence_of
from cxlib.studies.retention_and_profit.methods import METHODS
from cxlib.studies.retention_and_profit.results import Results, results
from cxlib.studies.study import Study
from cxlib.workbook import Workbook

NOTHING_FOUND = Finding(
    "retention-no-doubt",
    "Looked for and not to be told from these data: who would be kept, whether big customers stay longer, another mix "
    "of customers, growth that is the time's and not the customer's.",
)


def study(book: Workbook) -> Study:
    """Ask what more retention would bring: per customer in three readings, and in the books over one to five years."""
    found = results(book)
    evidence = evidence_of(found)
    said = {piece.says.id for piece in evidence.values() if piece.says is not None}
    beside = (five_per_cent(found), profit_after(found, 5), price_and_tenure(found), keep_or_win(found))
    untold = tuple(finding for finding in beside if finding.id not in said)
    return Study(
        "retention_and_profit",
        (
            five_points(found),
            fewer_defections(found),
            profit_after(found, 1),
            benefits_grow(found),
            rises_with_tenure(found),
        ),
        evidence,
        (doubts_of(found) or (NOTHING_FOUND,)) + untold,
        METHODS,
        tuple(_missing(book, found)),
    )


def _missing(book: Workbook, found: Results) -> Iterator[str]:
    if book.lacks("subscriptions.started_at", "subscriptions.monthly_amount"):
        yield "Everything about customers needs an export of subscriptions (subscriptions)."
        return
    known = found.company.unit_costs.known
    if "delivery" not in known or "support" not in known:
        yield (
            "What it costs to serve a customer needs costs by team and month (costs) of delivery and of support, and "
            "tickets to share them out by (tickets)."
        )
    if found.value is not None and found.firm == "costs":
        yield "The profit in the books needs costs by team and month (costs), those of everything general among them."
    if not found.company.is_real:
        yield "Amounts after inflation need consumer prices by currency and month (price_index)."
    if book.lacks("subscriptions.quantity"):
        yield "The price per seat needs the quantity of each subscription (subscriptions.quantity)."
