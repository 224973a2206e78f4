"""For each customer who complains, how many stay silent, and do they leave.

`asked` has a row per person and round of a survey, `answers` those who answered, `incidents` a row per customer hit,
`followed` a row per case until it ended. `rank` is a severity of `RANKS`, `by` names weights.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests

from cxlib.errors import MeasureError, UntoldError, untold
from cxlib.estimate import ALPHA, Array, Bools, Estimate, Floats, Ints, Z, proportion
from cxlib.finding import Quantity, Verdict
from cxlib.models import nonresponse
from cxlib.models.clusters import cluster_variance, estimated, ratio_limits
from cxlib.models.clusters import times_as_many as times_as_many
from cxlib.models.hidden_population import chao_lower_bound, stratified_chapman, three_lists
from cxlib.models.incidence import COX, OTHER, STILL, WANTED, durations, incidence, influences
from cxlib.models.incidence import hazard_ratio as hazard_ratio_of
from cxlib.models.nonresponse import effective_size as effective_size
from cxlib.nearest import did_you_mean
from cxlib.tables import SEVERITIES, TABLES
from cxlib.workbook import Workbook

RANKS = dict(enumerate(SEVERITIES, 1))
UNIT, EXACT = "silent customers", "full count, no interval"
KINDS = ["time_kind", "tier_kind", "region_kind", "score_kind", "questions_kind"]
SURVEY, LOGGED, TWO, THREE = "survey", "incidents", "two lists", "three lists"
NONE, TOLD, SILENT = "no problem", "told the company", "silent"

LEAST = 5  # who answered, and who did not, in a category of its own; who left of each group that a hazard compares
LEAST_NOTICED = 30  # incidents of which the log says that the customer noticed; with fewer all are taken
LEAST_RECALL = 0.05  # share of problems remembered; of a smaller one, one answer would stand for too many

MARKED = "Tickets that are marked as complaints (tickets.is_complaint) would tell."

RANK = "CASE severity WHEN 'minor' THEN 1 WHEN 'moderate' THEN 2 WHEN 'severe' THEN 3 END"
COMPLAINT = "kind = 'complaint' AND NOT is_outbound"

ASKED = """
WITH answers AS (
    SELECT * FROM survey_answers WHERE instrument = 'problem' AND completed_at < $cut AND score IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY coalesce(invite_id, answer_id) ORDER BY completed_at DESC, answer_id) = 1
),
asked AS (
    SELECT coalesce(i.invite_id, a.answer_id) AS id, coalesce(i.customer_id, a.customer_id) AS customer_id,
        coalesce(i.sent_at, a.completed_at) AS at, i.invite_id IS NOT NULL AS invited, a.completed_at,
        a.completed_at AS began, coalesce(a.told, '') AS told,
        CASE WHEN a.score > 0 THEN coalesce($rank, CAST(a.score AS INTEGER)) ELSE a.score END AS severity
    FROM answers AS a FULL OUTER JOIN (
        SELECT * FROM survey_invites WHERE sent_at < $cut AND survey IN (SELECT survey FROM answers)
    ) AS i ON i.invite_id = a.invite_id
)
SELECT k.*, k.at AS sent_at, e.score AS earlier_score
FROM asked AS k LEFT JOIN survey_answers AS e ON e.customer_id = k.customer_id AND e.instrument = 'nps'
    AND e.score IS NOT NULL AND e.completed_at < k.at AND e.completed_at > k.at - INTERVAL $year DAY
QUALIFY row_number() OVER (PARTITION BY k.id ORDER BY e.completed_at DESC, e.answer_id) = 1
"""
INCIDENTS = """
SELECT incident_id || ' ' || customer_id AS id, occurred_at AS at, customer_id, coalesce($rank, 0) AS severity,
    occurred_at + INTERVAL $ahead DAY AS began, CAST(noticed AS INTEGER) AS noticed
