"""For each customer who complains, how many stay silent, and do they leave.

Counted from a survey, from logged incidents and from lists that overlap; what could be wrong with each; and who left.
Pure functions of frames; whatever can be debated is an argument. What no export brings raises UntoldError.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests

from cxlib.errors import MeasureError, UntoldError, untold
from cxlib.estimate import ALPHA, Array, Bools, Estimate, Floats, Interval, Ints, Z, proportion
from cxlib.finding import Quantity, Verdict
from cxlib.models.binary import cluster_variance, hidden_if_few
from cxlib.models.hidden_population import HISTORIES, chao_lower_bound, stratified_chapman, three_lists
from cxlib.models.incidence import OTHER, STILL, WANTED, Durations, durations, incidence, influences
from cxlib.models.nonresponse import (
    effective_size,
    late_responders,
    rake,
    response_chances,
    trimmed,
    weighted_share,
    with_different_silent,
    worst_case,
)
from cxlib.nearest import did_you_mean
from cxlib.tables import TABLES
from cxlib.workbook import Workbook

RANKS = {1: "minor", 2: "moderate", 3: "severe"}
UNIT, EXACT = "silent customers", "full count, no interval"
KINDS = ["time_kind", "tier_kind", "region_kind", "score_kind", "questions_kind"]

LEAST = 5
"""A category with fewer who answered, or did not, is merged with the most frequent; a hazard needs as many who left."""

LEAST_NOTICED = 30
"""With fewer incidents of which the log says that the customer noticed, all incidents are taken."""

LEAST_RECALL = 0.05
"""A problem remembered more rarely than this is not scaled up: one answer would stand for too many."""

MARKED = "Tickets that are marked as complaints (tickets.is_complaint) would tell."
ENDS = "Subscriptions with their ends would tell who has left since."

RANK = "CASE severity WHEN 'minor' THEN 1 WHEN 'moderate' THEN 2 WHEN 'severe' THEN 3 END"
COMPLAINT = "is_complaint AND NOT is_outbound"

AROUND = """
WITH $moments,
signs AS (
    SELECT customer_id, created_at AS seen_at, severity, 'written' AS source,
        coalesce(is_complaint, FALSE) AS is_complaint, coalesce(is_outbound, FALSE) AS is_outbound
    FROM tickets
    UNION ALL
    SELECT customer_id, occurred_at, severity, 'logged', FALSE, FALSE FROM incidents WHERE noticed
),
near AS (
    SELECT m.$id, $counts
    FROM moments AS m LEFT JOIN signs AS s ON s.customer_id = m.customer_id AND $reach
    GROUP BY m.$id
)
SELECT m.*, $names, c.region, c.tier, c.$segment AS part, c.created_at AS known_since,
    p.started_at IS NOT NULL AS is_customer, date_diff('day', p.started_at, m.$at) AS tenure_days,
    CASE WHEN p.ended_at < $cut THEN p.ended_at END AS ended_at,
    CASE WHEN p.ended_at < $cut THEN p.end_reason END AS end_reason
FROM moments AS m
INNER JOIN near AS n ON n.$id = m.$id
LEFT JOIN customers AS c ON c.customer_id = m.customer_id
LEFT JOIN customer_spell AS p ON p.customer_id = m.customer_id AND p.started_at <= m.$at
    AND (p.ended_at IS NULL OR p.ended_at > m.$at + INTERVAL $stays DAY)
ORDER BY m.$at, m.$id
"""
"""What is known of the customer at each of some moments, and counts of what was seen around it."""

ASKED = """
answers AS (
    SELECT a.customer_id, a.completed_at, a.survey, coalesce(a.told, '') AS told, i.invite_id IS NOT NULL AS invited,
        coalesce(i.invite_id, a.answer_id) AS asked_id,
        CASE WHEN a.score > 0 THEN coalesce($rank, CAST(a.score AS INTEGER)) ELSE a.score END AS severity
    FROM (
        SELECT *, row_number() OVER (
            PARTITION BY coalesce(invite_id, answer_id) ORDER BY completed_at DESC, answer_id
        ) AS place
        FROM survey_answers WHERE instrument = 'problem' AND completed_at < $cut AND score IS NOT NULL
    ) AS a
    LEFT JOIN survey_invites AS i ON i.invite_id = a.invite_id AND i.sent_at < $cut
    WHERE a.place = 1
),
asked AS (
    SELECT invite_id AS asked_id, customer_id, sent_at, TRUE AS invited
    FROM survey_invites WHERE sent_at < $cut AND survey IN (SELECT survey FROM answers)
    UNION ALL
    SELECT asked_id, customer_id, completed_at, FALSE FROM answers WHERE NOT invited
),
earlier AS (
    SELECT k.asked_id, a.score,
        row_number() OVER (PARTITION BY k.asked_id ORDER BY a.completed_at DESC, a.answer_id) AS place
    FROM asked AS k INNER JOIN survey_answers AS a ON a.customer_id = k.customer_id
        AND a.completed_at < k.sent_at AND a.completed_at > k.sent_at - INTERVAL $year DAY
    WHERE a.instrument = 'nps' AND a.score IS NOT NULL
),
moments AS (
    SELECT k.*, a.completed_at, a.severity, a.told, e.score AS earlier_score
    FROM asked AS k LEFT JOIN answers AS a ON a.asked_id = k.asked_id
    LEFT JOIN earlier AS e ON e.asked_id = k.asked_id AND e.place = 1
)"""

INCIDENTS = """
moments AS (
    SELECT incident_id || ' ' || customer_id AS hit_id, incident_id, customer_id, min(occurred_at) AS occurred_at,
        max($rank) AS severity, max(CASE WHEN noticed THEN 1 WHEN noticed = FALSE THEN 0 END) AS noticed
    FROM incidents WHERE customer_id IS NOT NULL AND occurred_at < $cut - INTERVAL $days DAY
    GROUP BY incident_id, customer_id
)"""

DETRACTORS = """
moments AS (
    SELECT answer_id, invite_id, customer_id, completed_at FROM survey_answers
    WHERE instrument = 'nps' AND score <= 6 AND customer_id IS NOT NULL AND completed_at < $cut
        AND (touchpoint IS NULL OR touchpoint = 'relationship')
)"""

COMPLAINTS = """
SELECT customer_id, count(*) AS complaints FROM tickets
WHERE customer_id IS NOT NULL AND is_complaint AND NOT coalesce(is_outbound, FALSE)
    AND created_at < $cut AND created_at >= $cut - INTERVAL $days DAY
