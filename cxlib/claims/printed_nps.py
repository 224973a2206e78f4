"""The Net Promoter Score by the recipe that an article prints, beside the right one."""

from cxlib.errors import untold
from cxlib.estimate import Estimate
from cxlib.finding import Verdict
from cxlib.metrics import METRICS
from cxlib.workbook import Workbook

NEEDED = "It needs answers to the question how likely one is to recommend the company, on a scale from 0 to 10."

COUNTS = """
SELECT count(*) FILTER (WHERE is_promoter) AS promoters, count(*) FILTER (WHERE is_detractor) AS detractors,
    count(*) AS answers
FROM survey_answer WHERE $counted AND $filed = $month
"""
SERIES = ("nps_relationship", "nps_touchpoint")
"""Either shows what the recipe does; they are not added up."""


def as_printed(promoters: int, detractors: int, answers: int) -> float:
    """Return the score by the printed recipe: (detractors - promoters) x answers x 100.

    The right formula is 100 x (promoters - detractors) / answers: Reichheld (2003), "The One Number You Need to Grow",
    Harvard Business Review 81(12).

    >>> as_printed(promoters=30, detractors=10, answers=60)
    -120000.0
    """
    return 100.0 * (detractors - promoters) * answers


def counted(book: Workbook) -> tuple[int, int, int, Estimate]:
    """Return promoters, detractors and all who answered in the month, as the measure counts them, and the right score.

    They are of the relationship survey, where it was asked in the month, else of those after a contact. Raises
    UntoldError if there are no answers, or too few to be shown.
    """
    scores = [(METRICS[name], book.estimate(name)) for name in book.available(*SERIES)]
    known = [(metric, score) for metric, score in scores if score.is_known]
    untold(NEEDED, known)
    metric, right = known[0]
    row = book.frame(COUNTS, counted=metric.counted, filed=metric.filed_under).iloc[0]
    return int(row["promoters"]), int(row["detractors"]), int(row["answers"]), right


def recipe_verdict(printed: float, right: float) -> Verdict:
    """Return "not-supported" where the printed recipe gives another number; they can agree by chance alone."""
    return "cannot-tell" if printed == right else "not-supported"
