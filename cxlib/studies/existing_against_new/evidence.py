"""What `existing_against_new` shows: shares, time, like with like, sources, and what was never recorded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, verdict_above
from cxlib.models.binary import share_difference
from cxlib.models.incidence import incidence
from cxlib.studies.evidence import Content, Curves, Evidence, Forest, Row, Sheet
from cxlib.studies.existing_against_new.sales import (
    EXISTING,
    HORIZON,
    NEW,
    RENEWAL,
    RETURNED,
    WITH_RENEWALS,
    Alike,
    Sales,
    ratio_of,
    won_of,
)

NAMES = {EXISTING: "Customers, without renewals", NEW: "New buyers", RETURNED: "Former customers"}
MOTIONS = {"upsell": "Customers: more of the same", "cross_sell": "Customers: another product", "new": "Customers: new"}
MOST_SOURCES = 8
TOP_OF_NEW = 0.20
"""Upper end of what is repeated for new buyers."""


def evidence(sales: Sales, alike: Alike | None) -> Mapping[str, Evidence]:
    """Return the pieces of evidence that the opportunities can bring, in the order of the page."""
    pieces = {
        "shares": _shares(sales),
        "time": _time(sales),
        "cohort": _cohort(sales),
        "alike": _alike(sales, alike) if alike is not None else None,
        "sources": _sources(sales),
        "unrecorded": _unrecorded(sales),
    }
    return {name: piece for name, piece in pieces.items() if piece is not None}


def _shares(sales: Sales) -> Evidence | None:
    rows = [Row(NAMES[EXISTING], sales.won(EXISTING))]
    existing = sales.of(EXISTING)
    for motion, label in MOTIONS.items():
        mine = existing[existing["motion"] == motion]
        if len(mine):
            rows.append(Row(label, won_of(mine)))
    rows += [Row("Customers: renewals", sales.won(RENEWAL)), Row("Customers, with renewals", sales.won(*WITH_RENEWALS))]
    rows += [Row(NAMES[group], sales.won(group)) for group in (RETURNED, NEW)]
    gap = share_difference(sales.won(EXISTING), sales.won(NEW))
    says = None
    if gap.is_known:
        says = Finding(
            "selling-points-apart",
            "The share won with customers, renewals left out, differs from that with new buyers by {gap} "
            "({gap_interval}).",
            {"gap": gap},
            verdict_above(gap),
            gap,
        )
    kept = tuple(row for row in rows if row.estimate.n > 0)
    return Forest(caption="Share won of the decided opportunities, by buyer.", rows=kept, says=says) if kept else None


def _time(sales: Sales) -> Evidence | None:
    days = np.arange(0.0, HORIZON + 1, 3.0)
    parts, last = [], {}
    for group, name in NAMES.items():
        cases = sales.cases(group)
        if len(cases.time) < 5:
            continue
        reached = incidence(cases, days)
        last[group] = reached[-1]
        lines = [(e.value, e.low, e.high) for e in reached]
        parts.append(pd.DataFrame(lines, columns=["value", "low", "high"]).assign(series=name, x=days))
    if not parts or not pd.concat(parts)["value"].notna().any():
        return None
    return Curves(
        caption="Share of opportunities won, by days since they were opened; open ones count for as long as they were "
        "seen.",
        frame=pd.concat(parts, ignore_index=True)[["series", "x", "value", "low", "high"]],
        x_label="Days since opening",
        x_unit="days",
        unit="share",
        steps=True,
        says=_won_in_time(last),
    )


def _won_in_time(last: Mapping[str, Estimate]) -> Finding | None:
    existing, new = last.get(EXISTING), last.get(NEW)
    if existing is None or new is None or not (existing.is_known and new.is_known):
        return None
    gap = share_difference(existing, new)
    return Finding(
        "selling-won-in-time",
        "Within {days} of opening, {existing} ({existing_limits}) of the opportunities with customers are won and "
        "{new} ({new_limits}) of those with new buyers, open ones counted for as long as they were seen.",
        {"days": Quantity(HORIZON, "days"), "existing": existing, "new": new},
        verdict_above(gap),
        gap,
    )


def _cohort(sales: Sales) -> Evidence | None:
    rows = []
    for group, name in NAMES.items():
        watched = sales.cohort(group)
        if len(watched):
            in_time = watched["days"] <= HORIZON
            won = won_of(watched.assign(outcome=watched["outcome"].where(in_time, "open")))
            lost = int((in_time & (watched["outcome"] == "lost")).sum())
            cells: tuple[Content, ...] = (
                len(watched),
                won,
                lost,
                len(watched) - lost - int((in_time & (watched["outcome"] == "won")).sum()),
            )
            rows.append((name, cells))
    if not rows:
        return None
    return Sheet(
        caption="Opportunities that could be watched for {days} from their opening.",
        values={"days": Quantity(HORIZON, "days")},
        headers=("Buyer", "Opened", "Won in that time", "Lost in that time", "Still open then"),
        rows=tuple(rows),
    )


WHY_NOT = {
    "too few": "Too few opportunities were won or lost to compare only those that are alike.",
    "separated": "What is recorded tells won from lost opportunities without an exception, so like cannot be compared "
    "with like.",
    "one group": "Nothing that is recorded is shared by customers and new buyers, so like cannot be compared with "
    "like.",
    "not converged": "The comparison of opportunities that are alike did not come to an end, so it says nothing.",
}


def _alike(sales: Sales, alike: Alike) -> Evidence:
    rows: list[tuple[str, tuple[Content, ...]]] = [
        ("As they are", (sales.won(EXISTING), sales.won(NEW), sales.existing_over_new()))
    ]
    rows += [(name, (one.first, one.second, one.ratio)) for name, one in alike.rows if not one.why_not]
    return Sheet(
        caption="Share won as it is, and between opportunities that are alike.",
        headers=("Compared", "Customers", "New buyers", "How many times as often"),
        rows=tuple(rows),
        says=_said_alike(sales, alike.all.ratio, alike.all.why_not),
    )


def _said_alike(sales: Sales, ratio: Estimate, why_not: str) -> Finding:
    name = "selling-alike"
    if why_not or not ratio.is_known:
        needed = "More opportunities of both kinds, with where they came from and their size, would tell."
        return Finding(name, WHY_NOT.get(why_not, WHY_NOT["too few"]), {}, "cannot-tell", needed=needed)
    verdict = verdict_above(ratio, 1.0)
    sentence = (
        "Between opportunities that are alike in all of this, a sale to a customer succeeds {ratio} times as often "
        "({ratio_interval}); as they are it is {plain} times."
        if verdict == "supported"
        else "Between opportunities that are alike in all of this, a sale to a customer does not succeed measurably "
        "more often ({ratio} times, {ratio_interval}); as they are it is {plain} times."
    )
    return Finding(name, sentence, {"ratio": ratio, "plain": sales.existing_over_new()}, verdict, ratio)


def _sources(sales: Sales) -> Evidence | None:
    existing, new = sales.of(EXISTING), sales.of(NEW)
    found = pd.concat([existing, new])["lead_source"].value_counts().index[:MOST_SOURCES]
    rows = [
        Row(str(source), ratio)
        for source in found
        if (ratio := ratio_of(existing[existing["lead_source"] == source], new[new["lead_source"] == source])).is_known
    ]
    if len(rows) < 2:
        return None
    return Forest(
        caption="How many times as often a sale to a customer succeeds, by where the opportunity came from.",
        rows=tuple(rows),
        reference=1.0,
        reference_label="no difference",
        log=all(row.estimate.value > 0 and row.estimate.low > 0 for row in rows),
        says=_said_by_source(rows),
    )


def _said_by_source(rows: list[Row]) -> Finding:
    below = [row for row in rows if row.estimate.value <= 1]
    name = "selling-by-source"
    if below:
        lowest = min(below, key=lambda row: row.estimate.value)
        return Finding(
            name,
            "It does not hold everywhere: of {against} of {count} sources the share of customers is not the higher "
            "one; from “{source}” it is {ratio} times ({ratio_interval}).",
            {"against": len(below), "count": len(rows), "source": lowest.label, "ratio": lowest.estimate},
            "not-supported",
        )
    least = min(rows, key=lambda row: row.estimate.value)
    return Finding(
        name,
        "It holds for each of the {count} sources; least for “{source}”, with {ratio} times ({ratio_interval}).",
        {"count": len(rows), "source": least.label, "ratio": least.estimate},
        "supported",
    )


def _unrecorded(sales: Sales) -> Evidence | None:
    shares = {
        "Customers: refusals before an opportunity was opened": sales.won(EXISTING),
        "New buyers: leads given up before an opportunity was opened": sales.won(NEW),
    }
    if not all(share.is_known and share.value > 0 for share in shares.values()):
        return None
    many = np.arange(0.0, 4.01, 0.25)
    parts = [
        pd.DataFrame(
            {"x": many, "value": e.value / (1 + many), "low": e.low / (1 + many), "high": e.high / (1 + many)}
        ).assign(series=name)
        for name, e in shares.items()
    ]
    return Curves(
        caption="What the share won would be if, for each recorded opportunity, so many others had been lost without a "
        "record.",
        frame=pd.concat(parts, ignore_index=True)[["series", "x", "value", "low", "high"]],
        x_label="Unrecorded losses for each recorded opportunity",
        x_unit="ratio",
        unit="share",
        reference=TOP_OF_NEW,
        says=said_of_unrecorded(sales),
    )


def said_of_unrecorded(sales: Sales) -> Finding:
    """Return how many leads given up unrecorded would bring the share of new buyers into the repeated range."""
    new = sales.won(NEW)
    if new.value > TOP_OF_NEW:
        return Finding(
            "selling-unrecorded",
            "Leads that were given up before anybody opened an opportunity are missing, and only new buyers have them. "
            "With {enough} of them for each recorded opportunity, the share of new buyers would be {top} instead of "
            "{new}.",
            {"enough": Quantity(new.value / TOP_OF_NEW - 1, "ratio"), "top": Quantity(TOP_OF_NEW, "share"), "new": new},
        )
    return Finding(
        "selling-unrecorded",
        "Leads that were given up before anybody opened an opportunity are missing, and only new buyers have them. "
        "With one for each recorded opportunity, the share of new buyers would be {halved} instead of {new}.",
        {"halved": Quantity(new.value / 2, "share"), "new": new},
    )