GROUP BY customer_id ORDER BY customer_id
"""


def _around(
    book: Workbook, moments: str, id: str, at: str, counts: Mapping[str, str], **values: object
) -> pd.DataFrame:
    """Return the moments with what is known of their customers, and with counts of the signs within reach of them."""
    each = ", ".join(f"{how} AS {name}" for name, how in counts.items())
    usual = {"segment": "tier", "stays": 0, "names": ", ".join(counts), "counts": each}
    sql = AROUND.replace("$moments", moments).replace("$reach", str(values.pop("reach", BEFORE)))
    return book.frame(sql, **{**usual, "id": id, "at": at, "rank": RANK, **values})


BEFORE = "s.seen_at <= m.$at AND s.seen_at > m.$at - INTERVAL $days DAY"


def asked(book: Workbook, days: int, year: int, segment: str) -> pd.DataFrame:
    """Return one row per person and round of a survey that asks about problems, answered or not.

    `severity` is what was answered (0 none, 1 minor, 2 moderate, 3 severe; NaN without an answer), `told` where the
    person took it; all else is known of everyone asked: tickets and noticed incidents of the `days` before, the last
    recommendation score of the `year` days before, the `part` by `segment`. `invited` is false where no invitation was
    found. `…_kind` are categories of it that hold enough who answered and who did not.
    """
    if segment not in (known := TABLES["customers"].column_names):
        raise MeasureError(f'customers have no "{segment}" to be broken down by{did_you_mean(segment, known)}')
    signs = {"questions": "source = 'written' AND NOT is_complaint", "complaints": COMPLAINT}
    signs["complaints_unrated"] = f"{COMPLAINT} AND s.severity IS NULL"
    for name in RANKS.values():
        signs[f"complaints_{name}"] = f"{COMPLAINT} AND s.severity = '{name}'"
        signs[f"incidents_{name}"] = f"source = 'logged' AND s.severity = '{name}'"
    counts = {name: f"count(*) FILTER (WHERE {when})" for name, when in signs.items()}
    frame = _around(book, ASKED, "asked_id", "sent_at", counts, days=days, year=year, segment=segment)
    untold(
        "A survey of all customers, those lately lost included, would tell: did you have a problem in the last three "
        "months, how bad was it, and did you tell the company (survey_answers with the instrument problem, score and "
        "told).",
        len(frame),
    )
    return in_kinds(frame.astype({"severity": float}))


def in_kinds(asked: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with what is known of everyone in categories."""
    kinds = {
        "time": _tenure(asked).where(asked["is_customer"], "former"),
        "tier": asked["tier"],
        "region": asked["region"],
        "score": pd.cut(asked["earlier_score"].astype(float), [-1, 6, 8, 10], labels=["low", "middle", "high"]),
        "questions": asked["questions"].clip(upper=3),
    }
    return asked.assign(**{f"{name}_kind": _merged(kind, asked["severity"].notna()) for name, kind in kinds.items()})


def _tenure(rows: pd.DataFrame) -> pd.Series:
    return pd.cut(rows["tenure_days"].astype(float), [-1, 365, 1095, np.inf], labels=["1", "3", "more"]).astype(object)


def _merged(values: pd.Series, answered: pd.Series) -> pd.Categorical:
    """Return categories, those with too few answers or refusals merged with the most frequent."""
    kind = values.astype(object).where(values.notna(), "unknown")
    counts = pd.DataFrame({"yes": answered, "no": ~answered}).groupby(kind, sort=False).sum()
    few, most = counts < LEAST, counts.sum(axis=1).idxmax()
    rare = few["yes"] | (few["no"] & bool((~answered).any()))
    names = counts.index[~rare | (counts.index == most)]
    return pd.Categorical(kind.mask(kind.map(rare), most), categories=names)


