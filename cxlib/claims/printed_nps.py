"""The Net Promoter Score by the recipe that an article prints, beside the right one."""

from __future__ import annotations

from cxlib.finding import Finding, Quantity, Value
from cxlib.workbook import Workbook

NAME = "nps-as-printed"
NEEDED = "It needs answers to the question how likely one is to recommend the company, on a scale from 0 to 10."
WRONG = (
    "Nothing in the data: the recipe subtracts the promoters from the detractors instead of the other way round, "
    "multiplies by the number of answers instead of dividing by it, and begins the scale at 1 instead of 0."
)


def as_printed(promoters: int, detractors: int, answers: int) -> float:
    """Return the score by the printed recipe: (detractors - promoters) x answers x 100.

    The right formula is 100 x (promoters - detractors) / answers: Reichheld (2003), "The One Number You Need to Grow",
    Harvard Business Review 81(12).

    >>> as_printed(promoters=30, detractors=10, answers=60)
    -120000.0
    """
    return 100.0 * (detractors - promoters) * answers


def nps_as_printed(book: Workbook) -> Finding:
    """Return what the printed recipe makes of the answers of the month, beside the right score."""
    right = None if book.missing("nps") else book.estimate("nps")
    if right is None or not right.is_known or "suppressed" in right.flags:
        sentence = "What the printed recipe would make of your own answers cannot be told."
        return Finding(NAME, sentence, {}, "cannot-tell", needed=NEEDED)
    promoters, detractors, answers = _counts(book)
    printed = as_printed(promoters, detractors, answers)
    values: dict[str, Value] = {
        "promoters": promoters,
        "detractors": detractors,
        "answers": answers,
        "printed": Quantity(printed, "points"),
        "right": right,
        "month": book.month,
    }
    if printed == right.value:
        return Finding(
            NAME,
            "In {month} there were as many promoters as detractors, {promoters} each: the printed recipe and the right "
            "formula both give {right_full}.",
            values,
            "cannot-tell",
            right,
            WRONG,
            NEEDED,
        )
    return Finding(
        NAME,
        "By the printed recipe {promoters} promoters and {detractors} detractors among {answers} answers in {month} "
        "make a score of {printed}, which is said to lie between -100 and 100. The right score is {right_full}.",
        values,
        "not-supported",
        right,
        WRONG,
    )


def _counts(book: Workbook) -> tuple[int, int, int]:
    """Return promoters, detractors and all who answered in the month, as the measure counts them."""
    row = book.engine.frame(
        "SELECT count(*) FILTER (WHERE is_promoter) AS promoters, count(*) FILTER (WHERE is_detractor) AS detractors, "
        f"count(*) AS answers FROM {book.engine.fact('survey_answer')} WHERE instrument = 'nps' AND score IS NOT NULL "
        f"AND answered_month = DATE '{book.month.first_day}'"
    ).iloc[0]
    return int(row["promoters"]), int(row["detractors"]), int(row["answers"])
