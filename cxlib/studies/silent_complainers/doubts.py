"""What could mislead about silent complainers, each looked for in the data at hand."""

from __future__ import annotations

import numpy as np

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, Value
from cxlib.studies.silent_complainers.checks import own_word, remembered, tiers
from cxlib.studies.silent_complainers.ways import INCIDENTS, RANKS, Ways

NOTABLE = 1.1
"""A ratio that is this many times as large as another is told apart from it."""


def doubts(ways: Ways) -> tuple[Finding, ...]:
    """Return what was looked for and found, or not found; nothing where there is no survey to doubt."""
    if not ways.asked.is_known:
        return ()
    looked_for = (
        unweighted(ways),
        hidden_unweighted(ways),
        usual_weights(ways),
        late_answers(ways),
        worst_case(ways),
        forgotten(ways),
        own_words(ways),
        in_tiers(ways),
        upper_bound(ways),
    )
    return tuple(finding for finding in looked_for if finding is not None)


def unweighted(ways: Ways) -> Finding:
    """Return what the answers say without weights."""
    survey = ways.survey
    plain = survey.ratio(survey.plain, method="unweighted, Wilson")
    if not survey.knows_who_was_asked:
        sentence = (
            "The exports do not say who was asked, so the answers stand for those who answered: {plain} silent for "
            "each one who told. Whether the others are alike cannot be told."
        )
        return Finding("silent-unweighted", sentence, {"plain": plain}, estimate=plain)
    values: dict[str, Value] = {
        "response": Quantity(survey.response, "share"),
        "plain": plain,
        "weighted": ways.asked,
    }
    sentence = (
        "Only {response} of those asked answered. Counted as they came, their answers give {plain} silent for each "
        "one who told; weighted so that they stand for everyone asked, {weighted}."
    )
    return Finding("silent-unweighted", sentence, values, estimate=plain)


def hidden_unweighted(ways: Ways) -> Finding | None:
    """Return the number of silent customers that the answers give without weights."""
    survey = ways.survey
    if not survey.knows_who_was_asked:
        return None
    plain, weighted = survey.hidden(survey.plain), survey.hidden(survey.weights)
    if not (plain.is_known and weighted.is_known):
        return None
    values: dict[str, Value] = {"plain": plain, "weighted": weighted}
    sentence = "Without weights the silent customers of the last survey would be put at {plain} instead of {weighted}."
    return Finding("silent-hidden-unweighted", sentence, values, estimate=plain)


def usual_weights(ways: Ways) -> Finding | None:
    """Return what the usual weights, which know the complaints of everyone asked, do to severe problems."""
    survey = ways.survey
    if not survey.knows_who_was_asked:
        return None
    usual, used = survey.ratio(survey.by_frame, (3,)), ways.one(3)
    if not (usual.is_known and used.is_known and min(usual.value, used.value) > 0):
        return None
    values: dict[str, Value] = {"usual": usual, "used": used}
    sentence = (
        "The usual weights, by what is known of everyone asked, tickets included, would give only {usual} for severe "
        "problems and not {used}: they take customers who told nobody for customers to whom nothing happened."
        if usual.value * NOTABLE < used.value
        else "The usual weights, by what is known of everyone asked, tickets included, would give {usual} for severe "
        "problems; those used here, which learn from known problems how the silent answer, give {used}. It hardly "
        "matters which are taken."
        if used.value * NOTABLE > usual.value
        else "The usual weights, by what is known of everyone asked, tickets included, would give as much as {usual} "
        "for severe problems; those used here, which learn from known problems how the silent answer, give {used}."
    )
    return Finding("silent-usual-weights", sentence, values, estimate=usual)


def late_answers(ways: Ways) -> Finding | None:
    """Return whether those who answered late, who are nearer to those who never did, told less often."""
    late = ways.survey.lateness()
    if np.isnan(late.slope):
        return None
    method, n = "weighted line, sandwich", int(late.counts.sum())
    slope = Estimate(late.slope, late.slope_low, late.slope_high, n, "share difference", method)
    if late.slope_high < 0:
        sentence = (
            "Those who answered late had told the company less often (last against first answer {slope}, "
            "{slope_interval}). Those who never answered may be more silent still."
        )
    elif late.slope_low > 0:
        sentence = (
            "Those who answered late had told the company more often (last against first answer {slope}, "
            "{slope_interval}). Those who never answered may be less silent."
        )
    else:
        sentence = (
            "Those who answered late had told the company neither measurably more nor less often (last against first "
            "answer {slope}, {slope_interval}), so nothing here says that those who never answered differ."
        )
    return Finding("silent-late-answers", sentence, {"slope": slope}, estimate=slope)