FROM incidents WHERE occurred_at < $cut - INTERVAL $ahead DAY
"""
# after a survey sent upon a particular contact nobody can be silent: to be asked, one must have written
DETRACTORS = """
SELECT answer_id AS id, completed_at AS at, invite_id, customer_id FROM survey_answers
WHERE instrument = 'nps' AND score <= 6 AND customer_id IS NOT NULL AND completed_at < $cut
    AND coalesce(touchpoint, 'relationship') = 'relationship'
"""
# whoever wrote, or was a customer, in the days before the cut
CUSTOMERS = """
SELECT customer_id AS id, $cut AS at, customer_id FROM tickets
WHERE customer_id IS NOT NULL AND created_at > $cut - INTERVAL $days DAY AND created_at <= $cut
UNION
SELECT customer_id, $cut, customer_id FROM customer_spell
WHERE started_at <= $cut AND (ended_at IS NULL OR ended_at > $cut - INTERVAL $days DAY)
"""

# what is known of the customer at each of some moments, and counts of what was seen around it
AROUND = """
WITH moments AS ($moments),
signs AS (
    SELECT customer_id, created_at AS seen_at, severity, coalesce(is_outbound, FALSE) AS is_outbound,
        CASE WHEN is_complaint THEN 'complaint' ELSE 'question' END AS kind
    FROM tickets
    UNION ALL
    SELECT customer_id, occurred_at, severity, FALSE, 'incident' FROM incidents WHERE noticed
)
SELECT m.*, c.region, c.tier, c.$segment AS part, c.created_at AS known_since,
    p.started_at IS NOT NULL AS is_customer, date_diff('day', p.started_at, m.at) AS tenure_days,
    CASE WHEN p.ended_at < $cut THEN p.ended_at END AS ended_at,
    CASE WHEN p.ended_at < $cut THEN p.end_reason END AS end_reason,
    $counts
FROM moments AS m
LEFT JOIN customers AS c ON c.customer_id = m.customer_id
LEFT JOIN customer_spell AS p ON p.customer_id = m.customer_id AND p.started_at <= m.at
    AND (p.ended_at IS NULL OR p.ended_at > m.at)
LEFT JOIN signs AS s ON s.customer_id = m.customer_id
    AND s.seen_at > m.at - INTERVAL $days DAY AND s.seen_at <= m.at + INTERVAL $ahead DAY
GROUP BY ALL ORDER BY m.at, m.id
"""


def _around(book: Workbook, moments: str, counts: Mapping[str, str], **values: object) -> pd.DataFrame:
    """Return the moments with what is known of their customers, and counts of the signs near them by condition."""
    each = ", ".join(f"count(*) FILTER (WHERE {when}) AS {name}" for name, when in counts.items())
    usual = {"ahead": 0, "segment": "tier", "rank": RANK, "counts": each}
    return book.frame(AROUND.replace("$moments", moments), **{**usual, **values})


def asked(book: Workbook, days: int, year: int, segment: str) -> pd.DataFrame:
    """Return one row per person and round of a survey that asks about problems, answered or not.

    `severity` is what was answered (0 none to 3 severe; NaN without an answer), `told` where the person took it. Known
    of everyone: tickets and noticed incidents of the `days` before, the last recommendation score of the `year` before,
    the `part` by `segment`, and whether an invitation was found (`invited`).
    """
    if segment not in (known := TABLES["customers"].column_names):
        raise MeasureError(f'customers have no "{segment}" to be broken down by{did_you_mean(segment, known)}')
    counts = {"questions": "kind = 'question'", "complaints": COMPLAINT}
    counts["complaints_unrated"] = f"{COMPLAINT} AND s.severity IS NULL"
    for name in SEVERITIES:
        counts[f"complaints_{name}"] = f"{COMPLAINT} AND s.severity = '{name}'"
        counts[f"incidents_{name}"] = f"kind = 'incident' AND s.severity = '{name}'"
    frame = _around(book, ASKED, counts, days=days, year=year, segment=segment)
    untold(
        "A survey of all customers, those lately lost included, would tell: did you have a problem in the last three "
        "months, how bad was it, and did you tell the company (survey_answers with the instrument problem, score and "
        "told).",
        len(frame),
    )
    return in_kinds(frame.astype({"severity": float}))


def in_kinds(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with what is known of everyone in categories, each with enough who answered and who did not."""
    answered = rows["severity"].notna()
    time = pd.cut(rows["tenure_days"].astype(float), [-1, 365, 1095, np.inf], labels=["1", "3", "more"]).astype(object)
    kinds = {"time": time.where(rows["is_customer"], "former"), "tier": rows["tier"], "region": rows["region"]}
    if "questions" in rows:
        kinds["score"] = pd.cut(rows["earlier_score"].astype(float), [-1, 6, 8, 10], labels=["low", "middle", "high"])
        kinds["questions"] = rows["questions"].clip(upper=3)
    for name, values in kinds.items():
        kind = values.astype(object).where(values.notna(), "unknown")
        yes, no = (one.groupby(kind).transform("sum") for one in (answered, ~answered))
        merged = kind.mask((yes < LEAST) | (no < LEAST) & (not answered.all()), kind.mode().get(0))
        rows = rows.assign(**{f"{name}_kind": pd.Categorical(merged, categories=merged.unique())})
    return rows


