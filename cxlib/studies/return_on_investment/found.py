"""Everything `return_on_investment` finds in the data, before it is said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate
from cxlib.models.regression_to_mean import Movement
from cxlib.studies.return_on_investment.books import Year, cost_of_each, ends, ticket_months, year
from cxlib.studies.return_on_investment.data import (
    COSTS,
    SPELLS,
    TICKETS,
    WORK,
    complaints,
    newcomers,
    score_pairs,
    trial,
)
from cxlib.studies.return_on_investment.money import Handling, handling, margin_kept, returned
from cxlib.studies.return_on_investment.picked import History, history, picked
from cxlib.studies.return_on_investment.tickets import Tickets, ticket_effect
from cxlib.studies.return_on_investment.trial import HORIZON_MONTHS, Trial, narrowing, run_trial
from cxlib.studies.return_on_investment.work import Managers, Onboarding, managers, onboarding
from cxlib.workbook import Workbook

PAIRS = ("survey_answers.customer_id", "survey_answers.score", "survey_answers.wave", "survey_answers.instrument")
HANDLED = (*TICKETS, "tickets.is_complaint", "tickets.first_solved_at")
DRAWN = ("interventions.arm",)


@dataclass(frozen=True)
class Return:
    """The return on the kind of success work of which most is known.

    Attributes
    ----------
    work : str
        "Onboarding" or "The follow-up call".
    cost : float
        Of one piece of work; NaN where no export tells.
    months : int
        Horizon.
    kept : Estimate
        Margin kept by one piece of work until the horizon.
    value : Estimate
        (margin kept - cost) / cost.
    """

    work: str
    cost: float
    months: int
    kept: Estimate
    value: Estimate


@dataclass(frozen=True)
class Found:
    """What was found; None where the exports or the cases for it are missing."""

    currency: str
    lacks: tuple[str, ...]
    trial: Trial | None
    narrowing: pd.DataFrame
    managers: Managers | None
    onboarding: Onboarding | None
    tickets: Tickets | None
    picked: Movement | None
    history: History | None
    books: Year | None
    success: Return | None
    handling: Handling | None


def look(book: Workbook) -> Found:
    """Read the exports and compute every number of the study."""
    lacks = book.lacks(*dict.fromkeys((*SPELLS, *WORK, *TICKETS, *COSTS, *PAIRS, *HANDLED, *DRAWN)))

    def has(*columns: str) -> bool:
        return not set(columns) & set(lacks)

    cut, spells = pd.Timestamp(book.cut), has(*SPELLS)
    drawn = trial(book) if spells and has(*WORK, *DRAWN) else pd.DataFrame()
    tried = run_trial(drawn, int(cut.timestamp())) if len(drawn) else None
    customers = newcomers(book) if spells and has(*WORK) else pd.DataFrame()
    welcomed = onboarding(customers, cut) if len(customers) else None
    books = year(book) if spells and has(*COSTS) else None
    return Found(
        book.currency,
        lacks,
        tried,
        narrowing(drawn, int(cut.timestamp())) if tried else pd.DataFrame(columns=["months", "half"], dtype=float),
        managers(customers, cut) if len(customers) else None,
        welcomed,
        ticket_effect(ticket_months(book)) if spells and has(*WORK, *TICKETS) else None,
        picked(score_pairs(book)) if has(*PAIRS) else None,
        history(ends(book)) if spells else None,
        books,
        _return(book, tried, welcomed, books),
        handling(complaints(book), cut) if spells and has(*HANDLED) else None,
    )


def _return(book: Workbook, tried: Trial | None, welcomed: Onboarding | None, books: Year | None) -> Return | None:
    """Return the return on the work with the best evidence that has a cost of its own: a lot before a programme."""
    if books is None or not np.isfinite(books.margin):
        return None
    if tried and tried.gain and np.isfinite(cost := cost_of_each(book, "follow_up")):
        kept, mrr, months, work = tried.gain.months, tried.mean_mrr, HORIZON_MONTHS, "The follow-up call"
    elif welcomed and np.isfinite(cost := cost_of_each(book, "onboarding")):
        kept, mrr, months, work = welcomed.revenue.months, welcomed.mean_mrr, welcomed.horizon, "Onboarding"
    else:
        return None
    return Return(
        work,
        cost,
        months,
        margin_kept(kept, mrr, books.margin, book.currency),
        returned(kept, mrr, books.margin, cost),
    )