def worst_case(ways: Ways) -> Finding | None:
    """Return what no assumption at all about those who did not answer leaves."""
    if not ways.survey.knows_who_was_asked:
        return None
    low, high = ways.survey.worst_case()
    values: dict[str, Value] = {"low": Quantity(low, ways.asked.unit), "high": Quantity(high, ways.asked.unit)}
    sentence = (
        "If nothing at all is assumed about those who did not answer, the ratio lies anywhere from {low} (all of them "
        "had a problem and told) to {high} (all had one and kept silent)."
        if np.isfinite(high)
        else "If nothing at all is assumed about those who did not answer, the ratio lies anywhere above {low}."
    )
    return Finding("silent-worst-case", sentence, values)


def forgotten(ways: Ways) -> Finding | None:
    """Return how many problems the survey brings back of those that systems logged."""
    found = remembered(ways.survey)
    minor, severe = found["minor"], found["severe"]
    if not (minor.is_known and severe.is_known):
        return Finding(
            "silent-forgotten",
            "The survey asks about the worst problem of three months. Small ones are forgotten, and how many cannot "
            "be told from these exports: the answer is about problems that are remembered.",
            {},
            "cannot-tell",
            needed="Logged incidents that say whether the customer noticed would tell.",
        )
    values: dict[str, Value] = {"minor": minor, "severe": severe}
    sentence = (
        "The survey brings back {severe} of the severe problems that systems logged and customers noticed, but only "
        "{minor} of the minor ones. The answer is about problems that are remembered; of small ones there "
        "were more than it shows."
        if minor.high < severe.low
        else "The survey brings back {severe} of the severe problems that systems logged and customers noticed, and "
        "{minor} of the minor ones: no measurable difference, but the answer is about problems that are remembered."
    )
    return Finding("silent-forgotten", sentence, values, estimate=minor)


def own_words(ways: Ways) -> Finding | None:
    """Return whether what people say they told stands in the tickets."""
    found = own_word(ways.survey)
    if not (found.with_ticket.is_known and np.isfinite(found.by_tickets)):
        return None
    values: dict[str, Value] = {
        "with_ticket": found.with_ticket,
        "by_tickets": Quantity(found.by_tickets, ways.asked.unit),
        "by_word": ways.asked,
    }
    sentence = (
        "Of those who say they told the company, {with_ticket_full} have a ticket of a complaint as bad. By tickets "
        "alone {by_tickets} would be silent for each one who told; by their own word {by_word}."
    )
    return Finding("silent-own-word", sentence, values, estimate=found.with_ticket)


def in_tiers(ways: Ways) -> Finding | None:
    """Return whether the tiers disagree."""
    found = tiers(ways.survey)
    if found is None:
        return None
    values: dict[str, Value] = {
        "name": found.name,
        "ratio": found.ratio,
        "other_name": found.other_name,
        "other": found.other,
    }
    sentence = (
        "The tiers differ: in {name} {ratio} stay silent for each one who tells ({ratio_limits}), in {other_name} "
        "{other} ({other_limits}), also for problems as bad. The number of all customers fits neither."
        if found.differ
        else "No tier differs measurably from another when problems are as bad; furthest apart are {name} ({ratio}) "
        "and {other_name} ({other})."
    )
    return Finding("silent-in-tiers", sentence, values)


def upper_bound(ways: Ways) -> Finding | None:
    """Return the caution that not everybody hit by an incident noticed it, where the log does not say who did."""
    bounded = [ways.one(rank, INCIDENTS) for rank in RANKS]
    if not any("upper-bound" in ratio.flags and ratio.is_known for ratio in bounded):
        return None
    return Finding(
        "silent-unnoticed-incidents",
        "The log of incidents does not say who noticed them. Whoever noticed nothing had nothing to tell, so the "
        "ratio by logged incidents is an upper bound.",
        {},
    )