def incidents(book: Workbook, days: int, controls: Sequence[int]) -> pd.DataFrame:
    """Return one row per customer and incident that was over for so many `days` at the cut.

    `after` says whether a complaint (where these are not marked, any ticket) followed within these days; `control_28` …
    whether one came in as many ordinary days that began so long before, NaN where the customer was not one yet.
    `is_customer` is of the whole time until the days were over.
    """
    counted = "source = 'written' AND NOT is_outbound" if book.lacks("tickets.is_complaint") else COMPLAINT
    counts = {
        name: f"max(CASE WHEN {counted} AND s.seen_at >= m.occurred_at + INTERVAL ({shift}) DAY "
        f"AND s.seen_at < m.occurred_at + INTERVAL ({shift + days}) DAY THEN 1 ELSE 0 END)"
        for name, shift in ({"after": 0} | {f"control_{back}": -back for back in controls}).items()
    }
    reach = f"s.seen_at >= m.$at - INTERVAL {max(controls)} DAY AND s.seen_at < m.$at + INTERVAL $days DAY"
    frame = _around(book, INCIDENTS, "hit_id", "occurred_at", counts, reach=reach, days=days, stays=days)
    untold(
        "Incidents that the company's own systems log (incidents), and tickets by customer, would tell without asking.",
        len(frame),
        not book.lacks("tickets"),
    )
    for back in controls:
        too_early = frame["known_since"] > frame["occurred_at"] - pd.Timedelta(days=back)
        frame[f"control_{back}"] = frame[f"control_{back}"].mask(too_early)
    return frame


def complaints(book: Workbook, days: int) -> pd.DataFrame:
    """Return one row per customer with a complaint in the `days` before the cut, and how many."""
    untold(MARKED, not book.lacks("tickets.is_complaint"))
    return book.frame(COMPLAINTS, days=days)


def detractors(book: Workbook, days: int) -> pd.DataFrame:
    """Return one row per answer of 0 to 6 to the recommendation question, and the complaints of the `days` before.

    Surveys sent after a particular contact are left out: to be asked, one must have written.
    """
    untold(MARKED, not book.lacks("tickets.is_complaint"))
    counts = {"complaints": f"count(*) FILTER (WHERE {COMPLAINT})"}
    return _around(book, DETRACTORS, "answer_id", "completed_at", counts, days=days)


def odds_against(share: float) -> float:
    """Return silent people per one who told, from the share that told: (1 - p) / p, which falls as p rises."""
    return np.inf if share <= 1e-12 else (1 - share) / share


def _estimate(ends: Array, n: int, unit: str, method: str, *flags: str) -> Estimate:
    """Return an Estimate of (value, low, high), hidden if it rests on few."""
    value, low, high = np.ravel(ends).tolist()
    made = hidden_if_few(Estimate(value, low, high, n, unit, method, flags))
    return made if n else Estimate.unknown(0, unit, method)


def ratio_of(share: Estimate, *flags: str) -> Estimate:
    """Return silent people per one who told, from the share that told."""
    value, low, high = (odds_against(end) for end in (share.value, share.high, share.low))
    endless = ("not-reached",) if np.isinf(value) else ()
    return Estimate(value, low, high, share.n, UNIT, share.method, (*share.flags, *flags, *endless))


def over(one: Array, other: Array) -> Floats:
    """Return one number over another, both as (value, low, high), with the limits put together on the log scale.

    The method of variance estimates recovery: Zou and Donner (2008), Statistics in Medicine 27.
    """
    (a, a_low, a_high), (b, b_low, b_high) = np.log(one), np.log(other)
    ends = (0.0, -np.hypot(a - a_low, b_high - b), np.hypot(a_high - a, b - b_low))
    return np.asarray(np.exp(a - b + np.array(ends)), float)


def times_as_many(one: Estimate, other: Estimate) -> Estimate:
    """Return one ratio over another; not known where either, or a limit, is none or without end."""
    first, second = ((estimate.value, estimate.low, estimate.high) for estimate in (one, other))
    n, method = min(one.n, other.n), "limits put together on the log scale"
    if not (np.isfinite([first, second]).all() and min(*first, *second) > 0):
        return Estimate.unknown(n, "ratio", method)
    return _estimate(over(first, second), n, "ratio", method)


def beyond(after: Interval, ordinary: Interval) -> Interval:
    """Return the share that an event adds to an ordinary one, the two being independent: 1 - (1 - a) / (1 - b)."""
    none, usual = (1 - np.minimum([part.value[0], part.high[0], part.low[0]], 1 - 1e-9) for part in (after, ordinary))
    value, high, low = np.maximum(1 - over(none, usual), 0.0)[:, None]
    return Interval(value, low, high)


def knows_who_was_asked(asked: pd.DataFrame) -> bool:
    """Return whether most of the answers came upon an invitation that is known, and not everybody answered."""
    return bool(asked["invited"].mean() > 0.5) and bool(asked["severity"].isna().any())


