"""How customers see the company beside how its managers do, and what customers say they expect.

Two sides are compared only on the same statement in the same words.
"""

from __future__ import annotations

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, Value, unless_it_may_matter, verdict_above
from cxlib.models.binary import share_difference
from cxlib.studies.perception_gap.data import CUSTOMER, NEEDED, OWNER, Answers, Views, read_views
from cxlib.studies.perception_gap.doubts import doubts
from cxlib.studies.perception_gap.evidence import evidence
from cxlib.studies.perception_gap.methods import METHODS
from cxlib.studies.perception_gap.said import (
    CUSTOMERS_FIRST,
    EXPECTATIONS,
    EXPERIENCE_FIRST,
    MORE_ANSWERS,
    OWNERS_FIRST,
    PROFIT_BEFORE_CUSTOMERS,
    PROFIT_FIRST,
    PUTS_CUSTOMERS_FIRST,
    share_finding,
    statement_of,
)
from cxlib.studies.study import Study
from cxlib.studies.worth import FIVE_POINTS
from cxlib.workbook import Workbook

NAME = "perception_gap"
GAP = "gap-customers-first"
NO_STATEMENTS = "Answers to statements (agree or disagree), with the name of each statement and its scale."
NO_RESPONDENT = "Whether a manager or a customer gave an answer (the column respondent): without it all are customers'."
NO_INVITES = (
    "The list of those who were asked: without it there is no response rate, and the answers cannot be weighted."
)

THINK_BETTER = (
    "Managers think better of the company than customers do: {owners} of the managers say that it puts its customers "
    "first, and {customers} of the customers say so, a gap of {gap} ({gap_interval}). {owners_rate} of the managers "
    "and {customers_rate} of the customers who were asked answered; it is what they say, not what they do."
)
THINK_WORSE = (
    "Managers think worse of the company than customers do: {owners} of the managers say that it puts its customers "
    "first, and {customers} of the customers say so ({gap}, {gap_interval}). {owners_rate} of the managers and "
    "{customers_rate} of the customers who were asked answered; it is what they say, not what they do."
)
NO_GAP = (
    "No measurable gap between managers and customers: {owners} of the managers say that the company puts its "
    "customers first, and {customers} of the customers say so ({gap}, {gap_interval}). {owners_rate} of the managers "
    "and {customers_rate} of the customers who were asked answered; it is what they say, not what they do."
)
OF_THOSE_WHO_ANSWERED = {
    THINK_BETTER: "Of those who answered, managers think better of the company than customers do: {owners} of the "
    "managers say that it puts its customers first, and {customers} of the customers say so, a gap of {gap} "
    "({gap_interval}). How many were asked is not known for both sides; it is what they say, not what they do.",
    THINK_WORSE: "Of those who answered, managers think worse of the company than customers do: {owners} of the "
    "managers say that it puts its customers first, and {customers} of the customers say so ({gap}, {gap_interval}). "
    "How many were asked is not known for both sides; it is what they say, not what they do.",
    NO_GAP: "Of those who answered, managers and customers show no measurable gap: {owners} of the managers say that "
    "the company puts its customers first, and {customers} of the customers say so ({gap}, {gap_interval}). How many "
    "were asked is not known for both sides; it is what they say, not what they do.",
}
NOBODY_ASKED = "Whether managers think better of the company than customers do cannot be told: neither side was asked."
OTHER_QUESTION = (
    "Whether managers think better of the company than customers do cannot be told: managers answered “{theirs}” and "
    "customers “{ours}” These are different questions, so the two shares must not be subtracted."
)
ONE_SIDE = {
    CUSTOMER: "Whether managers think better of the company than customers do cannot be told: the managers answered "
    "“{statement}”, the customers were not asked.",
    OWNER: "Whether managers think better of the company than customers do cannot be told: the customers answered "
    "“{statement}”, the managers were not asked.",
}
TOO_FEW = "Too few answers to tell whether managers think better of the company than customers do."
ASK_BOTH = "Put the same statement to both sides, word for word: “{statement}”, on five points."
ASK_SIDE = {
    CUSTOMER: "Put this very statement to the customers too, word for word and on the same five points.",
    OWNER: "Put this very statement to the managers too, word for word and on the same five points.",
}
SILENT_TURN = "The gap would be gone if {turn} of the customers who did not answer agreed."
SILENT_CANNOT_TURN = "Not even if every customer who did not answer agreed would the gap be gone."


