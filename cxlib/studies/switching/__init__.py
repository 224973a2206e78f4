"""Whether customers leave after a bad experience, and more than they would have."""

from __future__ import annotations

from cxlib.studies.study import Study
from cxlib.studies.switching import checks
from cxlib.studies.switching.answers import NEEDED, findings, results, untold
from cxlib.studies.switching.data import OF_TICKETS, read
from cxlib.studies.switching.doubts import compared_otherwise, doubts
from cxlib.studies.switching.evidence import evidence
from cxlib.studies.switching.methods import METHODS
from cxlib.workbook import Workbook

SIGNS = ("is_complaint", "severity", "reopens", "first_public_reply_at", "satisfaction")
"""Columns of tickets of which at least one is needed to see a bad experience."""

HELPFUL = {
    "tickets.is_complaint": "Which tickets are complaints is in no export; without it a complaint is not seen as one.",
    "tickets.severity": "How bad problems were is in no export; a field of the ticket system would bring it.",
    "tickets.first_solved_at": "When tickets were solved is in no export, so it cannot be told how they were handled.",
    "subscriptions.end_reason": "Why customers ended is in no export: failed payments count as leaving.",
    "survey_answers.told": "Whom customers told of problems is in no export; a survey that asks would bring it.",
    "incidents.occurred_at": "What the company's own systems logged is in no export; it would show problems untold.",
}


def study(book: Workbook) -> Study:
    """Follow customers after a bad experience, beside like customers at the same moment."""
    missing = tuple(words for column, words in HELPFUL.items() if book.lacks(column))
    no_sign = len(book.lacks(*(f"tickets.{sign}" for sign in SIGNS))) == len(SIGNS)
    if no_sign or book.lacks("subscriptions.started_at", "subscriptions.ended_at", "tickets.created_at"):
        return Study("switching", untold(), {}, (), METHODS, (NEEDED, *missing))
    data = read(book)
    if data.spells.empty or data.of(OF_TICKETS).empty:
        return Study("switching", untold(), {}, (), METHODS, (NEEDED, *missing))
    found = results(data)
    others = compared_otherwise(found)
    before = checks.before(data, found.year)
    shown = evidence(found, others, before)
    return Study(
        "switching", findings(found), shown, doubts(found, others | {"spent_less": before.spent_less}), METHODS, missing
    )
