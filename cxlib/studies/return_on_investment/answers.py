"""What `return_on_investment` says of what it found."""

from __future__ import annotations

import numpy as np

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, Value, Verdict
from cxlib.studies.return_on_investment.found import Found
from cxlib.studies.return_on_investment.money import over_support
from cxlib.studies.return_on_investment.tickets import LAST
from cxlib.studies.return_on_investment.trial import HORIZON, WORTH

TICKETS_WORTH = 0.1
"""A fall of tickets by less than this part is taken as not worth having."""

UNKNOWN = Estimate.unknown(0, "ratio")

WORK_NEEDED = (
    "A list of the success work given to each customer (what, to whom, when, and whether drawn by lot) and the "
    "subscriptions with their starts and ends would tell."
)
COSTS_NEEDED = "What support, success and delivery cost month by month would tell."


def told_below(effect: Estimate, worth: float) -> Verdict:
    """Return whether something fell: shown, not worth having even at best, or not to be told yet.

    `worth` is the smallest fall worth having. An interval that holds both no fall and one worth having decides
    nothing: that is a trial too small, not a proof that nothing happens.
    """
    if not effect.is_known or "suppressed" in effect.flags:
        return "cannot-tell"
    if effect.high < 0:
        return "supported"
    return "not-supported" if effect.low > -worth else "cannot-tell"


def told_above(effect: Estimate) -> Verdict:
    """Return whether something lies above zero, below it, or cannot be told."""
    if not effect.is_known or "suppressed" in effect.flags:
        return "cannot-tell"
    return "supported" if effect.low > 0 else "not-supported" if effect.high < 0 else "cannot-tell"


def success_return(found: Found) -> Finding:
    """Return what success work earned beyond its cost."""
    name, its = "success-return", found.success
    if its is None:
        sentence = "What success work returns on its cost cannot be told."
        return Finding(name, sentence, {}, "cannot-tell", needed=_return_needed(found))
    verdict = told_above(its.value)
    values: dict[str, Value] = {
        "work": its.work,
        "cost": Quantity(its.cost, found.currency),
        "kept": its.kept,
        "months": its.months,
        "return": its.value,
    }
    sentences: dict[str, str] = {
        "supported": "{work} earned more than it cost: {cost} a customer, against {kept} of margin that it kept "
        "within {months} months ({kept_interval}). That is a return of {return} for each unit of money spent "
        "({return_interval}).",
        "not-supported": "{work} did not earn its cost: {cost} a customer, against {kept} of margin that it kept "
        "within {months} months ({kept_interval}). That is a return of {return} for each unit of money spent "
        "({return_interval}).",
        "cannot-tell": "Whether success work earns its cost cannot be told yet. {work}, of which most is known, cost "
        "{cost} a customer and kept {kept} of margin within {months} months, but anything from {kept_limits} fits the "
        "data. As a return for each unit of money spent that is {return} ({return_interval}).",
    }
    return Finding(
        name,
        sentences[verdict],
        values,
        verdict,
        its.value,
        assumption="Nothing else that keeps newcomers changed when the work began; a better product in the same months "
        "would be counted as its doing."
        if its.work == "Onboarding"
        else "",
        needed="Drawing by lot which newcomers get the work would tell soonest.",
    )


def _return_needed(found: Found) -> str:
    if found.books is None or not np.isfinite(found.books.margin):
        return COSTS_NEEDED
    if found.trial is None and found.onboarding is None:
        return WORK_NEEDED
    return "A cost of its own for each kind of success work would tell."


def success_over_support(found: Found) -> Finding:
    """Return whether success work returns more than support; told only where both returns are known."""
    success = UNKNOWN if found.success is None else found.success.value
    return compared_returns(success, UNKNOWN)


def compared_returns(success: Estimate, support: Estimate) -> Finding:
    """Return the finding on two returns."""
    name, gap = "success-over-support", over_support(success, support)
    verdict = told_above(gap)
    needed = (
        "It takes a return of either side: for support, sending some tickets by lot to a quicker or a more senior "
        "desk and watching who stays."
    )
    if not gap.is_known:
        sentence = (
            "Whether success work returns more than support cannot be told: no export shows what customers without "
            "support would have done."
        )
        return Finding(name, sentence, {}, "cannot-tell", needed=needed)
    sentences: dict[str, str] = {
        "supported": "Success work returns more than support: {success} against {support} for each unit of money spent "
        "(difference {gap}, {gap_interval}).",
        "not-supported": "Success work returns less than support: {success} against {support} for each unit of money "
        "spent (difference {gap}, {gap_interval}).",
        "cannot-tell": "Whether success work returns more than support cannot be told yet: {success} against {support} "
        "for each unit of money spent, and the difference lies anywhere from {gap_limits}.",
    }
    values: dict[str, Value] = {"success": success, "support": support, "gap": gap}
    return Finding(name, sentences[verdict], values, verdict, gap, needed=needed)


