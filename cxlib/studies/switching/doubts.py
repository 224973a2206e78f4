"""What could mislead: each looked for in the data at hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cxlib.finding import Finding, Quantity, Value
from cxlib.models import binary
from cxlib.models.sensitivity import e_value
from cxlib.studies.switching import checks
from cxlib.studies.switching.answers import Results, known, what_counts
from cxlib.studies.switching.compare import A_YEAR, Comparison, compared_with
from cxlib.studies.switching.data import LEFT, UNPAID, Data

ANNIVERSARY_DAYS = 3.0
YEAR = 365.25

SILENT = """
SELECT customer_id AS customer, max(CASE WHEN score > 0 AND told IN ('public', 'nobody') THEN 1 ELSE 0 END) AS silent
FROM survey_answers
WHERE instrument = 'problem' AND score IS NOT NULL AND completed_at < {cut}
    AND (score = 0 OR told IS NOT NULL) AND coalesce(respondent, 'customer') = 'customer'
GROUP BY customer_id, survey, wave
"""

UNLINKED = """
SELECT count(*) AS complaints, count(*) FILTER (WHERE customer_id IS NULL) AS unlinked
FROM tickets
WHERE (is_complaint OR severity = 'severe') AND created_at < {cut}
"""


def doubts(found: Results, others: dict[str, Comparison]) -> tuple[Finding, ...]:
    """Return what was looked for, and found or not.

    Parameters
    ----------
    found : Results
    others : mapping of str to Comparison
        "naive", "payments", "good", "spent_less" and "censored".
    """
    return (
        plain(found, others["naive"]),
        *payments(others["payments"]),
        *good_answers(others["good"]),
        *spent_less(others["spent_less"]),
        *own_later(found, others["censored"]),
        *silent(found),
        *unseen_cause(found),
        *anniversaries(found.data),
        *unlinked(found.data),
    )


def compared_otherwise(found: Results) -> dict[str, Comparison]:
    """Return the comparisons that stand beside the answer to see whether it can be believed."""
    cases, stretches = found.told.cases, found.told.stretches
    return {
        "naive": checks.ever_against_never(found.data),
        "payments": compared_with(cases, stretches, cause=UNPAID),
        "good": checks.after_a_good_answer(found.data),
        "censored": compared_with(cases, stretches, censor_others=True),
    }


def plain(found: Results, naive: Comparison) -> Finding:
    """Show the comparison that everybody makes first, and why it is not made here."""
    ever, never, more = naive.share(A_YEAR), naive.others(A_YEAR), naive.more(A_YEAR)
    values: dict[str, Value] = {"ever": ever, "never": never, "more": more, "what": what_counts(found.data)}
    if not known(more):
        sentence = (
            "Customers with and without {what} in all their time cannot be compared plainly: one side is too small."
        )
        return Finding("switching-plainly", sentence, values)
    sentence = (
        "Compared plainly, {ever} of those who ever had {what} and {never} of those who never had left within a year "
        "of when they were first seen ({more}). That misleads: who leaves soon has had little time for one. Here each "
        "is compared with those who were there at the same moment."
    )
    return Finding("switching-plainly", sentence, values, "described", more)


def _no_difference_expected(
    name: str, comparison: Comparison, days: float, alike: str, unlike: str
) -> Iterator[Finding]:
    more = comparison.more(days)
    if known(more):
        sentence = alike if more.low <= 0 <= more.high else unlike
        values: dict[str, Value] = {"more": more, "cases": comparison.share(days), "others": comparison.others(days)}
        yield Finding(name, sentence, values, "described", more)


def payments(comparison: Comparison) -> Iterator[Finding]:
    """Compare failed payments, which no bad experience causes (negative control outcome)."""
    if comparison.share(A_YEAR).value == 0 and comparison.others(A_YEAR).value == 0:
        return iter(())
    return _no_difference_expected(
        "switching-payments",
        comparison,
        A_YEAR,
        "Failed payments, which no bad experience causes, ended {cases} and {others} within a year: no measurable "
        "difference ({more}; {more_interval}), so nothing here says that the two sides were unlike.",
        "Failed payments, which no bad experience causes, ended {cases} and {others} within a year. That they differ "
        "({more}; {more_interval}) says that the two sides were unlike in something; the same may lie behind the "
        "answer.",
    )


def good_answers(comparison: Comparison) -> Iterator[Finding]:
    """Compare those whose question was answered well (negative control exposure)."""
    return _no_difference_expected(
        "switching-good-answers",
        comparison,
        A_YEAR,
        "After a question that was answered well {cases} left within a year, of like customers who had asked nothing "
        "{others}: no measurable difference ({more}; {more_interval}), so it is not getting in touch that goes with "
        "leaving.",
        "After a question that was answered well {cases} left within a year, of like customers who had asked nothing "
        "{others}. That they differ ({more}; {more_interval}) says that those who get in touch are others than those "
        "who do not.",
    )


def spent_less(comparison: Comparison) -> Iterator[Finding]:
    """Compare what both sides did before the moment of the bad experience (a date before the real one)."""
    return _no_difference_expected(
        "switching-before",
        comparison,
        1.0,
        "In the three months before, when nothing had happened yet, {cases} and {others} had cut their spending: no "
        "measurable difference ({more}; {more_interval}). Leaving itself cannot be compared before: both sides were "
        "still there.",
        "In the three months before, when nothing had happened yet, {cases} and {others} had cut their spending. That "
        "they differ already ({more}; {more_interval}) says that part of the difference in leaving was on its way.",
    )


def own_later(found: Results, censored: Comparison) -> Iterator[Finding]:
    """Say how many of the others had one of their own within the year, and what comes out without that."""
    pairs, more = found.year.pairs, censored.more(A_YEAR)
    if not known(more) or not known(found.year.more(A_YEAR)):
        return
    at = found.year.cases["at"].reindex(pairs["case"]).to_numpy(float)
    soon = pairs["next"].to_numpy(float) < np.minimum(at + A_YEAR, pairs["followed_until"].to_numpy(float))
    share = float(np.average(soon, weights=pairs["weight"]))
    yield Finding(
        "switching-own-later",
        "Of the others {share} had one themselves within that year and are counted all the same: the answer is what "
        "one bad experience more does in the usual course of things. Followed only until then, the difference would be "
        "{more_full}.",
        {"share": Quantity(share, "share"), "more": more},
        "described",
        more,
    )


def silent(found: Results) -> Iterator[Finding]:
    """Say how many of the others may have had a problem that they told nobody here."""
    more = found.year.more(A_YEAR)
    if found.data.book.lacks("survey_answers.told", "survey_answers.score") or not known(more):
        return
    answers = found.data.frame(SILENT)
    share = binary.share(answers["silent"].to_numpy(float), answers["customer"].astype(str).to_numpy())
    if not known(share) or share.value >= 1:
        return
    most = Quantity(more.value / (1 - share.value), "share difference")
    yield Finding(
        "switching-silent",
        "Of the customers asked, {silent_full} had had a problem in three months that they did not tell the company. "
        "Such customers stand among the others. If an untold problem does as much as a told one, the difference to "
        "customers without any would be {most} instead of {more}.",
        {"silent": share, "most": most, "more": more},
        "described",
        share,
    )


def unseen_cause(found: Results) -> Iterator[Finding]:
    """Say how strong something unseen would have to be to explain the difference away."""
    ratio = found.year.ratio(A_YEAR)
    if not known(ratio):
        return
    strength = e_value(ratio.value, ratio.low, ratio.high)
    values: dict[str, Value] = {
        "ratio": ratio,
        "strength": Quantity(strength.point, "ratio"),
        "limit": Quantity(strength.limit, "ratio"),
    }
    sentence = (
        "Those with a bad experience left {ratio} times as often. Something unseen would explain all of it if it made "
        "both a bad experience and leaving {strength} times as likely; for the interval to reach no difference "
        "{limit} times would do."
    )
    if strength.limit == 1:
        sentence = (
            "Those with a bad experience left {ratio} times as often ({ratio_limits}). The interval holds no "
            "difference already, so nothing unseen is needed to explain it."
        )
    yield Finding("switching-unseen-cause", sentence, values, "described", ratio)


def anniversaries(data: Data) -> Iterator[Finding]:
    """Say how many left on an anniversary of their start: contracts by the year end late."""
    left = data.spells[data.spells["event"] == LEFT]
    stay = (left["ends"] - left["started"]).to_numpy(float)
    off = np.abs(stay - YEAR * np.round(stay / YEAR))
    share = binary.share((off <= ANNIVERSARY_DAYS) & (stay > YEAR / 2), left["customer"].to_numpy())
    if known(share):
        chance = (2 * ANNIVERSARY_DAYS) / YEAR
        yield Finding(
            "switching-anniversaries",
            "Of those who left, {share_full} did so within {days} of an anniversary of their start; evenly spread it "
            "would be {chance}. Contracts paid by the year end up to a year after the decision, so a year shows more "
            "than three months, and even a year not all.",
            {"share": share, "days": Quantity(ANNIVERSARY_DAYS, "days"), "chance": Quantity(chance, "share")},
            "described",
            share,
        )


def unlinked(data: Data) -> Iterator[Finding]:
    """Say how many complaints belong to nobody known, and how many ends have no reason."""
    counts = data.frame(UNLINKED).iloc[0]
    gone = data.spells[data.spells["event"] != 0]
    unexplained = int(gone["end_reason"].isna().sum())
    if not len(gone):
        return
    complaints, without = int(counts["complaints"]), int(counts["unlinked"])
    yield Finding(
        "switching-unlinked",
        "Of {complaints} complaints {without} name no known customer and are not followed; of {ends} ends of customers "
        "{unexplained} have no reason and count as leaving.",
        {"complaints": complaints, "without": without, "ends": len(gone), "unexplained": unexplained},
    )