def needs_invitations(asked: pd.DataFrame) -> None:
    """Raise UntoldError where it is not known who was asked and did not answer."""
    untold(
        "The list of all who were invited to the survey (survey_invites) would tell; without it the answers stand for "
        "those who answered.",
        knows_who_was_asked(asked),
    )


def weighed(asked: pd.DataFrame, most: float) -> pd.DataFrame:
    """Return the answers, with weights that make them stand for everyone asked.

    `heard` is whether the company was told, `is_problem` whether a problem is named and where it was taken. `plain` is
    one; `raked` brings time, tier and region to the shares of everyone asked; `by_frame` is one over the chance of
    answering, given all that is known of everyone; `weight` is one over that chance given what became of the worst
    problem, too. Weights are cut at `most` medians. Where it is not known who was asked, all but `plain` and `weight`,
    which is one, are missing.
    """
    answered = asked["severity"].notna().to_numpy()
    answers = asked[answered].reset_index(drop=True).astype({"severity": int})
    heard, named = answers["told"] == "company", answers["severity"] > 0
    answers = answers.assign(heard=heard, is_problem=named & (answers["told"] != ""), plain=1.0, weight=1.0)
    if not knows_who_was_asked(asked):
        return answers
    complained, known = _worst(asked, "complaints"), _worst(asked, "complaints", "incidents")
    reported = np.maximum(answers["severity"].to_numpy(), known[answered])
    silent = (reported > 0) & ~heard.to_numpy() & (complained[answered] == 0)
    nobody = np.zeros(len(asked), bool)
    usual = _chances(asked, complained, complained[answered], nobody, nobody[answered])
    used = _chances(asked, known, reported, (known > 0) & (complained == 0), silent)
    codes = [asked[kind].cat.codes.to_numpy() for kind in KINDS[:3]]
    margins = [(code[answered], np.bincount(code)) for code in codes]
    for name, start in (("raked", np.ones(len(answers))), ("by_frame", 1 / usual), ("weight", 1 / used)):
        answers[name] = trimmed(start, most)
        with suppress(MeasureError):
            answers[name] = rake(answers[name], margins)
    return answers


def _worst(rows: pd.DataFrame, *sources: str) -> Ints:
    """Return the worst severity of which there is any sign, 0 where there is none."""
    worst = np.zeros(len(rows), np.intp)
    for rank, name in RANKS.items():
        worst[(rows[[f"{source}_{name}" for source in sources]] > 0).any(axis=1)] = rank
    return worst


def _chances(asked: pd.DataFrame, known: Ints, reported: Ints, known_silent: Bools, silent: Bools) -> Floats:
    """Return each answer's chance of being given, by what is known of everyone and what became of the problem."""
    answered = asked["severity"].notna().to_numpy()
    kinds, fates = pd.get_dummies(asked[KINDS], drop_first=True).to_numpy(float), _fates(known, known_silent)
    enough = np.array([np.bincount(answered[fate], minlength=2).min() >= LEAST for fate in fates.T])
    rare = np.flatnonzero(~enough[3:]) + 1
    everyone = [kinds, fates[:, enough], known_silent & np.isin(known, rare)]
    mine = [kinds[answered], _fates(reported, silent)[:, enough], silent & np.isin(reported, rare)]
    return response_chances(np.column_stack(everyone), answered, np.column_stack(mine))


def _fates(rank: Ints, silent: Bools) -> Bools:
    """Return in six columns who had a problem of each severity, and who did not tell of it."""
    at = rank[:, None] == np.array(list(RANKS))
    return np.column_stack([at, silent[:, None] & at])


def share(answers: pd.DataFrame, yes: Array, by: str = "weight") -> Estimate:
    """Return a weighted share of some answers, those of the same customer taken together."""
    people = answers["customer_id"].astype(str)
    return _estimate(weighted_share(yes, answers[by], people), len(answers), "share", "weighted, Wilson")


def ratio(answers: pd.DataFrame, *ranks: int, by: str = "weight") -> Estimate:
    """Return silent customers per one who told, of problems of all severities or of some; `by` names the weights."""
    mine = answers[answers["is_problem"] & answers["severity"].isin(ranks or RANKS)]
    return ratio_of(share(mine, mine["heard"], by))


def hidden(asked: pd.DataFrame, answers: pd.DataFrame, days: int, by: str = "weight") -> Estimate:
    """Return how many had a problem and did not tell the company, of all who were asked in the last `days`."""
    needs_invitations(asked)
    begin = asked["sent_at"].max() - pd.Timedelta(days=days)
    mine = answers[(answers["sent_at"] > begin) & ((answers["severity"] == 0) | answers["is_problem"])]
    found = share(mine, (mine["severity"] > 0) & ~mine["heard"], by)
    ends = np.array([found.value, found.low, found.high]) * asked.loc[asked["sent_at"] > begin, "customer_id"].nunique()
    return _estimate(ends, found.n, "customers", "weighted share of all asked, Wilson")


def late(answers: pd.DataFrame) -> Estimate:
    """Return how much more of the late answers than of the early ones had told, among those with a problem."""
    mine = answers[answers["is_problem"]]
    slope = late_responders(mine["heard"], (mine["completed_at"] - mine["sent_at"]).dt.total_seconds(), mine["weight"])
    untold("More answers of customers with a problem would tell.", np.isfinite(slope[0]))
    return Estimate(*slope, len(mine), "share difference", "weighted line, sandwich")