def incidents(book: Workbook, days: int, controls: Sequence[int]) -> pd.DataFrame:
    """Return one row per customer and incident that was over for so many `days` at the cut.

    `after` says whether a complaint (where these are not marked, any ticket) followed within these days; `control_28` …
    whether one came in as many ordinary days that began so long before, NaN where the customer was not one yet.
    """
    counted = "kind = 'question' AND NOT is_outbound" if book.lacks("tickets.is_complaint") else COMPLAINT
    counts = {
        name: f"{counted} AND s.seen_at >= m.at + INTERVAL ({shift}) DAY "
        f"AND s.seen_at < m.at + INTERVAL ({shift + days}) DAY"
        for name, shift in ({"after": 0} | {f"control_{back}": -back for back in controls}).items()
    }
    # a day more, so that the bounds of the counts decide
    frame = _around(book, INCIDENTS, counts, days=max(controls) + 1, ahead=days)
    untold(
        "Incidents that the company's own systems log (incidents), and tickets by customer, would tell without asking.",
        len(frame),
        not book.lacks("tickets"),
    )
    frame[list(counts)], known_for = frame[list(counts)].clip(upper=1), frame["at"] - frame["known_since"]
    for back in controls:
        frame[f"control_{back}"] = frame[f"control_{back}"].mask(known_for < pd.Timedelta(days=back))
    return frame


def complaints(book: Workbook, days: int, before: str) -> pd.DataFrame:
    """Return how many complaints came in the `days` before each answer of `DETRACTORS`, or the cut (`CUSTOMERS`)."""
    untold(MARKED, not book.lacks("tickets.is_complaint"))
    return _around(book, before, {"complaints": COMPLAINT}, days=days)


def odds_against(share: float) -> float:
    """Return silent people per one who told, from the share that told: (1 - p) / p, which falls as p rises."""
    return np.inf if share <= 1e-12 else (1 - share) / share


def ratio_of(share: Estimate, *flags: str) -> Estimate:
    """Return silent people per one who told, from the share that told."""
    value, low, high = (odds_against(end) for end in (share.value, share.high, share.low))
    flags += ("not-reached",) if np.isinf(value) else ()
    return Estimate(value, low, high, share.n, UNIT, share.method, share.flags + flags)


def beyond(after: Estimate, ordinary: Estimate, method: str) -> Estimate:
    """Return the share that an event adds to an ordinary one, the two being independent: 1 - (1 - a) / (1 - b)."""
    none, usual = (1 - np.minimum([one.value, one.high, one.low], 1 - 1e-9) for one in (after, ordinary))
    low, high = ratio_limits(none, usual)
    return estimated(np.maximum([1 - none[0] / usual[0], 1 - high, 1 - low], 0.0), after.n, "share", method)


def needs_invitations(answers: pd.DataFrame) -> None:
    """Raise UntoldError where it is not known who was asked and did not answer."""
    untold(
        "The list of all who were invited to the survey (survey_invites) would tell; without it the answers stand for "
        "those who answered.",
        "raked" in answers,
    )


