"""Whether customers write less once they have a success manager."""

from __future__ import annotations

from dataclasses import dataclass

from cxlib.estimate import Estimate
from cxlib.models.staggered import Effects, PreTrend, TwoWay, average, effects, pre_trend, two_way
from cxlib.studies.return_on_investment.books import TicketMonths

BASE = (-60, -7)
"""Months whose mean is a customer's own level: all that were seen, without the last six, in which the trouble that
brings a manager shows already. With three left out, managers who do nothing seem to save more tickets."""
LAST = 12
UNIT = "ratio difference"


@dataclass(frozen=True)
class Tickets:
    """Tickets a customer and month, changed by a manager.

    Attributes
    ----------
    effect : Estimate
        Mean over the first to the twelfth month after the month of the assignment.
    found : Effects
        By month since the assignment.
    rise : Estimate
        In the six months before: what went up while the manager was on the way.
    before : PreTrend
        Test of those six months.
    questions : Estimate
        The effect on tickets that are no complaint.
    naive : TwoWay
        What the regression with fixed effects says.
    level : float
        Tickets a month, before, of those who got a manager.
    """

    effect: Estimate
    found: Effects
    rise: Estimate
    before: PreTrend
    questions: Estimate
    naive: TwoWay
    level: float


def ticket_effect(months: TicketMonths) -> Tickets | None:
    """Return the effect of a manager on tickets; None where nobody with a manager can be compared."""
    found = effects(months.tickets, BASE, (BASE[1] + 1, LAST))
    effect = average(found, 1, LAST, UNIT)
    if not effect.is_known:
        return None
    return Tickets(
        effect,
        found,
        average(found, BASE[1] + 1, -1, UNIT),
        pre_trend(found, BASE[1] + 1, -1),
        average(effects(months.questions, BASE, (1, LAST)), 1, LAST, UNIT),
        two_way(months.tickets),
        found.level,
    )
