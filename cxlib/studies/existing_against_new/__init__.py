"""Whether it is easier to sell to a customer than to somebody new, and by how much."""

from __future__ import annotations

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, Value, Verdict, verdict_above
from cxlib.studies.existing_against_new.doubts import doubts
from cxlib.studies.existing_against_new.evidence import evidence
from cxlib.studies.existing_against_new.methods import METHODS
from cxlib.studies.existing_against_new.sales import (
    EXISTING,
    NEEDED,
    NEW,
    RENEWAL,
    RETURNED,
    WITH_RENEWALS,
    Sales,
    compare_alike,
    read_sales,
)
from cxlib.studies.study import Study
from cxlib.workbook import Workbook

CLAIMED = {EXISTING: (60, 70), NEW: (5, 20), RETURNED: (20, 40)}
"""Sales in a hundred, as Griffin and Lowenstein (2001), *Customer Winback*, give them."""

NO_OPPORTUNITIES = (
    "A list of sales opportunities would tell: the outcome of each, what the buyer was when it was opened, and when."
)

INSIDE = "inside"
ABOVE = "above"
BELOW = "below"
OVER_THE_EDGE = "over the edge"
NEAR = "near"
UNKNOWN = "unknown"

WHAT = {
    EXISTING: "Opportunities with customers, renewals left out",
    NEW: "Opportunities with new buyers",
    RETURNED: "Opportunities with former customers",
}
SENTENCES = {
    INSIDE: "{what}: {share} of those decided were won ({share_interval}; {share_n}). That lies inside the {low} to "
    "{high} in a hundred that are repeated.",
    ABOVE: "{what}: {share} of those decided were won ({share_interval}; {share_n}). That is more than the {low} to "
    "{high} in a hundred that are repeated.",
    BELOW: "{what}: {share} of those decided were won ({share_interval}; {share_n}). That is less than the {low} to "
    "{high} in a hundred that are repeated.",
    OVER_THE_EDGE: "{what}: {share} of those decided were won ({share_interval}; {share_n}). That lies inside the "
    "{low} to {high} in a hundred that are repeated, but the interval reaches beyond them.",
    NEAR: "{what}: {share} of those decided were won ({share_interval}; {share_n}). That lies outside the {low} to "
    "{high} in a hundred that are repeated, but the interval reaches into them.",
}
UNKNOWN_SENTENCES = {
    EXISTING: "How often a sale to a customer succeeds cannot be told.",
    NEW: "How often a sale to a new buyer succeeds cannot be told.",
    RETURNED: "How often a sale to a former customer succeeds cannot be told.",
}

VERDICTS: dict[str, Verdict] = {
    INSIDE: "supported",
    ABOVE: "not-supported",
    BELOW: "not-supported",
    OVER_THE_EDGE: "cannot-tell",
    NEAR: "cannot-tell",
}

MORE_DECIDED = "More decided opportunities would narrow the interval."
FEW_DECIDED = {
    EXISTING: "It needs at least five decided opportunities with customers, and what kind of sale each was: without "
    "that a renewal cannot be told from a sale.",
    NEW: "It needs at least five decided opportunities with new buyers.",
    RETURNED: "It needs at least five decided opportunities with former customers, told apart from new buyers.",
}


def place(estimate: Estimate, low: int, high: int) -> str:
    """Return where an interval lies against a range in a hundred."""
    if not estimate.is_known:
        return UNKNOWN
    if estimate.low > high / 100:
        return ABOVE
    if estimate.high < low / 100:
        return BELOW
    if low / 100 <= estimate.low and estimate.high <= high / 100:
        return INSIDE
    return OVER_THE_EDGE if low / 100 <= estimate.value <= high / 100 else NEAR


def share_finding(sales: Sales, group: str) -> Finding:
    """Return how often a sale to one kind of buyer succeeds, held against the range that is repeated."""
    won, (low, high) = sales.won(group), CLAIMED[group]
    name, where = f"selling-to-{group}", place(won, low, high)
    if where == UNKNOWN:
        return Finding(name, UNKNOWN_SENTENCES[group], {}, "cannot-tell", needed=FEW_DECIDED[group])
    values: dict[str, Value] = {"what": WHAT[group], "share": won, "low": low, "high": high}
    return Finding(name, SENTENCES[where], values, VERDICTS[where], won, needed=MORE_DECIDED)