def weighed(asked: pd.DataFrame, most: float) -> pd.DataFrame:
    """Return the answers, with weights that make them stand for everyone asked.

    `group` is who had no problem, told the company or was silent; empty where that is not known. `plain` is one;
    `raked` brings time, tier and region to the shares of everyone asked; `by_frame` is one over the chance of
    answering, given what is known of everyone, `weight` given what became of the worst problem, too. All are cut at
    `most` medians. Unless most answers came upon a known invitation and not all answered, there are only `plain` and
    `weight`, which is one.
    """
    answered = asked["severity"].notna().to_numpy()
    answers = asked[answered].reset_index(drop=True).astype({"severity": int})
    told = answers["told"]
    group = np.select([answers["severity"] == 0, told == "company", told != ""], [NONE, TOLD, SILENT], "")
    answers = answers.assign(group=group, is_problem=np.isin(group, [TOLD, SILENT]), plain=1.0, weight=1.0)
    if answered.all() or asked["invited"].mean() <= 0.5:
        return answers
    complained, known = _worst(asked, "complaints"), _worst(asked, "complaints", "incidents")
    reported = np.maximum(answers["severity"].to_numpy(), known[answered])
    silent = (reported > 0) & (told != "company") & (complained[answered] == 0)
    usual = _chances(asked, np.append(complained, complained[answered]), np.zeros(1, bool))
    used = _chances(asked, np.append(known, reported), np.append((known > 0) & (complained == 0), silent))
    margins = [(asked[kind].cat.codes[answered], asked[kind].value_counts(sort=False)) for kind in KINDS[:3]]
    for name, start in (("raked", np.ones(len(answers))), ("by_frame", 1 / usual), ("weight", 1 / used)):
        answers[name] = nonresponse.trimmed(start, most)
        with suppress(MeasureError):
            answers[name] = nonresponse.rake(answers[name], margins)
    return answers


def _worst(rows: pd.DataFrame, *sources: str) -> Ints:
    """Return the worst severity of which there is any sign, 0 where there is none."""
    signs = [rank * (rows[f"{source}_{name}"] > 0) for source in sources for rank, name in RANKS.items()]
    return np.asarray(np.max(signs, axis=0), np.intp)


def _chances(asked: pd.DataFrame, rank: Ints, silent: Bools) -> Floats:
    """Return each answer's chance, by what is known of everyone and the problem (of everyone, then of the answers)."""
    answered = asked["severity"].notna().to_numpy()
    kinds = pd.get_dummies(asked[KINDS], drop_first=True).to_numpy(float)
    had = rank[:, None] == np.array(list(RANKS))
    fates = np.column_stack([had, had & silent[:, None]])
    enough = [np.bincount(answered[fate], minlength=2).min() >= LEAST for fate in fates[: len(asked)].T]
    rare = (fates & ~np.array(enough))[:, len(RANKS) :].any(axis=1)
    variables = np.column_stack([np.vstack([kinds, kinds[answered]]), fates[:, enough], rare])
    return nonresponse.response_chances(variables[: len(asked)], answered, variables[len(asked) :])


def share(answers: pd.DataFrame, yes: Array, by: str = "weight") -> Estimate:
    """Return a weighted share of some answers, those of the same customer taken together."""
    found = nonresponse.weighted_share(yes, answers[by], answers["customer_id"])
    return estimated(found, len(answers), "share", "weighted, Wilson")


def ratio(answers: pd.DataFrame, *ranks: int, by: str = "weight") -> Estimate:
    """Return silent customers per one who told, of problems of all severities or of some."""
    mine = answers[answers["is_problem"] & answers["severity"].isin(ranks or RANKS)]
    return ratio_of(share(mine, mine["group"] == TOLD, by))