def worth(answers: pd.DataFrame, by: str) -> int:
    """Return how many equally weighted answers would say as much."""
    return round(effective_size(answers[by]))


def at_worst(asked: pd.DataFrame, problems: pd.DataFrame) -> tuple[Quantity, Quantity]:
    """Return the lowest and the highest ratio that any behaviour of those who did not answer would allow."""
    needs_invitations(asked)
    told, silent = (float((problems["heard"] == heard).sum()) for heard in (True, False))
    low, high = worst_case(told, silent, float(asked["severity"].isna().sum()))
    return Quantity(odds_against(high), UNIT), Quantity(odds_against(low), UNIT)


def if_others_tell(asked: pd.DataFrame, answers: pd.DataFrame, times: float) -> Estimate:
    """Return the ratio if those who did not answer tell `times` as often; where nobody knows how many, its floor."""
    now, answered = ratio(answers), float(asked["severity"].notna().mean())
    if not (knows_who_was_asked(asked) and now.is_known):
        least = now.value if now.is_known else now.low
        return Estimate(np.inf, least, np.inf, now.n, UNIT, "", ("not-reached",))
    value = odds_against(float(with_different_silent(1 / (1 + now.value), answered, times)))
    return Estimate(value, value, value, now.n, UNIT, EXACT)


def knows_who_noticed(incidents: pd.DataFrame) -> bool:
    """Return whether the log says often enough who noticed."""
    return int((incidents["noticed"] == 1).sum()) >= LEAST_NOTICED


def noticed(incidents: pd.DataFrame) -> pd.DataFrame:
    """Return the incidents noticed for certain; where those are too few, all but those certainly not noticed."""
    said = incidents["noticed"].astype(float)
    return incidents[said == 1 if knows_who_noticed(incidents) else said != 0].reset_index(drop=True)


def of_incidents(incidents: pd.DataFrame, rank: int) -> Estimate:
    """Return silent customers per complaint among those hit by a logged incident of one severity.

    The share with a complaint soon after, less what as many ordinary days of the same customers bring.
    """
    rows = noticed(incidents)
    rows = rows[rows["severity"] == rank]
    after = weighted_share(rows["after"], np.ones(len(rows)), rows["customer_id"])
    controls = [name for name in rows.columns if name.startswith("control_")]
    weeks = rows.melt("customer_id", controls, value_name="complained").dropna(subset="complained")
    ordinary = weighted_share(weeks["complained"], np.ones(len(weeks)), weeks["customer_id"])
    if weeks.empty:
        ordinary = Interval(*np.zeros((3, 1)))
    found = _estimate(beyond(after, ordinary), len(rows), "share", "complaints soon after, beyond ordinary days")
    return ratio_of(found, *(() if knows_who_noticed(incidents) else ("upper-bound",)))


def of_lists(asked: pd.DataFrame, rank: int, three: bool = False) -> Estimate:
    """Return silent per told problems of one severity from lists of the people who had one, at each round.

    Lists are complaint tickets, survey answers that report it and, of three, incidents that were noticed; of two lists
    people of one tier are taken to be as likely on a list. Limits are widened by the chance in who told: those of the
    size alone are for the people there happened to be.
    """
    name, everyone, complained = RANKS[rank], len(asked), float(asked["complaints"].sum())
    untold(MARKED, complained)
    on = np.column_stack([asked[f"complaints_{name}"] > 0, asked["severity"] == rank, asked[f"incidents_{name}"] > 0])
    method = "log-linear, profile likelihood" if three else "stratified Chapman, log-normal"
    unknown, rated = Estimate.unknown(0, UNIT, method), complained - float(asked["complaints_unrated"].sum())
    told = float(on[:, 0].sum()) * (complained / rated if rated else 1.0)
    if told == 0 or (three and not on.any(axis=0).all()):
        return unknown
    try:
        if three:
            size = three_lists({seen: int((on == np.array(seen, bool)).all(axis=1).sum()) for seen in HISTORIES})
        else:
            both = pd.DataFrame({"first": on[:, 0], "second": on[:, 1], "both": on[:, 0] & on[:, 1]})
            sums = both.groupby(asked["tier_kind"].to_numpy()).sum()
            size = stratified_chapman([(int(one), int(two), int(both)) for one, two, both in sums.to_numpy()])
    except MeasureError:  # too little overlap
        return unknown
    if np.isnan(size.value):
        return unknown
    shares = np.array([size.value, size.low, size.high]) / everyone
    rates = -np.log1p(-shares, where=shares < 1, out=np.full(3, -np.inf)) / -np.log1p(-min(told / everyone, 1 - 1e-9))
    value, low, high = (float(end) for end in np.maximum(rates - 1, 0.0))
    if value > 0 and size.value > told:
        chance = Z * np.sqrt(1 / told + 1 / (size.value - told))
        down = np.hypot(chance, np.log(value / low)) if low > 0 else np.inf
        low, high = value * float(np.exp(-down)), value * float(np.exp(np.hypot(chance, np.log(high / value))))
    return hidden_if_few(Estimate(value, low, high, int((on[:, 0] & on[:, 1]).sum()), UNIT, method))