def over_new(sales: Sales) -> Finding:
    """Return how many times as often a sale to a customer succeeds as one to somebody new."""
    ratio, existing, new = sales.existing_over_new(), sales.won(EXISTING), sales.won(NEW)
    verdict = verdict_above(ratio, 1.0)
    name, needed = "selling-existing-over-new", "It needs decided opportunities of both kinds, some of them won."
    if verdict == "cannot-tell":
        sentence = "Whether selling to a customer is easier than selling to somebody new cannot be told."
        return Finding(name, sentence, {}, verdict, needed=needed)
    values: dict[str, Value] = {"ratio": ratio, "existing": existing, "new": new}
    if verdict == "supported":
        return Finding(
            name,
            "Selling to a customer succeeds {ratio} times as often as selling to somebody new: {existing} of the "
            "decided opportunities were won against {new} ({ratio_interval} for the number of times).",
            {**values, "refused": Quantity(ratio.value - 1, "ratio")},
            verdict,
            ratio,
            assumption="For each recorded opportunity with a customer, fewer than {refused} other customers were asked "
            "and refused before anybody opened an opportunity. With so many the advantage of customers would be gone.",
        )
    return Finding(
        name,
        "Selling to a customer did not succeed measurably more often than selling to somebody new: {existing} of the "
        "decided opportunities were won against {new} ({ratio} times as often, {ratio_interval}).",
        values,
        verdict,
        ratio,
    )


def with_renewals(sales: Sales) -> Finding:
    """Return what becomes of the share of customers when renewals count as sales: the choice that decides the claim."""
    name, every, renewed = "selling-existing-with-renewals", sales.won(*WITH_RENEWALS), sales.won(RENEWAL)
    without = sales.won(EXISTING)
    if not every.is_known:
        sentence = "What renewals would do to the share of customers cannot be told."
        return Finding(name, sentence, {}, "cannot-tell", needed=FEW_DECIDED[EXISTING])
    if not without.is_known:
        sentence = "With everything sold to customers counted, renewals as well, {every} was won ({every_interval})."
        return Finding(name, sentence, {"every": every}, estimate=every)
    if not renewed.is_known:
        sentence = (
            "Hardly any renewal is among the opportunities with customers, so with renewals it is {every} "
            "({every_interval}), about the same."
        )
        return Finding(name, sentence, {"every": every}, estimate=every)
    low, high = CLAIMED[EXISTING]
    moved = place(every, low, high) != place(without, low, high)
    values: dict[str, Value] = {"every": every, "renewed": renewed, "without": without, "low": low, "high": high}
    sentence = (
        "Whether renewals are counted decides the answer: with them {every} ({every_interval}) of the opportunities "
        "with customers were won, without them {without}. A renewal ({renewed} won) is a customer who stays, not a "
        "sale."
        if moved
        else "With renewals counted, {every} ({every_interval}) of the opportunities with customers were won; the "
        "answer stays the same. A renewal ({renewed} won) is a customer who stays, not a sale."
    )
    return Finding(name, sentence, values, estimate=every)


def study(book: Workbook) -> Study:
    """Compare sales to customers with sales to new buyers and to former customers.

    Parameters
    ----------
    book : Workbook
        The month; what was decided after it is open.
    """
    if book.lacks(*NEEDED):
        return _without_opportunities()
    sales = read_sales(book)
    alike = compare_alike(sales)
    findings = (
        over_new(sales),
        share_finding(sales, EXISTING),
        share_finding(sales, NEW),
        with_renewals(sales),
        share_finding(sales, RETURNED),
    )
    return Study(
        "existing_against_new",
        findings,
        evidence(sales, alike),
        doubts(book, sales, alike),
        METHODS,
        tuple(sentence for column, sentence in MISSING.items() if book.lacks(column)),
    )


MISSING = {
    "opportunities.motion": "Renewals cannot be told from sales: the kind of sale of each opportunity would tell.",
    "opportunities.closed_at": "How long opportunities take cannot be told: the day each was decided would tell, and "
    "without it an outcome counts in every month.",
    "opportunities.lead_source": "Opportunities from the same source cannot be compared: where each came from would "
    "tell.",
    "opportunities.amount": "Opportunities of the same size cannot be compared: the amount of each would tell.",
}


def _without_opportunities() -> Study:
    def untold(name: str, sentence: str) -> Finding:
        return Finding(name, sentence, {}, "cannot-tell", needed=NO_OPPORTUNITIES)

    findings = (
        untold(
            "selling-existing-over-new",
            "Whether selling to a customer is easier than selling to somebody new cannot be told.",
        ),
        *(untold(f"selling-to-{group}", UNKNOWN_SENTENCES[group]) for group in (EXISTING, NEW)),
        untold("selling-existing-with-renewals", "What renewals would do to the share of customers cannot be told."),
        untold("selling-to-returned", UNKNOWN_SENTENCES[RETURNED]),
    )
    return Study("existing_against_new", findings, {}, (), METHODS, (NO_OPPORTUNITIES,))