def hidden(asked: pd.DataFrame, answers: pd.DataFrame, days: int, by: str = "weight") -> Estimate:
    """Return how many had a problem and did not tell the company, of all who were asked in the last `days`."""
    needs_invitations(answers)
    begin = asked["sent_at"].max() - pd.Timedelta(days=days)
    mine = answers[(answers["sent_at"] > begin) & (answers["group"] != "")]
    found = share(mine, mine["group"] == SILENT, by)
    ends = np.array([found.value, found.low, found.high]) * asked.loc[asked["sent_at"] > begin, "customer_id"].nunique()
    return estimated(ends, found.n, "customers", "weighted share of all asked, Wilson")


def late(answers: pd.DataFrame) -> Estimate:
    """Return how much more of the late answers than of the early ones had told, among those with a problem."""
    mine = answers[answers["is_problem"]]
    delay = (mine["completed_at"] - mine["sent_at"]).dt.total_seconds()
    slope = nonresponse.late_responders(mine["group"] == TOLD, delay, mine["weight"])
    untold("More answers of customers with a problem would tell.", np.isfinite(slope[0]))
    return Estimate(*slope, len(mine), "share difference", "weighted line, sandwich")


def at_worst(asked: pd.DataFrame, problems: pd.DataFrame) -> tuple[Quantity, Quantity]:
    """Return the lowest and the highest ratio that any behaviour of those who did not answer would allow."""
    needs_invitations(problems)
    told, silent = (float((problems["group"] == group).sum()) for group in (TOLD, SILENT))
    low, high = nonresponse.worst_case(told, silent, float(asked["severity"].isna().sum()))
    return Quantity(odds_against(high), UNIT), Quantity(odds_against(low), UNIT)


def if_others_tell(asked: pd.DataFrame, answers: pd.DataFrame, times: float) -> Estimate:
    """Return the ratio if those who did not answer tell `times` as often; where nobody knows how many, its floor."""
    now, answered = ratio(answers), float(asked["severity"].notna().mean())
    if "raked" in answers and now.is_known:
        value = odds_against(float(nonresponse.with_different_silent(1 / (1 + now.value), answered, times)))
        return Estimate(value, value, value, now.n, UNIT, EXACT)
    return Estimate(np.inf, now.value if now.is_known else now.low, np.inf, now.n, UNIT, "", ("not-reached",))


def noticed(incidents: pd.DataFrame) -> pd.DataFrame:
    """Return the incidents noticed for certain, or all but those certainly not noticed where these are too few."""
    said = incidents["noticed"].astype(float)
    rows = incidents[said == 1 if (said == 1).sum() >= LEAST_NOTICED else said != 0]
    return in_kinds(rows.assign(group=np.where(rows["after"] > 0, TOLD, SILENT)))


def of_incidents(noticed: pd.DataFrame, rank: int) -> Estimate:
    """Return silent customers per complaint soon after incidents of one severity, less those of ordinary days."""
    rows = noticed[noticed["severity"] == rank].assign(weight=1.0)
    controls = [name for name in rows if str(name).startswith("control_")]
    weeks = rows.melt(["customer_id", "weight"], controls, value_name="came").dropna(subset="came")
    found, ordinary = share(rows, rows["after"]), share(weeks, weeks["came"])
    if len(weeks):
        found = beyond(found, ordinary, "complaints soon after, beyond ordinary days")
    return ratio_of(found, *(("upper-bound",) if noticed["noticed"].isna().any() else ()))


