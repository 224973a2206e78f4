"""What the survey on problems can be checked against: tickets, logged incidents, and its own tiers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests

from cxlib.estimate import ALPHA, Bools, Estimate, Interval, proportion
from cxlib.models.binary import hidden_if_few
from cxlib.models.nonresponse import weighted_share
from cxlib.studies.silent_complainers.counts import beyond
from cxlib.studies.silent_complainers.data import SEVERITIES
from cxlib.studies.silent_complainers.survey import Survey, odds_against

LEAST_RECALL = 0.05
"""A problem remembered more rarely than this is not scaled up: one answer would stand for too many."""


def share(yes: Bools, of: Bools) -> Estimate:
    """Return a share of some answers with Wilson's interval."""
    value, low, high = (float(line[0]) for line in proportion([(yes & of).sum()], [of.sum()]))
    return hidden_if_few(Estimate(value, low, high, int(of.sum()), "share", "Wilson"))


def _ticket_as_bad(survey: Survey) -> Bools:
    """Return whose problem has a complaint ticket of the same severity, or of one that was not recorded."""
    answers = survey.answers
    found = answers["complaints_unrated"].to_numpy() > 0
    for rank, name in enumerate(SEVERITIES, 1):
        found = found | ((survey.severity == rank) & (answers[f"complaints_{name}"].to_numpy() > 0))
    return np.asarray(found, bool)


@dataclass(frozen=True)
class OwnWord:
    """What people say they told, against the tickets.

    Parameters
    ----------
    with_ticket : Estimate
        Of those who say that they told the company, the share with a complaint ticket.
    admitted : Estimate
        Of those with a problem and a complaint ticket, the share that says so.
    by_tickets : float
        Silent customers for each one who told, if the ticket counts and not the word.
    """

    with_ticket: Estimate
    admitted: Estimate
    by_tickets: float


def own_word(survey: Survey) -> OwnWord:
    """Compare what the answers say with the complaint tickets of the same three months and severity."""
    told, ticket = survey.told == "company", _ticket_as_bad(survey)
    mine = survey.with_problem
    found = weighted_share(ticket[mine], survey.weights[mine], np.arange(int(mine.sum())))
    linked = odds_against(float(found.value[0])) if mine.any() and ticket.any() else float("nan")
    return OwnWord(share(ticket, mine & told), share(told, mine & ticket), linked)


def remembered(survey: Survey) -> dict[str, Estimate]:
    """Return how many of the problems that systems logged and customers noticed the survey brings back, by severity.

    Some of those hit would have reported another problem anyway; as many as of those without any sign of one are
    taken away.
    """
    known = survey.known_severity[survey.answered]
    incident = _worst_incident(survey.answers)
    reports = survey.severity > 0
    ordinary = _interval(reports, known == 0)
    found = {}
    for rank, name in enumerate(SEVERITIES, 1):
        hit = incident == rank
        after = _interval(reports, hit)
        value, low, high = (float(line[0]) for line in beyond(after, ordinary))
        found[name] = hidden_if_few(Estimate(value, low, high, int(hit.sum()), "share", "put together from Wilson's"))
    return found


def _worst_incident(answers: pd.DataFrame) -> npt.NDArray[np.intp]:
    worst = np.zeros(len(answers), np.intp)
    for rank, name in enumerate(SEVERITIES, 1):
        worst = np.where(answers[f"incidents_{name}"].to_numpy() > 0, rank, worst)
    return worst


def _interval(yes: Bools, of: Bools) -> Interval:
    return proportion([(yes & of).sum()], [of.sum()])


def with_the_forgotten(survey: Survey) -> float:
    """Return the ratio of all problems if those forgotten count as well, each told as often as one remembered."""
    recall = {rank: found for rank, found in enumerate(remembered(survey).values(), 1) if found.is_known}
    if not recall or not survey.with_problem.any():
        return float("nan")
    of_rank = np.ones(4)
    for rank, found in recall.items():
        of_rank[rank] = max(found.value, LEAST_RECALL)
    mine = survey.with_problem
    weights = survey.weights[mine] / of_rank[survey.severity[mine].astype(np.intp)]
    told = survey.told[mine] == "company"
    return odds_against(float((weights * told).sum() / weights.sum()))


@dataclass(frozen=True)
class Tiers:
    """The ratio in the two tiers that differ most clearly, and whether chance explains it."""

    name: str
    ratio: Estimate
    other_name: str
    other: Estimate
    differ: bool


def tiers(survey: Survey) -> Tiers | None:
    """Return the tiers that differ most clearly in what they tell; None where there are not two to compare.

    Each pair is compared at the same severity (Mantel and Haenszel 1959), all pairs together by Holm's correction.
    """
    names = survey.answers["tier"].astype(object).to_numpy()
    found = {}
    for name in sorted({str(name) for name in names if name is not None and name == name}):
        part = Survey(survey.asked[(survey.asked["tier"] == name).to_numpy(bool)])
        ratio = part.ratio(survey.weights[names == name])
        if ratio.is_known and ratio.value > 0 and np.isfinite(ratio.high) and ratio.low > 0:
            found[name] = ratio
    pairs = [(a, b) for place, a in enumerate(found) for b in list(found)[place + 1 :]]
    if not pairs:
        return None
    chances = [_chance(survey, names, a, b) for a, b in pairs]
    first = int(np.argmin(chances))
    differ = bool(multipletests(chances, ALPHA, method="holm")[0][first])
    a, b = pairs[first]
    return Tiers(a, found[a], b, found[b], differ)


def _chance(survey: Survey, names: npt.NDArray[np.object_], a: str, b: str) -> float:
    """Return the probability of a difference as large if, at each severity, both tiers told as often."""
    told = survey.told == "company"
    tables = []
    for rank in (1, 2, 3):
        at = survey.with_problem & (survey.severity == rank)
        table = np.array([[(at & (names == name) & (told == yes)).sum() for yes in (True, False)] for name in (a, b)])
        if (table.sum(axis=0) > 0).all() and (table.sum(axis=1) > 0).all():
            tables.append(table)
    if not tables:
        return 1.0
    return float(StratifiedTable(tables).test_null_odds().pvalue)
