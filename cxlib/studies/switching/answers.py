"""The sentences that answer what is said of leaving after a bad experience."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, Value, Verdict, unless_it_may_matter, verdict_above
from cxlib.studies.switching.compare import A_MONTH, A_QUARTER, A_YEAR, GRID, Comparison, compared_with
from cxlib.studies.switching.data import TOLD, Data, Episodes, episodes
from cxlib.studies.switching.handling import FirstContact, Recovery, first_contact, recovery
from cxlib.studies.worth import FIVE_POINTS

SAID = 0.89
"""RightNow and Harris Interactive (2011): share of consumers who had ever gone to a competitor after one."""

SAID_AT_LEAST = 0.80
"""The lowest of that series from 2007 to 2011."""

NEEDED = (
    "It needs the terms of the billing system with their ends (subscriptions), and the tickets with complaints, "
    "severity, reopenings, replies or ratings, under the same customer ids."
)
MORE_NEEDED = "It needs more bad experiences, or more time after them."


@dataclass(frozen=True)
class Results:
    """Everything that several parts of the page are said from."""

    data: Data
    told: Episodes
    year: Comparison
    handled: Recovery
    first: FirstContact


def results(data: Data) -> Results:
    """Compare customers after a bad experience with like customers at the same moment."""
    told = episodes(data.spells, data.of(data.told), data.seen_from["tickets"])
    year = compared_with(told.cases, told.stretches, GRID)
    return Results(data, told, year, recovery(told), first_contact(data))


def what_counts(data: Data) -> str:
    """Return what counts as a bad experience, in words."""
    if data.told == TOLD:
        return "a complaint or a severe problem"
    return "a request that stayed unanswered for a week, was reopened or was rated bad"


def findings(found: Results) -> tuple[Finding, ...]:
    """Return the answer, in the order in which a leader reads it."""
    return (
        within_a_year(found),
        more_than_others(found),
        soon(found),
        good_handling(found.handled),
        at_first(found.first),
    )


UNTOLD = {
    "switching-within-a-year": "How many customers leave after a bad experience cannot be told.",
    "switching-more-than-others": "Whether they leave more often than like customers cannot be told.",
    "switching-within-90-days": "How soon customers leave after a bad experience cannot be told.",
    "switching-recovery": "Whether it helps to handle a complaint well cannot be told.",
    "switching-first-contact": "Whether the first request decides who stays cannot be told.",
}


def untold() -> tuple[Finding, ...]:
    """Return the answer where the exports cannot give one."""
    return tuple(_untold(name) for name in UNTOLD)


def _untold(name: str, needed: str = NEEDED) -> Finding:
    return Finding(name, UNTOLD[name], {}, "cannot-tell", needed=needed)


def within_a_year(found: Results) -> Finding:
    """Say how many left within a year of a bad experience, beside what is repeated."""
    left = found.year.share(A_YEAR)
    if not left.is_known:
        return _untold("switching-within-a-year", MORE_NEEDED)
    verdict: Verdict = "supported" if left.low >= SAID_AT_LEAST else "cannot-tell"
    sentence = "Of customers with {what}, {left_full} left within a year: nearly all, as is said everywhere."
    if verdict == "cannot-tell":
        sentence = "Of customers with {what}, {left_full} left within a year: too few were seen to tell it from {said}."
    if left.high < SAID_AT_LEAST:
        verdict = "not-supported"
        sentence = "Of customers with {what}, {left_full} left within a year, not the {said} that is said everywhere."
    values: dict[str, Value] = {"left": left, "what": what_counts(found.data), "said": Quantity(SAID, "share")}
    return Finding(
        "switching-within-a-year",
        sentence,
        values,
        verdict,
        left,
        "The survey behind {said} asked people whether they had ever left any company; here each bad experience is "
        "followed for a year.",
        MORE_NEEDED,
    )


def more_than_others(found: Results) -> Finding:
    """Say whether they left more often than like customers without one at the same moment."""
    name, more = "switching-more-than-others", found.year.more(A_YEAR)
    verdict = verdict_above(more)
    if verdict == "cannot-tell":
        return _untold(name, MORE_NEEDED)
    sentence = (
        "Of like customers without a bad experience at that time {others} left within a year too; after one it is "
        "{share}. The difference, {more_full}, is measurable."
    )
    if verdict == "not-supported":
        sentence = (
            "Of like customers without a bad experience at that time {others} left within a year too; after one it is "
            "{share}. The difference, {more_full}, may be chance."
        )
    if more.high < 0:
        sentence = (
            "Of like customers without a bad experience at that time more left within a year, {others}, than after "
            "one, {share}. The difference is {more_full}."
        )
    assumption = (
        "Something that makes customers both have bad experiences and leave, and that no export shows, would turn it "
        "over."
    )
    values = {"others": found.year.others(A_YEAR), "share": found.year.share(A_YEAR), "more": more}
    return unless_it_may_matter(Finding(name, sentence, values, verdict, more, assumption), FIVE_POINTS, MORE_NEEDED)


def soon(found: Results) -> Finding:
    """Say how many had left after a month and after three."""
    name, quarter, month = "switching-within-90-days", found.year.share(A_QUARTER), found.year.share(A_MONTH)
    if not (quarter.is_known and month.is_known):
        return _untold(name, MORE_NEEDED)
    values: dict[str, Value] = {
        "quarter": quarter,
        "month": month,
        "days": Quantity(A_QUARTER, "days"),
        "first_days": Quantity(A_MONTH, "days"),
    }
    sentence = (
        "Within {days}, {quarter_full} had left; within {first_days}, {month}. Who has decided to leave is still there "
        "until the paid period ends, so leaving shows late."
    )
    return Finding(name, sentence, values, "described", quarter)


def good_handling(handled: Recovery) -> Finding:
    """Say whether customers leave more often after a complaint that was handled badly than after one handled well."""
    return _handling(
        "switching-recovery",
        handled.badly_against_well,
        "After a complaint that was handled badly {badly} left within a year, after like ones that were handled well "
        "{well}: the difference, {more_full}, is measurable.",
        "After a complaint that was handled badly {badly} left within a year, after like ones that were handled well "
        "{well}: the difference, {more_full}, may be chance.",
        "After a complaint that was handled badly {badly} left within a year, fewer than after like ones that were "
        "handled well, {well}: the difference is {more_full}.",
        "Complaints that were handled badly may have been harder in ways that severity does not show.",
    )


def at_first(first: FirstContact) -> Finding:
    """Say whether customers whose first request was handled badly leave more often."""
    return _handling(
        "switching-first-contact",
        first.adjusted,
        "Where the very first request was handled badly {badly} left within a year, where a like one was handled well "
        "{well}: the difference, {more_full}, is measurable.",
        "Where the very first request was handled badly {badly} left within a year, where a like one was handled well "
        "{well}: the difference, {more_full}, may be chance.",
        "Where the very first request was handled badly {badly} left within a year, fewer than where a like one was "
        "handled well, {well}: the difference is {more_full}.",
        "A customer in trouble may both have a hard first request and leave.",
    )


def _handling(
    name: str, badly_against_well: Comparison, measurable: str, by_chance: str, fewer: str, assumption: str
) -> Finding:
    """Say how much more often customers leave who were handled badly: measurably so, perhaps by chance, or less."""
    more, needed = badly_against_well.more(A_YEAR), _more_handled(badly_against_well)
    verdict = verdict_above(more)
    if verdict == "cannot-tell":
        return _untold(name, needed)
    sentence = measurable if verdict == "supported" else fewer if more.high < 0 else by_chance
    values = {"badly": badly_against_well.share(A_YEAR), "well": badly_against_well.others(A_YEAR), "more": more}
    return unless_it_may_matter(Finding(name, sentence, values, verdict, more, assumption), FIVE_POINTS, needed)


def _more_handled(comparison: Comparison) -> str:
    if comparison.n:
        return MORE_NEEDED
    return "It needs tickets that say when they were solved, for customers whose subscriptions are known."


def known(estimate: Estimate) -> bool:
    """Return whether there is a number with limits, from enough cases to show it."""
    return estimate.is_known and bool(np.isfinite(estimate.low + estimate.high)) and "suppressed" not in estimate.flags