SURVEY, LOGGED, TWO, THREE = "survey", "incidents", "two lists", "three lists"


def in_all_ways(asked: pd.DataFrame, answers: pd.DataFrame, incidents: pd.DataFrame, rank: int) -> dict[str, Estimate]:
    """Return silent customers per one who told, at one severity, by each way of counting whose data are there."""
    found: dict[str, Estimate] = {}
    with suppress(UntoldError):
        found[SURVEY] = ratio(answers, rank)
    with suppress(UntoldError):
        found[LOGGED] = of_incidents(incidents, rank)
    with suppress(UntoldError):
        found[TWO] = of_lists(asked, rank)
        found[THREE] = of_lists(asked, rank, three=True) if knows_who_noticed(incidents) else Estimate.unknown(0, UNIT)
    untold("A survey that asks about problems, or incidents that the company's own systems log, would tell.", found)
    return found


Found = Mapping[str, Estimate]
Apart = tuple[Verdict, dict[str, Estimate | str]]
"""Whether chance explains all differences; and the two that differ most: `at`, `one`, `first`, `other`, `second`."""


def _furthest(found: Mapping[str, Found], chance: Callable[[Found, str, str], float], needed: str) -> Apart:
    """Compare numbers two by two, all pairs together by Holm's (1979) correction; endless ones are left out."""
    pairs = []
    for at, each in found.items():
        finite = [name for name, one in each.items() if one.value > 0 < one.low and np.isfinite(one.high)]
        pairs += [(at, *pair) for pair in combinations(sorted(finite, key=lambda name: each[name].value), 2)]
    untold(needed, pairs)
    p = [chance(found[at], one, other) for at, one, other in pairs]
    at, one, other = pairs[int(np.argmin(p))]
    apart: dict[str, Estimate | str] = {"at": at, "one": one, "other": other}
    apart |= {"first": found[at][one], "second": found[at][other]}
    return "not-supported" if multipletests(p, ALPHA, method="holm")[0].any() else "supported", apart


def agreement(ways: Mapping[str, Found]) -> Apart:
    """Compare the ways of counting two by two at each severity; three lists hold the two, so they are left out."""
    found = {
        severity: {way: one for way, one in each.items() if way != THREE and "upper-bound" not in one.flags}
        for severity, each in ways.items()
    }
    needed = (
        "Only one way of counting is possible. Incidents that the company's own systems log, by customer, and tickets "
        "that are marked as complaints would give a second and a third way."
    )
    return _furthest(found, _chance_of_ways, needed)


def _chance_of_ways(found: Found, low: str, high: str) -> float:
    """Return the probability of a difference as large if both ways count the same thing.

    Two lists on which the same people tend to be give too low a ratio, so only too high a one is against them.
    """
    errors = [np.log(one.high / one.low) / (2 * Z) for one in (found[low], found[high])]
    far = float(stats.norm.sf(np.log(found[high].value / found[low].value) / np.hypot(*errors)))
    return 1.0 if low == TWO else far if high == TWO else 2 * far


def parts(answers: pd.DataFrame, segment: str) -> Apart:
    """Compare the parts of a breakdown two by two, each pair at the same severity (Mantel and Haenszel 1959)."""
    problems = answers[answers["is_problem"]]

    def chance(_: Found, one: str, other: str) -> float:
        both = problems[problems["part"].isin([one, other])]
        each = [pd.crosstab(mine["part"], mine["heard"]).to_numpy() for _, mine in both.groupby("severity")]
        tables = [table for table in each if table.shape == (2, 2)]
        return float(StratifiedTable(tables).test_null_odds().pvalue) if tables else 1.0

    found = {segment: {str(part): ratio(mine) for part, mine in problems.groupby("part")}}
    return _furthest(found, chance, "Answers from two parts of the customers, enough of each, would tell.")


def floor_of_complaints(complaints: pd.DataFrame) -> Estimate:
    """Return the least number of silent customers per complainer, from how often customers complained."""
    times, method = complaints["complaints"], "Chao's lower bound"
    seen = len(times)
    untold("A complaint of a customer would tell.", seen)
    size = chao_lower_bound(int((times == 1).sum()), int((times == 2).sum()), seen)
    return _estimate(np.array([size.value, size.low, size.high]) / seen - 1, seen, UNIT, method, "floor")


def of_detractors(detractors: pd.DataFrame, answers: pd.DataFrame) -> Estimate:
    """Return detractors without a complaint per detractor with one, weighted as their answers to the survey are."""
    rows = detractors.assign(weight=1.0)
    with suppress(UntoldError):
        weights = answers.set_index("asked_id")["weight"]
        rows["weight"] = rows["invite_id"].map(weights / weights.mean()).fillna(1.0)
    return ratio_of(share(rows, rows["complaints"] > 0))


NONE, TOLD, SILENT = "no problem", "told the company", "silent"