def follow_up(found: Found) -> Finding:
    """Return whether calling customers after a problem keeps them."""
    name, its = "follow-up-keeps-customers", found.trial
    if its is None or not its.effect.is_known:
        return Finding(
            name,
            "Whether calling customers after a problem keeps them cannot be told.",
            {},
            "cannot-tell",
            needed="Drawing by lot who is called and who is not, and keeping the list, would tell.",
        )
    verdict = told_below(its.effect, WORTH * its.control.value)
    values: dict[str, Value] = {
        "treated": its.treated,
        "control": its.control,
        "effect": its.effect,
        "days": Quantity(HORIZON, "customers"),
        "part": Quantity(WORTH, "share"),
        "needed": its.needed,
        "pace": Quantity(its.pace, "customers"),
    }
    sentences: dict[str, str] = {
        "supported": "Calling customers after a problem keeps them: {treated} of those drawn by lot for a call left "
        "within {days} days, {control} of those drawn for none (difference {effect}, {effect_interval}).",
        "not-supported": "Calling customers after a problem does not keep them to any extent worth having: {treated} "
        "of those drawn by lot for a call left within {days} days, {control} of those drawn for none (difference "
        "{effect}, {effect_interval}).",
        "cannot-tell": "Whether calling customers after a problem keeps them cannot be told yet: {treated} of those "
        "drawn by lot for a call left within {days} days ({treated_n}), {control} of those drawn for none "
        "({control_n}). The calls may have done anything from {effect_limits}.",
    }
    return Finding(
        name,
        sentences[verdict],
        values,
        verdict,
        its.effect,
        needed="To see one leaver in four prevented, {needed} customers are needed in each group; {pace} a month are "
        "drawn for both groups together."
        if its.needed
        else "More customers drawn by lot would tell.",
    )


def fewer_tickets(found: Found) -> Finding:
    """Return whether customers with a manager write less."""
    name, its = "success-lowers-tickets", found.tickets
    if its is None:
        return Finding(
            name,
            "Whether success work lowers the need for support cannot be told.",
            {},
            "cannot-tell",
            needed="Tickets with their customer and day, and the day on which each success manager was given to a "
            "customer who had been there for a year, would tell.",
        )
    verdict = told_below(its.effect, TICKETS_WORTH * its.level)
    values: dict[str, Value] = {
        "effect": its.effect,
        "level": Quantity(its.level, "ratio"),
        "months": LAST,
    }
    sentences: dict[str, str] = {
        "supported": "Customers write less once they have a success manager: {effect} tickets a month for each of "
        "them ({effect_interval}), from {level} before.",
        "not-supported": "Customers do not write measurably less once they have a success manager: {effect} tickets a "
        "month for each of them ({effect_interval}), from {level} before.",
        "cannot-tell": "Whether customers write less once they have a success manager cannot be told yet: {effect} "
        "tickets a month for each of them, from {level} before, and anything from {effect_limits} fits the data.",
    }
    return Finding(
        name,
        sentences[verdict],
        values,
        verdict,
        its.effect,
        assumption="Without a manager, those who got one would have gone on like those who had none yet. Managers "
        "given while trouble lasts look as if they had ended it.",
        needed="More customers who are given a manager, or the day drawn by lot, would tell.",
    )


def benefits_grow(found: Found) -> Finding:
    """Return whether the gain grows with the months since the work."""
    name, its = "success-benefits-grow", found.onboarding
    if its is None:
        return Finding(
            name,
            "Whether the benefits of success work grow with time cannot be told.",
            {},
            "cannot-tell",
            needed="A kind of success work with a beginning, at least twenty customers who began before it and twenty "
            "who began after would tell.",
        )
    slope = its.customers.slope
    verdict = told_above(slope)
    values: dict[str, Value] = {"slope": slope, "months": its.horizon, "last": its.customers.share[-1]}
    sentences: dict[str, str] = {
        "supported": "The benefit of onboarding grows with time: each month the gain in customers kept rises by "
        "{slope} ({slope_interval}), over the first {months} months.",
        "not-supported": "The benefit of onboarding shrinks with time: each month the gain in customers kept changes "
        "by {slope} ({slope_interval}), over the first {months} months.",
        "cannot-tell": "Whether the benefits of success work grow with time cannot be told yet: the gain in customers "
        "kept through onboarding changes by {slope} a month over the first {months} months, and anything from "
        "{slope_limits} fits the data.",
    }
    return Finding(
        name,
        sentences[verdict],
        values,
        verdict,
        slope,
        assumption="What grows in these months may fade later than the data reach.",
        needed="More newcomers, or drawing by lot who is onboarded, would tell.",
    )