def of_lists(asked: pd.DataFrame, rank: int, three: bool = False) -> Estimate:
    """Return silent per told problems of one severity from lists of the people who had one, at each round.

    Lists are complaint tickets, survey answers that report it and, of `three`, noticed incidents; of two, people of one
    tier are as likely on a list. Limits are widened by the chance in who told.
    """
    name, complained = RANKS[rank], asked["complaints"].sum()
    untold(MARKED, complained)
    lists = [asked[f"complaints_{name}"] > 0, asked["severity"] == rank, asked[f"incidents_{name}"] > 0]
    on = np.column_stack(lists if three else lists[:2])
    method = "log-linear, profile likelihood" if three else "stratified Chapman, log-normal"
    if not on.any(axis=0).all():
        return Estimate.unknown(0, UNIT, method)
    both = on[:, 0] & on[:, 1]
    try:
        if three:
            size = three_lists(Counter((int(a), int(b), int(c)) for a, b, c in on))
        else:
            strata = pd.DataFrame(on).assign(both=both).groupby(asked["tier_kind"].to_numpy()).sum()
            size = stratified_chapman([(int(a), int(b), int(ab)) for a, b, ab in strata.to_numpy()])
    except MeasureError:  # too little overlap
        return Estimate.unknown(0, UNIT, method)
    # complaints without severity are spread like the others
    told = on[:, 0].sum() * complained / (complained - asked["complaints_unrated"].sum())
    shares = np.array([size.value, size.low, size.high, told]) / len(asked)
    with np.errstate(divide="ignore"):
        rates = np.log1p(-np.minimum(shares, [1, 1, 1, 1 - 1e-9]))
        ends = np.maximum(rates[:3] / rates[3] - 1, 0.0)
        if 0 < ends[0] < np.inf and size.value > told:
            chance = Z * np.sqrt(1 / told + 1 / (size.value - told))
            ends = ends[0] * np.exp([0, -1, 1] * np.hypot(chance, np.log(ends / ends[0])))
    return estimated(ends, int(both.sum()), UNIT, method)


def in_all_ways(asked: pd.DataFrame, answers: pd.DataFrame, noticed: pd.DataFrame, rank: int) -> dict[str, Estimate]:
    """Return silent customers per one who told, at one severity, by each way of counting whose data are there."""
    found: dict[str, Estimate] = {}
    with suppress(UntoldError):
        found[SURVEY] = ratio(answers, rank)
    with suppress(UntoldError):
        found[LOGGED] = of_incidents(noticed, rank)
    with suppress(UntoldError):
        found[TWO] = of_lists(asked, rank)
        known = noticed["noticed"].notna().all()
        found[THREE] = of_lists(asked, rank, three=True) if known else Estimate.unknown(0, UNIT)
    untold("A survey that asks about problems, or incidents that the company's own systems log, would tell.", found)
    return found


Found = Mapping[str, Estimate]
Apart = tuple[Verdict, dict[str, Any]]  # whether chance explains all differences, and the two that differ most


def _furthest(found: Mapping[str, Found], chance: Callable[[Found, str, str], float], needed: str) -> Apart:
    """Compare numbers in pairs (Holm 1979), without endless ones, upper bounds and three lists, which hold the two."""
    pairs = []
    for at, each in found.items():
        known = {name: one for name, one in each.items() if name != THREE and "upper-bound" not in one.flags}
        finite = [name for name, one in known.items() if one.value > 0 < one.low and np.isfinite(one.high)]
        pairs += [(at, *pair) for pair in combinations(sorted(finite, key=lambda name: each[name].value), 2)]
    untold(needed, pairs)
    p = [chance(found[at], one, other) for at, one, other in pairs]
    at, one, other = pairs[int(np.argmin(p))]
    apart = {"at": at, "one": one, "other": other, "first": found[at][one], "second": found[at][other]}
    return "not-supported" if multipletests(p, ALPHA, method="holm")[0].any() else "supported", apart


def agreement(ways: Mapping[str, Found]) -> Apart:
    """Compare the ways of counting; two lists that tend to hold the same people can only give too low a ratio."""

    def chance(found: Found, low: str, high: str) -> float:
        errors = [np.log(one.high / one.low) / (2 * Z) for one in (found[low], found[high])]
        far = float(stats.norm.sf(np.log(found[high].value / found[low].value) / np.hypot(*errors)))
        return 1.0 if low == TWO else far if high == TWO else 2 * far

    needed = (
        "Only one way of counting is possible. Incidents that the company's own systems log, by customer, and tickets "
        "that are marked as complaints would give a second and a third way."
    )
    return _furthest(ways, chance, needed)


