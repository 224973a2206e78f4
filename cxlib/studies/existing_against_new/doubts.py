"""What could mislead in `existing_against_new`, looked for in the opportunities at hand."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity
from cxlib.models.binary import share
from cxlib.studies.existing_against_new.sales import EXISTING, NEW, RENEWAL, UNCLEAR, UNEVEN, Alike, Sales
from cxlib.workbook import Workbook

MANY_OPEN = 0.02
FEW = 5
MOVED = 0.15
"""Part of the plain ratio by which the one between alike opportunities must differ to be told of."""


def doubts(book: Workbook, sales: Sales, alike: Alike | None) -> tuple[Finding, ...]:
    """Return the cautions that the data give rise to; one sentence on what was looked for where there are none."""
    found = [
        *_other_than_alike(sales, alike),
        *_already_wanted(sales),
        *_other_sources(sales),
        *_known_of_the_won(sales),
        *_open(sales),
        *_without_opportunity(book, sales),
        *_undated(sales),
        *_unclear(sales),
    ]
    nothing = Finding(
        "selling-doubt-none",
        "Looked for and not found: opportunities opened late, sources of one kind of buyer only, characteristics "
        "recorded of the won alone, many open opportunities, customers without an opportunity, outcomes without a "
        "date.",
    )
    return tuple(found) or (nothing,)


def _other_than_alike(sales: Sales, alike: Alike | None) -> Iterator[Finding]:
    """Say how much of the gap goes with what else differs between the two kinds of opportunities."""
    plain = sales.existing_over_new()
    if alike is None or not alike.all.ratio.is_known or not plain.is_known:
        return
    ratio = alike.all.ratio
    if abs(ratio.value / plain.value - 1) < MOVED:
        return
    yield Finding(
        "selling-doubt-not-alike",
        "The two kinds of opportunities differ in more than the buyer. Between those alike in what is recorded, a "
        "sale to a customer succeeds {ratio} times as often ({ratio_interval}), not {plain} times.",
        {"ratio": ratio, "plain": plain},
    )


def _already_wanted(sales: Sales) -> Iterator[Finding]:
    """Compare how fast the two kinds are decided: what is opened when the customer asks is half decided already."""
    existing, new = (sales.of(group)["days"].dropna() for group in (EXISTING, NEW))
    if min(len(existing), len(new)) < FEW or existing.median() >= new.median():
        return
    yield Finding(
        "selling-doubt-half-decided",
        "Opportunities with customers are decided in {existing}, with new buyers in {new} (the middle one of each). "
        "An opportunity with a customer tends to be opened when the customer asks, and is then half decided; new "
        "buyers are written to unasked. Part of the gap may be that difference and not ease of selling.",
        {
            "existing": Quantity(float(existing.median()), "days"),
            "new": Quantity(float(new.median()), "days"),
        },
    )


def _other_sources(sales: Sales) -> Iterator[Finding]:
    existing, new = (sales.of(group) for group in (EXISTING, NEW))
    if min(len(existing), len(new)) < FEW:
        return
    mixes = [group["lead_source"].value_counts(normalize=True) for group in (existing, new)]
    mix = pd.concat(mixes, axis=1, keys=["existing", "new"]).fillna(0.0)
    if mix.empty:
        return
    source = str((mix["existing"] - mix["new"]).abs().idxmax())
    ours, theirs = (float(mix[column].to_dict()[source]) for column in ("existing", "new"))
    if abs(ours - theirs) < 0.1:
        return
    yield Finding(
        "selling-doubt-sources",
        "The two do not come from the same places: “{source}” brings {ours} of the opportunities with customers and "
        "{theirs} of those with new buyers.",
        {"source": source, "ours": Quantity(ours, "share"), "theirs": Quantity(theirs, "share")},
    )


CHARACTERISTICS = {"tier": "Contract class", "amount": "The amount", "lead_source": "The source"}


def _known_of_the_won(sales: Sales) -> Iterator[Finding]:
    """Look for characteristics that are filled in after a sale: adjusting for them would adjust for the outcome."""
    for group in (NEW, EXISTING):
        mine = sales.of(group)
        won = mine["outcome"] == "won"
        if won.all() or not won.any():
            continue
        for column, name in CHARACTERISTICS.items():
            known = mine[column].notna()
            of_won, of_lost = float(known[won].mean()), float(known[~won].mean())
            if of_won - of_lost > UNEVEN:
                yield Finding(
                    f"selling-doubt-{column.replace('_', '-')}-of-{group}",
                    "{characteristic} is recorded of {of_won} of the won and {of_lost} of the lost opportunities with "
                    "new buyers. It is filled in when a sale is made, so opportunities are not compared by it."
                    if group == NEW
                    else "{characteristic} is recorded of {of_won} of the won and {of_lost} of the lost opportunities "
                    "with customers. It is filled in when a sale is made, so opportunities are not compared by it.",
                    {
                        "characteristic": name,
                        "of_won": Quantity(of_won, "share"),
                        "of_lost": Quantity(of_lost, "share"),
                    },
                )


def _open(sales: Sales) -> Iterator[Finding]:
    """Bound the shares: every open opportunity is lost, or every one is won."""
    for group, name in ((EXISTING, "customers"), (NEW, "new buyers")):
        mine = sales.deals[sales.deals["group"] == group]
        still, won = int((mine["outcome"] == "open").sum()), int((mine["outcome"] == "won").sum())
        if len(mine) < FEW or still / len(mine) < MANY_OPEN:
            continue
        yield Finding(
            f"selling-doubt-open-{group}",
            "{still} opportunities with {buyers} are open. If all of them were lost, {least} would have been won, if "
            "all were won, {most}.",
            {
                "still": still,
                "buyers": name,
                "least": Quantity(won / len(mine), "share"),
                "most": Quantity((won + still) / len(mine), "share"),
            },
        )


def _without_opportunity(book: Workbook, sales: Sales) -> Iterator[Finding]:
    """Count new customers that no opportunity led to: they bought by themselves."""
    if book.lacks("customers.created_at", "opportunities.customer_id", "opportunities.closed_at"):
        return
    first = sales.deals["decided_at"].min()
    if pd.isna(first):
        return
    rows = book.engine.frame(f"""
        SELECT c.customer_id, o.customer_id IS NULL AS alone
        FROM customers AS c
        LEFT JOIN (
            SELECT DISTINCT customer_id FROM opportunities
            WHERE buyer = 'new' AND outcome = 'won' AND customer_id IS NOT NULL AND created_at < {book.sql_cut}
                AND (closed_at IS NULL OR closed_at < {book.sql_cut})
        ) AS o ON o.customer_id = c.customer_id
        WHERE c.created_at >= TIMESTAMP '{first:%Y-%m-%d %H:%M:%S}' AND c.created_at < {book.sql_cut}
    """)
    alone: Estimate = share(rows["alone"].to_numpy(bool), rows["customer_id"])
    if not alone.is_known or alone.value < UNEVEN:
        return
    yield Finding(
        "selling-doubt-without-opportunity",
        "{alone} of the customers won since the first recorded decision ({alone_n}) bought without an opportunity: "
        "sales that nobody had to make are in neither share.",
        {"alone": alone},
    )


def _undated(sales: Sales) -> Iterator[Finding]:
    decided = sales.decided
    undated = int(decided["days"].isna().sum())
    if undated and undated < len(decided):
        yield Finding(
            "selling-doubt-undated",
            "{undated} decided opportunities have no date of decision: they count in the shares, and not in the curves "
            "over time.",
            {"undated": undated},
        )


def _unclear(sales: Sales) -> Iterator[Finding]:
    unclear, clear = len(sales.of(UNCLEAR)), len(sales.of(EXISTING, RENEWAL))
    if unclear and clear:
        yield Finding(
            "selling-doubt-unclear",
            "{unclear} decided opportunities with customers do not say what kind of sale they were; they may be "
            "renewals and are left out where renewals are.",
            {"unclear": unclear},
        )