def after_answers(answers: pd.DataFrame, cut: datetime, longest: int) -> pd.DataFrame:
    """Follow each answer of a customer until the customer left, `longest` days had passed, or the cut.

    Whoever left before could not answer, so no time counts during which nobody could have left.
    """
    rows = answers[(answers["severity"] == 0) | answers["is_problem"]]
    group = np.where(rows["severity"] == 0, NONE, np.where(rows["heard"], TOLD, SILENT))
    return _followed(rows.assign(group=group), rows["completed_at"], cut, longest)


def after_incidents(incidents: pd.DataFrame, days: int, cut: datetime, longest: int) -> pd.DataFrame:
    """Follow each incident that a customer noticed from so many `days` after it, when it is known who complained.

    Customers who left within these days are in neither group: those who complain need time for it (immortal time).
    """
    rows = noticed(incidents)
    kinds = {"tier_kind": rows["tier"], "region_kind": rows["region"], "time_kind": _tenure(rows)}
    named = {name: kind.astype(object).where(kind.notna(), "unknown") for name, kind in kinds.items()}
    known = {name: pd.Categorical(kind, categories=kind.unique()) for name, kind in named.items()}
    rows = rows.assign(group=np.where(rows["after"] > 0, TOLD, SILENT), severity=rows["severity"].fillna(0), **known)
    return _followed(rows, rows["occurred_at"] + pd.Timedelta(days=days), cut, longest)


def _followed(rows: pd.DataFrame, began: pd.Series, cut: datetime, longest: int) -> pd.DataFrame:
    """Return who was a customer when the clock began: `days` followed, and `end` (0 not yet, 1 left, 2 payment)."""
    days = (rows["ended_at"].fillna(pd.Timestamp(cut)) - began).dt.total_seconds() / 86_400
    why = np.where(rows["end_reason"] == "payment", OTHER, WANTED)
    end = np.where(rows["ended_at"].notna() & (days <= longest), why, STILL)
    followed = rows.assign(days=days.clip(upper=longest), end=end)[rows["is_customer"] & ~(rows["ended_at"] <= began)]
    untold(ENDS, len(followed))
    return followed.reset_index(drop=True)


def _cases(followed: pd.DataFrame, group: str) -> Durations:
    mine = followed[followed["group"] == group]
    return durations(mine["days"], mine["end"], mine["customer_id"].astype(str))


def left(followed: pd.DataFrame, days: float, group: str, less: str = "") -> Estimate:
    """Return the share of a group that has left by so many days, or how much larger it is than of another.

    A customer may be in both groups, at two times.
    """
    if not less:
        return incidence(_cases(followed, group), [days])[0]
    cases = [_cases(followed, name) for name in (group, less)]
    n, unit, method = min(len(part.time) for part in cases), "share difference", "Aalen-Johansen, clustered"
    if n == 0 or any(part.time.max() < days for part in cases):
        return Estimate.unknown(n, unit, method)
    (first, a), (second, b) = (influences(part, [days]) for part in cases)
    each, whom = np.concatenate([a[:, 0], -b[:, 0]]), np.concatenate([part.cluster for part in cases])
    gap, half = float(first[0] - second[0]), Z * float(np.sqrt(cluster_variance(each, whom)))
    return hidden_if_few(Estimate(gap, gap - half, gap + half, n, unit, method))


def left_by(rows: Mapping[str, tuple[pd.DataFrame, *tuple[str, ...]]], days: Sequence[int]) -> pd.DataFrame:
    """Return by label what `left` gives of (followed, group) or (followed, group, less), for each number of days."""
    found = {}
    for label, (followed, *groups) in rows.items():
        with suppress(UntoldError):
            found[label] = [left(followed, day, *groups) for day in days]
    untold(ENDS, found)
    return pd.DataFrame.from_dict(found, orient="index")


def hazard_ratio(followed: pd.DataFrame, one: str, other: str, same_severity: bool = False) -> Estimate:
    """Return how many times as likely a customer of one group is to leave at any moment as one of the other.

    Cox's (1972) model with tier, region and time as a customer held equal, and the severity where asked; standard
    errors respect that a customer may be there more than once (Lin and Wei 1989).
    """
    rows = followed[followed["group"].isin([one, other])]
    unknown = Estimate.unknown(len(rows), "ratio", "Cox, robust, clustered by customer")
    gone = rows[rows["end"] == WANTED]
    if min((gone["group"] == name).sum() for name in (one, other)) < LEAST:
        return unknown
    rows = rows[rows["days"] >= gone["days"].min()]  # who was last seen before anybody left compares with nobody
    kinds = ["tier_kind", "region_kind", "time_kind", *(["severity"] if same_severity else [])]
    held = pd.get_dummies(rows[kinds].astype({"severity": "category"} if same_severity else {}), drop_first=True)
    left, design = (rows["end"] == WANTED).to_numpy(), np.column_stack([rows["group"] == one, held]).astype(float)
    with warnings.catch_warnings():
        # a step of the search that overflows is taken back by the search itself; the result is checked below
        warnings.simplefilter("ignore")
        model = PHReg(rows["days"], design[:, _estimable(design, left)], status=left.astype(int), ties="breslow")
        fit = model.fit(groups=pd.factorize(rows["customer_id"])[0], disp=0)
    middle, error = float(fit.params[0]), float(fit.bse[0])
    if not (np.isfinite(middle) and np.isfinite(error)) or abs(middle) > 10:
        return unknown
    ends = np.exp([middle, middle - Z * error, middle + Z * error])
    return _estimate(ends, unknown.n, unknown.unit, unknown.method)


