"""What could mislead in `perception_gap`, looked for in the answers at hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from cxlib.estimate import Estimate, two_sided_p
from cxlib.finding import Finding, Quantity
from cxlib.metrics.measure import SMALL_BELOW, SUPPRESSED_BELOW
from cxlib.models.binary import share, share_difference
from cxlib.models.nonresponse import late_responders, worst_case
from cxlib.studies.perception_gap.data import CUSTOMER, Answers, Views
from cxlib.studies.perception_gap.said import PUTS_CUSTOMERS_FIRST
from cxlib.workbook import Workbook

PLAIN = "customers-customers-first-plain"
FEWEST_LATE = 30
A_YEAR = 365

STAYED = """
SELECT s.customer_id, s.started_at, s.ended_at FROM {spells} AS s WHERE s.started_at < {cut}
"""


def doubts(book: Workbook, views: Views, owners: Answers | None, customers: Answers | None) -> tuple[Finding, ...]:
    """Return the cautions, each computed; what was looked for where there is nothing to look at."""
    found: list[Finding] = []
    if customers is not None and customers.plain.is_known:
        found += [
            _weighting(customers),
            *_silent(customers),
            *_late(customers),
            *_segments(customers),
            *_accounts(customers),
        ]
    if owners is not None and customers is not None:
        found += _cut_off(owners, customers)
    if owners is not None and owners.agree.is_known:
        found += _few_owners(owners)
    found += _behaviour(book, views)
    nothing = Finding(
        "gap-doubt-none",
        "Nobody answered “The company puts its customers first”, so nothing could be looked for: not who stayed "
        "silent, nor late answers, segments, or what became of those who disagreed.",
    )
    return tuple(found) or (nothing,)


def _weighting(customers: Answers) -> Finding:
    """Set the plain share beside the weighted one."""
    plain, agree = customers.plain, customers.agree
    if not customers.is_weighted:
        return Finding(
            PLAIN,
            "The customers who answered could not be weighted to those who were asked (the list of those asked is "
            "missing or too few answered). If the satisfied answer more, as is usual, {plain} is too high.",
            {"plain": plain},
            estimate=plain,
        )
    sentence = (
        "Customers who answered are not like those who were asked: every answer counted the same, {plain} agree; "
        "weighted to all who were asked, {weighted}. The interval also allows for a hidden difference as large again; "
        "a larger one would not show in the data."
        if abs(plain.value - agree.value) >= 0.01
        else "In what is known of them, customers who answered are like those who were asked: every answer counted the "
        "same, {plain} agree; weighted to all who were asked, {weighted}. What the silent think is still not known."
    )
    return Finding(PLAIN, sentence, {"plain": plain, "weighted": agree}, estimate=plain)


def _silent(customers: Answers) -> Iterator[Finding]:
    silent = len(customers.asked) - customers.responded
    if silent <= 0 or not customers.rate.is_known:
        return
    agreeing = customers.plain.value * customers.responded
    bounds = worst_case(agreeing, customers.responded - agreeing, silent)
    yield Finding(
        "gap-silent-customers",
        "{silent} of the {asked} customers who were asked did not answer. Had none of them agreed, the share of "
        "customers would be {low}; had all of them, {high}. Anything between fits the data.",
        {
            "silent": silent,
            "asked": len(customers.asked),
            "low": Quantity(bounds.low, "share"),
            "high": Quantity(bounds.high, "share"),
        },
    )


def _late(customers: Answers) -> Iterator[Finding]:
    """Look whether late answers are worse: those who never answer may be further along the same way."""
    known = customers.rows[customers.rows["delay"].notna()]
    if len(known) < FEWEST_LATE:
        return
    late = late_responders(known["agrees"].to_numpy(bool), known["delay"], known["weight"])
    if not np.isfinite([late.slope, late.slope_low, late.slope_high]).all():
        return
    slope = Estimate(late.slope, late.slope_low, late.slope_high, len(known), "share difference", "sandwich")
    sentence = (
        "Customers who answered late agreed less: {slope} from the first answer to the last ({slope_interval}). Those "
        "who never answered may agree less still."
        if slope.high < 0
        else "Customers who answered late agreed more: {slope} from the first answer to the last ({slope_interval}). "
        "Those who never answered may agree more still."
        if slope.low > 0
        else "Late answers do not measurably differ from early ones ({slope} from the first to the last, "
        "{slope_interval}): no warning of silent customers who think otherwise, and no proof that there are none."
    )
    yield Finding("gap-late-answers", sentence, {"slope": slope})


def _segments(customers: Answers) -> Iterator[Finding]:
    """Look for the region or contract class that disagrees with the rest."""
    tested = []
    for column in ("region", "tier"):
        values = customers.rows[column]
        for value in sorted(values.dropna().unique()):
            mine = values == value
            if min(mine.sum(), (~mine).sum()) >= SMALL_BELOW:
                parts = [
                    share(rows["agrees"], rows["account"]) for rows in (customers.rows[mine], customers.rows[~mine])
                ]
                tested.append((str(value), parts[0], share_difference(*parts)))
    if not tested:
        return
    rejected = multipletests([two_sided_p(gap) for _, _, gap in tested], method="fdr_bh")[0]
    apart = [line for line, hit in zip(tested, rejected, strict=True) if hit]
    if not apart:
        yield Finding(
            "gap-segments",
            "Looked for and not found: a region or contract class of customers that agrees measurably more or less "
            "than the others ({count} compared).",
            {"count": len(tested)},
        )
        return
    name, part, gap = max(apart, key=lambda line: abs(line[2].value))
    yield Finding(
        "gap-segments",
        "Customers are not of one mind: of “{segment}” {share} agree, {gap} against all others ({gap_interval}).",
        {"segment": name, "share": part, "gap": gap},
    )


def _accounts(customers: Answers) -> Iterator[Finding]:
    sizes = customers.rows["account"].value_counts()
    shared = int((sizes > 1).sum())
    if shared:
        yield Finding(
            "gap-accounts",
            "{shared} parent companies answered through more than one customer; their answers count as alike, and the "
            "interval is as much wider.",
            {"shared": shared},
        )


def _cut_off(owners: Answers, customers: Answers) -> Iterator[Finding]:
    """Look whether the gap hangs on where agreement begins."""
    gaps = []
    for at_least in (0.5, 0.9):
        parts = [
            side.of(
                side.rows["score"]
                >= side.rows["scale_min"] + at_least * (side.rows["scale_max"] - side.rows["scale_min"])
            )
            for side in (owners, customers)
        ]
        gaps.append(share_difference(*parts))
    usual = share_difference(owners.agree, customers.agree)
    if not all(gap.is_known for gap in (usual, *gaps)):
        return
    alike = len({(gap.low > 0, gap.high < 0) for gap in (usual, *gaps)}) == 1
    sentence = (
        "That there is a gap, or none to be seen, does not hang on where agreement begins; its size does. Counting the "
        "middle of the scale as agreement it is {wide}, counting only its upper end {narrow}, instead of {usual}."
        if alike
        else "The answer hangs on where agreement begins: counting the middle of the scale as agreement the gap is "
        "{wide} ({wide_interval}), counting only its upper end {narrow} ({narrow_interval}), instead of {usual}."
    )
    yield Finding("gap-cut-off", sentence, {"wide": gaps[0], "narrow": gaps[1], "usual": usual})


def _few_owners(owners: Answers) -> Iterator[Finding]:
    one = Quantity(1 / len(owners.rows), "share")
    yield Finding(
        "gap-few-managers",
        "{count} managers answered: each of their answers is {one} of the whole. People tend to speak well of "
        "their own work, so the share says what they think, not how customers are treated.",
        {"count": len(owners.rows), "one": one},
    )


def _behaviour(book: Workbook, views: Views) -> Iterator[Finding]:
    """Look whether those who disagreed left more often: a view is not yet what people do."""
    if book.lacks("subscriptions.started_at", "subscriptions.ended_at"):
        return
    mine = views.answers[(views.answers["respondent"] == CUSTOMER) & views.answers["customer_id"].notna()]
    old = mine["completed_at"] <= pd.Timestamp(book.cut) - pd.Timedelta(days=A_YEAR)
    first = mine[(mine["question"] == PUTS_CUSTOMERS_FIRST) & old].drop_duplicates("customer_id")
    if len(first) < SUPPRESSED_BELOW:
        return
    spells = book.engine.frame(STAYED.format(spells=book.engine.fact("customer_spell"), cut=book.sql_cut))
    both = first.merge(spells, on="customer_id")
    both = both[(both["started_at"] <= both["completed_at"]) & ~(both["ended_at"] <= both["completed_at"])]
    left = both["ended_at"] <= both["completed_at"] + pd.Timedelta(days=A_YEAR)
    agrees = both["agrees"].astype(bool)
    others, agreeing = (share(left[rows], both.loc[rows, "account"]) for rows in (~agrees, agrees))
    gap = share_difference(others, agreeing)
    if not (others.is_known and agreeing.is_known and gap.is_known):
        return
    sentence = (
        "What they say goes along with what they do: of customers who did not agree {others} stopped paying within a "
        "year, of those who did {agreeing} ({gap}, {gap_interval})."
        if gap.low > 0
        else "What they say does not measurably go along with what they do: of customers who did not agree {others} "
        "stopped paying within a year, of those who did {agreeing} ({gap}, {gap_interval})."
    )
    yield Finding("gap-view-and-staying", sentence, {"others": others, "agreeing": agreeing, "gap": gap})
