"""Whether the work of support and success earns more than it costs."""

from __future__ import annotations

from cxlib.studies.return_on_investment.answers import (
    COSTS_NEEDED,
    WORK_NEEDED,
    benefits_grow,
    fewer_tickets,
    follow_up,
    success_over_support,
    success_return,
)
from cxlib.studies.return_on_investment.aside import (
    history_is_accurate,
    managers_keep,
    picked_the_worst,
    support_return,
)
from cxlib.studies.return_on_investment.data import COSTS, SPELLS, TICKETS, WORK
from cxlib.studies.return_on_investment.doubts import doubts
from cxlib.studies.return_on_investment.evidence import evidence
from cxlib.studies.return_on_investment.found import PAIRS, Found, look
from cxlib.studies.return_on_investment.methods import METHODS
from cxlib.studies.study import Study
from cxlib.workbook import Workbook

NAME = "return_on_investment"

MISSING = (
    ((*SPELLS, *WORK), WORK_NEEDED),
    (COSTS, COSTS_NEEDED),
    (TICKETS, "Tickets with their customer and day would tell what support costs for each."),
    (PAIRS, "A survey that asks the same customers again would tell how low scores move by themselves."),
)


def study(book: Workbook) -> Study:
    """Compare customers with success work to customers without it, in the strictest way the exports allow.

    Parameters
    ----------
    book : Workbook
        The month; what happens after it is not used.
    """
    return said(look(book))


def said(found: Found) -> Study:
    """Return the study on what was found."""
    pieces = dict(evidence(found))
    under = {piece.says.id for piece in pieces.values() if piece.says is not None}
    answers = (
        success_return(found),
        success_over_support(found),
        follow_up(found),
        fewer_tickets(found),
        benefits_grow(found),
    )
    # what has no evidence to stand under is said with the answers
    asides = (managers_keep(found), support_return(found), picked_the_worst(found), history_is_accurate(found))
    missing = tuple(sentence for columns, sentence in MISSING if set(columns) & set(found.lacks))
    return Study(
        NAME,
        (*answers, *(finding for finding in asides if finding.id not in under)),
        pieces,
        doubts(found),
        METHODS,
        missing,
    )