def _estimable(design: Floats, left: Bools) -> Ints:
    """Return the first column, and those others in which somebody left on either side."""
    side = design > 0
    told = np.minimum((side & left[:, None]).sum(axis=0), (~side & left[:, None]).sum(axis=0)) >= 2
    kept = np.append(0, np.flatnonzero(told[1:]) + 1)
    centred = design[:, kept] - design[:, kept].mean(axis=0)
    # a column that the ones before it give already adds nothing of its own
    own = np.abs(np.diag(np.linalg.qr(centred, mode="r")))
    return np.asarray(kept[own > 1e-8 * max(float(own.max(initial=0.0)), 1.0)], np.intp)


def of_like_problems(after: pd.DataFrame, answers: pd.DataFrame) -> tuple[str, Estimate]:
    """Return whence it can be told, and how many times as likely the silent leave as those who told of one as bad."""
    for way, followed in ((LOGGED, after), (SURVEY, answers)):
        with suppress(UntoldError):
            hazard = hazard_ratio(followed, SILENT, TOLD, same_severity=True)
            if hazard.is_known:
                return way, hazard
    raise UntoldError(
        "Logged incidents or survey answers on problems, more of them, and subscriptions with their ends would tell."
    )


def by_tickets(answers: pd.DataFrame) -> tuple[Estimate, Estimate]:
    """Return the share with a complaint ticket as bad, of those who say they told; and the ratio if the ticket counts.

    A ticket of the same severity counts, or one whose severity was not recorded.
    """
    found = answers["complaints_unrated"] > 0
    for rank, name in RANKS.items():
        found |= (answers["severity"] == rank) & (answers[f"complaints_{name}"] > 0)
    untold(MARKED, found.any())
    told = answers["is_problem"] & answers["heard"]
    line = _part(found, told)
    return _estimate(line, int(told.sum()), "share", "Wilson"), ratio(answers.assign(heard=found))


def _part(yes: pd.Series, of: pd.Series) -> Interval:
    return proportion([(yes & of).sum()], [of.sum()])


def remembered(answers: pd.DataFrame) -> dict[int, Estimate]:
    """Return how many of the problems that systems logged and customers noticed the survey brings back, by severity.

    As many as report one without any sign of it are taken away: they would have reported another anyway.
    """
    incident, reports = pd.Series(_worst(answers, "incidents")), answers["severity"] > 0
    untold("Logged incidents that say whether the customer noticed would tell how many are forgotten.", incident.any())
    ordinary = _part(reports, pd.Series(_worst(answers, "complaints", "incidents")) == 0)
    hit = {rank: incident == rank for rank in RANKS}
    method = "put together from Wilson's"
    return {
        rank: _estimate(beyond(_part(reports, of), ordinary), int(of.sum()), "share", method)
        for rank, of in hit.items()
    }


def with_the_forgotten(answers: pd.DataFrame) -> Estimate:
    """Return the ratio of all problems if those forgotten count as well, each told as often as one remembered."""
    recall = {rank: max(one.value, LEAST_RECALL) for rank, one in remembered(answers).items() if one.is_known}
    return ratio(answers.assign(weight=answers["weight"] / answers["severity"].map(recall).fillna(1.0)))


def planned(ratio: Estimate | float, problems: int) -> Estimate:
    """Return the ratio and the limits to expect from so many problems, complaints rounded to whole ones."""
    share = _share_that_tells(ratio)
    if np.isnan(share):
        return Estimate.unknown(problems, UNIT)
    _, low, high = proportion([round(share * problems)], [problems])
    return ratio_of(_estimate([share, low[0], high[0]], problems, "share", "Wilson, planned"))


def problems_needed(ratio: Estimate | float, within: float) -> Estimate:
    """Return how many problems pin the ratio to `within` of it either way."""
    share, factor = _share_that_tells(ratio), 1 + within
    numbers, odds = np.unique(np.geomspace(10, 1e6, 2_000).astype(int)), odds_against(share)
    _, low, high = proportion(share * numbers, numbers)
    pinned = numbers[((1 - low) / low <= odds * factor) & ((1 - high) / high >= odds / factor)]
    if not len(pinned):
        return Estimate.unknown(0, "")
    return Estimate(float(pinned[0]), float(pinned[0]), float(pinned[0]), int(pinned[0]), "", EXACT)


def _share_that_tells(ratio: Estimate | float) -> float:
    """Return the share that told, from silent people per one who did; NaN where that is not known, none or endless."""
    with suppress(UntoldError):
        value = ratio.value if isinstance(ratio, Estimate) else float(ratio)
        return 1 / (1 + value) if 0 < value < 1e6 else np.nan
    return np.nan
