"""For each customer who complains, how many stay silent, and do they leave."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, Value, Verdict, unless_it_may_matter, verdict_above
from cxlib.studies.silent_complainers.data import SEVERITIES
from cxlib.studies.silent_complainers.doubts import doubts
from cxlib.studies.silent_complainers.evidence import evidence
from cxlib.studies.silent_complainers.leaving import NONE, SILENT
from cxlib.studies.silent_complainers.methods import METHODS
from cxlib.studies.silent_complainers.ways import Ways, read_ways
from cxlib.studies.study import Study
from cxlib.studies.worth import A_QUARTER_MORE
from cxlib.workbook import Workbook

CLAIMED = 26
CLAIMED_LIMITS = (21.2, 27.6)
"""96% who do not complain, the form in which the saying also goes about, is 95.5% to 96.5%."""

HUNDREDS = 200

TWICE = 2.0
"""Least number of times as many silent of minor as of severe problems that would make one ratio for both misleading."""

HALF_A_YEAR = 180

NO_SURVEY = (
    "A survey of all customers, those lately lost included, would tell: did you have a problem in the last three "
    "months, how bad was it, and did you tell the company (survey_answers with the instrument problem, score and told)."
)
MORE_ANSWERS = "More answers of customers with a problem would tell."


def against(estimate: Estimate, low: float, high: float) -> Verdict:
    """Return whether a number lies in a range: only where its whole interval lies inside, or wholly outside."""
    if not estimate.is_known or np.isnan(estimate.low + estimate.high):
        return "cannot-tell"
    if low <= estimate.low and estimate.high <= high:
        return "supported"
    return "not-supported" if estimate.low > high or estimate.high < low else "cannot-tell"


def is_endless(ratio: Estimate) -> bool:
    """Return whether nobody told, so that only a lower limit of the ratio is known."""
    return "not-reached" in ratio.flags and "suppressed" not in ratio.flags


def per_complainer(ways: Ways) -> Finding:
    """Return silent customers per complainer at any severity, held against the 26 of the saying."""
    name, ratio = "silent-per-complainer", ways.asked
    if is_endless(ratio):
        sentence = "Nobody with a problem had told the company: {ratio} stay silent for each one who would ({ratio_n})."
        return Finding(name, sentence, {"ratio": ratio}, "cannot-tell", needed=MORE_ANSWERS)
    if not ratio.is_known:
        sentence = "How many customers stay silent for each one who complains cannot be told."
        return Finding(name, sentence, {}, "cannot-tell", needed=NO_SURVEY)
    verdict = against(ratio, *CLAIMED_LIMITS)
    values: dict[str, Value] = {"ratio": ratio, "claimed": CLAIMED, "at_none": _at_none(ways)}
    sentence = {
        "supported": "For each customer who told the company of a problem, {ratio} stayed silent ({ratio_interval}; "
        "{ratio_n} with a problem). That is what the saying has: {claimed}.",
        "not-supported": "For each customer who told the company of a problem, {ratio} stayed silent "
        "({ratio_interval}; {ratio_n} with a problem), not the {claimed} of the saying.",
    }.get(
        verdict,
        "For each customer who told the company of a problem, {ratio} stayed silent ({ratio_interval}; {ratio_n} with "
        "a problem). With so few answers the {claimed} of the saying can be neither confirmed nor ruled out.",
    )
    assumption = (
        "Those who did not answer the survey tell the company of problems about as often as those who did. If none of "
        "them ever told it, {at_none} would be silent for each one who tells."
        if ways.survey.knows_who_was_asked
        else ""
    )
    return Finding(name, sentence, values, verdict, ratio, assumption=assumption, needed=MORE_ANSWERS)


def _at_none(ways: Ways) -> Quantity:
    return Quantity(ways.survey.if_silent_differ(0.0), ways.asked.unit)


def of_severity(ways: Ways, rank: int) -> Finding:
    """Return silent customers per complainer at one severity."""
    severity, ratio = SEVERITIES[rank - 1], ways.one(rank)
    name = f"silent-per-complainer-{severity}"
    if not ratio.is_known and not is_endless(ratio):
        sentence = {
            1: "For minor problems the survey cannot tell how many stay silent.",
            2: "For moderate problems the survey cannot tell how many stay silent.",
            3: "For severe problems the survey cannot tell how many stay silent.",
        }[rank]
        return Finding(name, sentence, {}, "cannot-tell", needed=MORE_ANSWERS)
    sentence = {
        1: "Of a minor problem, {ratio} customers stay silent for each who tells the company ({ratio_interval}; "
        "{ratio_n}).",
        2: "Of a moderate problem, {ratio} customers stay silent for each who tells the company ({ratio_interval}; "
        "{ratio_n}).",
        3: "Of a severe problem, {ratio} customers stay silent for each who tells the company ({ratio_interval}; "
        "{ratio_n}).",
    }[rank]
    if is_endless(ratio):
        sentence = {
            1: "Of a minor problem, {ratio} customers stay silent for each who tells the company ({ratio_n}).",
            2: "Of a moderate problem, {ratio} customers stay silent for each who tells the company ({ratio_n}).",
            3: "Of a severe problem, {ratio} customers stay silent for each who tells the company ({ratio_n}).",
        }[rank]
        return Finding(name, sentence, {"ratio": ratio}, "cannot-tell", needed=MORE_ANSWERS)
    return Finding(name, sentence, {"ratio": ratio}, estimate=ratio)


def by_severity(ways: Ways) -> Finding:
    """Return how much the ratio depends on how bad the problem was."""
    name, minor, severe = "silent-depends-on-severity", ways.one(1), ways.one(3)
    times = times_as_many(minor, severe)
    verdict = verdict_above(times, 1.0)
    if verdict == "cannot-tell":
        sentence = "Whether more stay silent of a small problem than of a bad one cannot be told."
        return Finding(name, sentence, {}, "cannot-tell", needed=MORE_ANSWERS)
    values: dict[str, Value] = {"minor": minor, "severe": severe, "times": times}
    sentence = (
        "It depends on how bad the problem was: {minor} stay silent of a minor one for each who tells "
        "({minor_limits}), {severe} of a severe one ({severe_limits}). One number for all problems says little."
        if verdict == "supported"
        else "The survey shows no measurable difference between minor problems ({minor} silent for each who tells, "
        "{minor_limits}) and severe ones ({severe}, {severe_limits})."
    )
    return unless_it_may_matter(Finding(name, sentence, values, verdict, times), TWICE, MORE_ANSWERS)


def times_as_many(one: Estimate, other: Estimate) -> Estimate:
    """Return one ratio over another, with the limits put together on the log scale (Zou and Donner 2008)."""
    method, n = "limits put together on the log scale", min(one.n, other.n)
    ends = (one.low, one.value, other.low, other.value)
    if not (one.is_known and other.is_known and min(ends) > 0):
        return Estimate.unknown(n, "ratio", method)
    middle = np.log(one.value / other.value)
    down = np.hypot(np.log(one.value / one.low), np.log(other.high / other.value))
    up = np.hypot(np.log(one.high / one.value), np.log(other.value / other.low))
    low, high = float(np.exp(middle - down)), float(np.exp(middle + up))
    return Estimate(float(np.exp(middle)), low, high, n, "ratio", method)


def hidden_customers(ways: Ways) -> Finding:
    """Return how many customers had a problem and did not tell, held against the "hundreds" of the saying."""
    name, survey = "silent-hidden-customers", ways.survey
    if not survey.with_problem.any() or not survey.knows_who_was_asked:
        sentence = "How many customers with a problem the company does not hear of cannot be told."
        needed = "It needs the survey on problems and the list of all who were invited to it (survey_invites)."
        return Finding(name, sentence, {}, "cannot-tell", needed=needed)
    hidden = survey.hidden(survey.weights)
    if not hidden.is_known:
        sentence = "How many customers with a problem the company does not hear of cannot be told."
        return Finding(name, sentence, {}, "cannot-tell", needed=MORE_ANSWERS)
    asked_at = pd.Timestamp(survey.asked["sent_at"].max()).to_pydatetime()
    values: dict[str, Value] = {"hidden": hidden, "asked_at": asked_at}
    verdict = against(hidden, HUNDREDS, np.inf)
    sentence = {
        "supported": "In the three months before the survey of {asked_at}, about {hidden} customers had a problem and "
        "did not tell the company ({hidden_interval}; {hidden_n} answers): hundreds, as the saying has it.",
        "not-supported": "In the three months before the survey of {asked_at}, about {hidden} customers had a problem "
        "and did not tell the company ({hidden_interval}; {hidden_n} answers): fewer than hundreds.",
    }.get(
        verdict,
        "In the three months before the survey of {asked_at}, about {hidden} customers had a problem and did not tell "
        "the company ({hidden_interval}; {hidden_n} answers). Whether these are hundreds is within the uncertainty.",
    )
    return Finding(name, sentence, values, verdict, hidden, needed="A survey answered by more customers would tell.")


def leave_more(ways: Ways) -> Finding:
    """Return whether silent customers leave more often than those without a problem."""
    name, followed = "silent-leave-more", ways.leaving
    hazard = followed.hazard_ratio(SILENT, NONE)
    verdict = verdict_above(hazard, 1.0)
    if verdict == "cannot-tell":
        sentence = "Whether customers with an untold problem leave more often than others cannot be told."
        needed = (
            "It needs subscriptions with their ends, and enough silent customers who left after they answered the "
            "survey."
        )
        return Finding(name, sentence, {}, verdict, needed=needed)
    silent, none = (followed.share(group, HALF_A_YEAR) for group in (SILENT, NONE))
    values: dict[str, Value] = {"hazard": hazard, "silent": silent, "none": none}
    sentence = (
        "Silence is not contentment: of customers with a problem they did not tell, {silent} had left half a year "
        "later, of those without a problem {none}. At any moment they were {hazard} times as likely to leave "
        "({hazard_interval})."
        if verdict == "supported"
        else "Customers with a problem they did not tell did not leave measurably more often than those without a "
        "problem: {silent} against {none} had left half a year later ({hazard} times as likely at any moment, "
        "{hazard_interval})."
    )
    assumption = (
        "Those with an untold problem differ from those without one in nothing else that makes customers leave, beyond "
        "tier, region and time as a customer."
    )
    found = Finding(name, sentence, values, verdict, hazard, assumption=assumption)
    return unless_it_may_matter(
        found, A_QUARTER_MORE, "A survey answered by more customers, followed for longer, would tell."
    )


def agree(ways: Ways) -> Finding:
    """Return whether the ways of counting give one answer."""
    name, found = "silent-estimators-agree", ways.agreement
    if found.lowest is None or found.highest is None:
        sentence = "Only one way of counting is possible, so whether different ways agree cannot be told."
        needed = (
            "Incidents that the company's own systems log, by customer, and tickets that are marked as complaints "
            "would give a second and a third way."
        )
        return Finding(name, sentence, {}, "cannot-tell", needed=needed)
    values: dict[str, Value] = {
        "severity": found.severity,
        "low_way": found.lowest.label,
        "high_way": found.highest.label,
        "lowest": found.lowest.estimate,
        "highest": found.highest.estimate,
    }
    if found.agree:
        sentence = (
            "Different ways of counting agree within their uncertainty. They are furthest apart for {severity} "
            "problems ({low_way}: {lowest_limits}; {high_way}: {highest_limits}). The answer does not hang on one "
            "method."
        )
        return Finding(name, sentence, values, "supported")
    sentence = (
        "Different ways of counting do not agree. For {severity} problems: {low_way} gives {lowest} ({lowest_limits}), "
        "{high_way} {highest} ({highest_limits}). At least one of them misses somebody; the whole span is the answer."
    )
    return Finding(name, sentence, values, "not-supported")


def missing(book: Workbook, ways: Ways) -> tuple[str, ...]:
    """Return what could not be computed, and which export would bring it."""
    lines = []
    if not ways.survey.with_problem.any():
        lines.append("No export brings answers on problems and on where they were taken: " + NO_SURVEY)
    elif not ways.survey.knows_who_was_asked:
        lines.append(
            "No export says who was invited to the survey (survey_invites), so the answers cannot be weighted for "
            "those who did not answer, and no number of customers can be given."
        )
    if not len(ways.incidents):
        lines.append(
            "No export brings incidents that the company's own systems log (incidents), so nothing can be counted "
            "without asking."
        )
    if book.lacks("tickets.is_complaint"):
        lines.append(
            "No export marks which tickets are complaints (tickets.is_complaint), so no lists can be compared."
        )
    if book.lacks("subscriptions.started_at"):
        lines.append("No export brings subscriptions, so what silence leads to cannot be followed.")
    return tuple(lines)


def study(book: Workbook) -> Study:
    """Count silent customers by five ways, and follow who left.

    Parameters
    ----------
    book : Workbook
        The month; nothing after its cut is used.
    """
    ways = read_ways(book)
    severities = {rank: of_severity(ways, rank) for rank in (1, 2, 3)}
    findings = (per_complainer(ways), by_severity(ways), hidden_customers(ways), leave_more(ways), agree(ways))
    return Study(
        "silent_complainers",
        findings,
        evidence(ways, severities, CLAIMED),
        doubts(ways),
        METHODS,
        missing(book, ways),
    )