def parts(answers: pd.DataFrame, segment: str) -> Apart:
    """Compare the parts of a breakdown two by two, each pair at the same severity (Mantel and Haenszel 1959)."""
    problems = answers[answers["is_problem"]]

    def chance(_: Found, one: str, other: str) -> float:
        both = problems[problems["part"].isin([one, other])]
        each = [pd.crosstab(mine["part"], mine["group"]).to_numpy() for _, mine in both.groupby("severity")]
        tables = [table for table in each if table.shape == (2, 2)]
        return float(StratifiedTable(tables).test_null_odds().pvalue) if tables else 1.0

    found = {segment: {str(part): ratio(mine) for part, mine in problems.groupby("part")}}
    return _furthest(found, chance, "Answers from two parts of the customers, enough of each, would tell.")


def floor_of_complaints(complaints: pd.DataFrame) -> Estimate:
    """Return the least number of silent customers per complainer, from how often each customer there is complained."""
    times = complaints["complaints"]
    once, twice, seen = (int(some.sum()) for some in (times == 1, times == 2, times > 0))
    untold("Customers who complained twice would tell how many never did.", twice)
    size = chao_lower_bound(once, twice, seen, len(times) if complaints["is_customer"].any() else np.inf)
    ends = np.array([size.value, size.low, size.high]) / seen - 1
    return estimated(ends, seen, UNIT, "Chao's lower bound", "floor")


def of_detractors(detractors: pd.DataFrame, answers: pd.DataFrame) -> Estimate:
    """Return detractors without a complaint per detractor with one, weighted as their answers to the survey are."""
    rows = detractors.assign(weight=1.0)
    with suppress(UntoldError):
        weights = answers.set_index("id")["weight"]
        rows["weight"] = rows["invite_id"].map(weights / weights.mean()).fillna(1.0)
    return ratio_of(share(rows, rows["complaints"] > 0))


def followed(rows: pd.DataFrame, cut: datetime, longest: int) -> pd.DataFrame:
    """Follow each case from when it `began` until the customer left, `longest` days had passed, or the cut.

    `days` followed, and `end` (0 not yet, 1 left, 2 payment). Whoever had left by then is in no group, so no time is
    counted during which nobody could have left; to complain of an incident takes time as well (immortal time).
    """
    days = (rows["ended_at"].fillna(pd.Timestamp(cut)) - rows["began"]).dt.total_seconds() / 86_400
    why = np.where(rows["end_reason"] == "payment", OTHER, WANTED)
    end = np.where(rows["ended_at"].notna() & (days <= longest), why, STILL)
    there = (rows["group"] != "") & rows["is_customer"] & ~(rows["ended_at"] <= rows["began"])
    untold("Subscriptions with their ends would tell who has left since.", there.any())
    return rows.assign(days=days.clip(upper=longest), end=end)[there].reset_index(drop=True)


def between(followed: pd.DataFrame, begin: float, end: float) -> pd.DataFrame:
    """Return who was still there at a day, followed from then on until a later one."""
    rows = followed[followed["days"] > begin]
    in_time = rows["end"].where(rows["days"] <= end, STILL)
    return rows.assign(end=in_time, days=rows["days"].clip(upper=end) - begin)


def left(followed: pd.DataFrame, days: float, group: str, less: str = "") -> Estimate:
    """Return the share of a group that has left by so many days, or how much larger it is than of another."""
    rows = [followed[followed["group"] == name] for name in (group, less)]
    one, other = (durations(mine["days"], mine["end"], mine["customer_id"]) for mine in rows)
    if not less:
        return incidence(one, [days])[days]
    (first, a), (second, b) = (influences(cases, [days]) for cases in (one, other))
    gap, n = float(first[0] - second[0]), min(len(one.time), len(other.time))
    # a customer may be in both groups, at two times
    each, whom = np.concatenate([a[:, 0], -b[:, 0]]), np.concatenate([one.cluster, other.cluster])
    half = Z * float(np.sqrt(cluster_variance(each, whom)))
    return estimated((gap, gap - half, gap + half), n, "share difference", "Aalen-Johansen, clustered")