def study(book: Workbook) -> Study:
    """Compare what managers and customers say of the same statement, and what customers say they expect.

    Parameters
    ----------
    book : Workbook
        The month; only answers given before its end count, of each statement those of the last wave.
    """
    views = read_views(book)
    owners, customers = (views.latest(side, PUTS_CUSTOMERS_FIRST) for side in (OWNER, CUSTOMER))
    shown = (CUSTOMERS_FIRST, OWNERS_FIRST, *EXPECTATIONS.values())
    said = {item.finding: share_finding(views, item) for item in shown}
    findings = (
        gap_finding(views, owners, customers),
        share_finding(views, EXPERIENCE_FIRST),
        share_finding(views, PROFIT_FIRST),
    )
    return Study(
        NAME,
        findings,
        evidence(views, said),
        doubts(book, views, owners, customers),
        METHODS,
        _missing(book),
    )


def _missing(book: Workbook) -> tuple[str, ...]:
    if book.lacks(*NEEDED):
        return (NO_STATEMENTS,)
    asked = (("survey_answers.respondent", NO_RESPONDENT), ("survey_invites", NO_INVITES))
    return tuple(sentence for name, sentence in asked if book.lacks(name))


def gap_finding(views: Views, owners: Answers | None, customers: Answers | None) -> Finding:
    """Return how far managers and customers differ on the same statement, or why that cannot be told."""
    if owners is None or customers is None:
        return _no_gap(views, owners, customers)
    gap = share_difference(owners.agree, customers.agree)
    verdict = verdict_above(gap)
    if verdict == "cannot-tell":
        return Finding(GAP, TOO_FEW, {}, verdict, needed=MORE_ANSWERS)
    sentence = THINK_BETTER if verdict == "supported" else THINK_WORSE if gap.high < 0 else NO_GAP
    values: dict[str, Value] = {"owners": owners.agree, "customers": customers.agree, "gap": gap}
    if owners.rate.is_known and customers.rate.is_known:
        values |= {"owners_rate": owners.rate, "customers_rate": customers.rate}
    else:
        sentence = OF_THOSE_WHO_ANSWERED[sentence]
    turn = turning_share(owners.agree, customers)
    if turn is None or verdict != "supported":
        return unless_it_may_matter(Finding(GAP, sentence, values, verdict, gap), FIVE_POINTS, MORE_ANSWERS)
    if turn > 1:
        return Finding(GAP, sentence, values, verdict, gap, assumption=SILENT_CANNOT_TURN)
    return Finding(GAP, sentence, {**values, "turn": Quantity(turn, "share")}, verdict, gap, assumption=SILENT_TURN)


def turning_share(owners: Estimate, customers: Answers) -> float | None:
    """Return the share of silent customers that would have to agree for the two sides to be alike.

    Above 1 not even all of them would do; None where nobody is known to be silent.
    """
    silent = len(customers.asked) - customers.responded
    if silent <= 0 or not customers.rate.is_known:
        return None
    answered = customers.responded / len(customers.asked)
    return (owners.value - answered * customers.plain.value) / (1 - answered)


def _no_gap(views: Views, owners: Answers | None, customers: Answers | None) -> Finding:
    """Return why there is no gap, and which question to put to whom."""
    values: dict[str, Value] = {"statement": statement_of(PUTS_CUSTOMERS_FIRST)}
    if pair := _different_questions(views, owners, customers):
        return Finding(GAP, OTHER_QUESTION, {**values, **pair}, "cannot-tell", needed=ASK_BOTH)
    if owners is None and customers is None:
        return Finding(GAP, NOBODY_ASKED, values, "cannot-tell", needed=ASK_BOTH)
    side = OWNER if owners is None else CUSTOMER
    return Finding(GAP, ONE_SIDE[side], values, "cannot-tell", needed=ASK_SIDE[side])


def _different_questions(views: Views, owners: Answers | None, customers: Answers | None) -> dict[str, Value]:
    """Return the two statements where one side was asked of customers first and the other of profit first."""
    first, profit = statement_of(PUTS_CUSTOMERS_FIRST), statement_of(PROFIT_BEFORE_CUSTOMERS)
    if owners is not None and PROFIT_BEFORE_CUSTOMERS in views.questions(CUSTOMER):
        return {"theirs": first, "ours": profit}
    if customers is not None and PROFIT_BEFORE_CUSTOMERS in views.questions(OWNER):
        return {"theirs": profit, "ours": first}
    return {}
