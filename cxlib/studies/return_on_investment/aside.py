"""What `return_on_investment` says under its evidence: managers, support, picked customers, long histories."""

from __future__ import annotations

import numpy as np

from cxlib.finding import Finding, Quantity, Value, Verdict
from cxlib.studies.return_on_investment.answers import COSTS_NEEDED, told_above, told_below
from cxlib.studies.return_on_investment.found import Found
from cxlib.studies.return_on_investment.money import per_solution, per_ticket, solution_must_keep
from cxlib.studies.return_on_investment.trial import WORTH


def managers_keep(found: Found) -> Finding:
    """Return whether customers with a manager from the start stay more often."""
    name, its = "success-keeps-customers", None if found.managers is None else found.managers.found
    if its is None or not its.difference.is_known or "suppressed" in its.difference.flags:
        return Finding(
            name,
            "Whether success managers keep customers cannot be told: too few newcomers that are alike began with a "
            "manager and without one.",
            {},
            "cannot-tell",
            needed="Drawing by lot which newcomers begin with a manager would tell.",
        )
    verdict = told_below(its.difference, WORTH * its.control.value)
    values: dict[str, Value] = {
        "treated": its.treated,
        "control": its.control,
        "effect": its.difference,
        "kept": int(its.overlap.kept.sum()),
    }
    sentences: dict[str, str] = {
        "supported": "Newcomers who begin with a success manager stay more often: {treated} were lost within a year, "
        "{control} of like newcomers without one (difference {effect}, {effect_interval}).",
        "not-supported": "Newcomers who begin with a success manager do not stay more often to any extent worth "
        "having: {treated} were lost within a year, {control} of like newcomers without one (difference {effect}, "
        "{effect_interval}).",
        "cannot-tell": "Whether a success manager keeps customers cannot be told yet: of newcomers who began with one "
        "{treated} were lost within a year, of like newcomers without one {control}; the managers may have done "
        "anything from {effect_limits}.",
    }
    return Finding(
        name,
        sentences[verdict],
        values,
        verdict,
        its.difference,
        assumption="Nothing but tier, region and revenue decided which newcomers got a manager, or whatever else did "
        "has nothing to do with leaving.",
        needed="Drawing by lot which newcomers begin with a manager would tell; {kept} newcomers could be compared so "
        "far.",
    )


def support_return(found: Found) -> Finding:
    """Return what support costs and what it would have to keep: its return itself is in no export."""
    name, books = "support-return", found.books
    needed = (
        "Sending some tickets by lot to a quicker or a more senior desk, and watching who stays, would tell what "
        "better support is worth."
    )
    if books is None or not np.isfinite(books.support) or not books.held:
        sentence = "What support returns on its cost cannot be told."
        return Finding(name, sentence, {}, "cannot-tell", needed=COSTS_NEEDED)
    values: dict[str, Value] = {
        "ticket": Quantity(per_ticket(books), found.currency),
        "solution": Quantity(per_solution(books), found.currency),
    }
    must_keep = solution_must_keep(books)
    if not np.isfinite(must_keep):
        sentence = (
            "What support returns on its cost cannot be told: a ticket costs {ticket}, a ticket that is solved and "
            "stays solved {solution}; what customers without support would have done is in no export."
        )
        return Finding(name, sentence, values, "cannot-tell", needed=needed)
    sentence = (
        "What support returns on its cost cannot be told: what customers without support would have done is in no "
        "export. A ticket costs {ticket}, a ticket that is solved and stays solved {solution}. Support earns that "
        "where one such solution in {each} keeps a customer for a year who would have left."
    )
    values["each"] = Quantity(1 / must_keep, "customers")
    return Finding(name, sentence, values, "cannot-tell", needed=needed)


def picked_the_worst(found: Found) -> Finding:
    """Return whether customers picked for a low score recover with nothing done."""
    name, its = "success-picked-the-worst", found.picked
    if its is None or not its.observed.is_known:
        return Finding(
            name,
            "How customers with low scores fare when nothing is done cannot be told.",
            {},
            "cannot-tell",
            needed="A survey that asks the same customers again would tell.",
        )
    verdict = told_above(its.observed)
    values: dict[str, Value] = {
        "first": its.first,
        "second": its.second,
        "change": its.observed,
        "expected": Quantity(its.expected, "ratio"),
        "cutoff": Quantity(its.cutoff, ""),
        "correlation": its.correlation,
    }
    sentences: dict[str, str] = {
        "supported": "Customers picked at their worst get better by themselves: those with the lowest scores ({cutoff} "
        "and below) rose from {first} to {second} by the next survey without any success work, by {change} "
        "({change_interval}; {change_n}). Chance alone would give {expected}.",
        "not-supported": "Customers picked at their worst get worse by themselves: those with the lowest scores "
        "({cutoff} and below) went from {first} to {second} by the next survey without any success work, a change of "
        "{change} ({change_interval}; {change_n}). Chance alone would give {expected}.",
        "cannot-tell": "Whether customers picked at their worst get better by themselves cannot be told yet: those "
        "with the lowest scores ({cutoff} and below) went from {first} to {second} by the next survey without any "
        "success work, a change of {change} ({change_interval}; {change_n}). Chance alone would give {expected}.",
    }
    return Finding(
        name,
        sentences[verdict],
        values,
        verdict,
        its.observed,
        needed="More customers who answer twice would tell.",
    )


def history_is_accurate(found: Found) -> Finding:
    """Return whether a longer history makes the figures more exact, and by how much."""
    name, its = "history-makes-accurate", found.history
    if its is None:
        return Finding(
            name,
            "Whether a longer history makes the figures more accurate cannot be told.",
            {},
            "cannot-tell",
            needed="Subscriptions with starts and ends over at least half a year would tell.",
        )
    verdict: Verdict = "supported" if its.slope.high < 0 else "not-supported"
    values: dict[str, Value] = {
        "slope": its.slope,
        "short": int(its.months[0]),
        "long": int(its.months[-1]),
        "wide": Quantity(100 * float(its.half[0]), "per cent"),
        "narrow": Quantity(100 * float(its.half[-1]), "per cent"),
    }
    if verdict == "not-supported":
        return Finding(
            name,
            "A longer history did not make the figures measurably more exact: the yearly retention is known to {wide} "
            "points either way from {short} months and to {narrow} points from {long}.",
            values,
            verdict,
            its.slope,
        )
    if len(found.narrowing) < 2:
        sentence = (
            "The longer the history, the more exact the figures: the yearly retention is known to {wide} points either "
            "way from {short} months and to {narrow} points from {long}. Four times the history halves the error; it "
            "does not end it."
        )
        return Finding(name, sentence, values, verdict, its.slope)
    first, last = found.narrowing.iloc[0], found.narrowing.iloc[-1]
    values |= {
        "trial_wide": Quantity(100 * float(first["half"]), "per cent"),
        "trial_narrow": Quantity(100 * float(last["half"]), "per cent"),
        "trial_short": int(first["months"]),
        "trial_long": int(last["months"]),
    }
    sentence = (
        "The longer the history, the more exact the figures: the yearly retention is known to {wide} points either way "
        "from {short} months and to {narrow} points from {long}; the effect of follow-up calls was known to "
        "{trial_wide} points after {trial_short} months of drawing and is to {trial_narrow} after {trial_long}. Four "
        "times the history halves the error; it does not end it."
    )
    return Finding(name, sentence, values, verdict, its.slope)