def hazard_ratio(followed: pd.DataFrame, one: str, other: str, same_severity: bool = False) -> Estimate:
    """Return how much likelier one group is to leave: Cox, tier, region, time and, if asked, severity held."""
    rows = followed[followed["group"].isin([one, other])]
    gone = rows[rows["end"] == WANTED]
    if min((gone["group"] == name).sum() for name in (one, other)) < LEAST:
        return Estimate.unknown(len(rows), "ratio", COX)
    kinds = [*KINDS[:3], *(["severity"] if same_severity else [])]
    held = pd.get_dummies(rows[kinds], columns=kinds, drop_first=True)
    return hazard_ratio_of(rows["group"] == one, held, durations(rows["days"], rows["end"], rows["customer_id"]))


def of_like_problems(after: pd.DataFrame, answers: pd.DataFrame) -> tuple[str, Estimate]:
    """Return whence it can be told, and how many times as likely the silent leave as those who told of one as bad."""
    for way, followed in ((LOGGED, after), (SURVEY, answers)):
        with suppress(UntoldError):
            if (hazard := hazard_ratio(followed, SILENT, TOLD, same_severity=True)).is_known:
                return way, hazard
    raise UntoldError(
        "Logged incidents or survey answers on problems, more of them, and subscriptions with their ends would tell."
    )


def by_tickets(answers: pd.DataFrame) -> tuple[Estimate, Estimate]:
    """Return the share of those who say they told with a ticket as bad, and the ratio if the ticket counts instead."""
    as_bad = [(answers["severity"] == rank) & (answers[f"complaints_{name}"] > 0) for rank, name in RANKS.items()]
    found = (answers["complaints_unrated"] > 0) | np.any(as_bad, axis=0)
    untold(MARKED, found.any())
    told, problems = answers[answers["group"] == TOLD], answers[answers["is_problem"]]
    return _part(found[told.index]), ratio_of(share(problems, found[problems.index]))


def _part(yes: pd.Series) -> Estimate:
    return estimated(proportion(yes.sum(), len(yes)), len(yes), "share", "Wilson")


def remembered(answers: pd.DataFrame) -> dict[int, Estimate]:
    """Return by severity how many of the problems that systems logged and customers noticed the survey brings back."""
    incident, reports = _worst(answers, "incidents"), answers["severity"] > 0
    untold("Logged incidents that say whether the customer noticed would tell how many are forgotten.", incident.any())
    # as many as report one without any sign of it would have reported another anyway
    ordinary = _part(reports[_worst(answers, "complaints", "incidents") == 0])
    return {rank: beyond(_part(reports[incident == rank]), ordinary, "put together from Wilson's") for rank in RANKS}


def with_the_forgotten(answers: pd.DataFrame) -> Estimate:
    """Return the ratio of all problems if those forgotten count as well, each told as often as one remembered."""
    recall = {rank: max(one.value, LEAST_RECALL) for rank, one in remembered(answers).items() if one.is_known}
    return ratio(answers.assign(weight=answers["weight"] / answers["severity"].map(recall).fillna(1.0)))


def planned(ratio: Estimate | float, problems: int) -> Estimate:
    """Return the ratio and the limits to expect from so many problems, complaints rounded to whole ones."""
    share = _share_that_tells(ratio)
    found = proportion(np.round(share * problems), problems)._replace(value=np.array(share))
    return ratio_of(estimated(found, problems, "share", "Wilson, planned"))


def problems_needed(ratio: Estimate | float, within: float) -> Estimate:
    """Return how many problems pin the ratio to `within` of it either way."""
    share, numbers = _share_that_tells(ratio), np.unique(np.geomspace(10, 1e6, 2_000).astype(int))
    _, low, high = proportion(share * numbers, numbers)
    odds, factor = odds_against(share), 1 + within
    enough = numbers[((1 - low) / low <= odds * factor) & ((1 - high) / high >= odds / factor)]
    if not len(enough):
        return Estimate.unknown(0, "")
    least = float(enough[0])
    return Estimate(least, least, least, int(least), "", EXACT)


def _share_that_tells(ratio: Estimate | float) -> float:
    """Return the share that told, from silent people per one who did; NaN where that is not known, none or endless."""
    with suppress(UntoldError):
        value = ratio.value if isinstance(ratio, Estimate) else float(ratio)
        return 1 / (1 + value) if 0 < value < 1e6 else np.nan
    return np.nan
