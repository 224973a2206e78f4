"""How many hear of a bad experience, who brings customers, and if feedback is acted upon; `who` is the customer."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cxlib.errors import untold
from cxlib.estimate import Array, Estimate
from cxlib.finding import Quantity, Ruling, Value
from cxlib.models import counts
from cxlib.models.binary import share, share_difference
from cxlib.models.incidence import durations, hazard_ratio, incidence
from cxlib.tables import SEVERITIES
from cxlib.workbook import Workbook

FEWEST = 5
STEPS = (("0", 0, 0), ("1–2", 1, 2), ("3–5", 3, 5), ("6–10", 6, 10), ("11–15", 11, 15), ("16+", 16, np.inf))
UNITS = {"told": "people", "change": "score points difference"}

ANSWERS = """
SELECT coalesce(a.customer_id, a.answer_id) AS who, a.score AS told, a.severity, a.wave, a.survey,
    coalesce(a.question = '$good', FALSE) AS is_good,
    (
        SELECT min(n.score) FROM survey_answers AS n
        WHERE n.invite_id = a.invite_id AND n.instrument = 'nps' AND n.completed_at < $cut
    ) AS score
FROM survey_answers AS a
WHERE a.instrument = 'word_of_mouth' AND a.score IS NOT NULL AND a.completed_at < $cut
    AND coalesce(a.respondent, 'customer') = 'customer'
ORDER BY a.completed_at, a.answer_id
"""
ASKED = """
SELECT coalesce(i.customer_id, i.invite_id) AS who, i.survey,
    coalesce(i.answered_at < $cut, FALSE) OR a.invite_id IS NOT NULL AS is_answered
FROM survey_invites AS i
LEFT JOIN (SELECT DISTINCT invite_id FROM survey_answers WHERE completed_at < $cut) AS a ON a.invite_id = i.invite_id
WHERE i.sent_at < $cut AND coalesce(i.delivered, TRUE)
"""
# answers of the repeated survey where there is one, given while a customer where that is known
REFERRING = """
SELECT a.customer_id AS who, min(r.created_at) IS NOT NULL AS referred, CAST(a.score AS DOUBLE) AS score,
    CASE WHEN a.score >= $happy THEN 'promoter' WHEN a.score > $unhappy THEN 'passive' ELSE 'detractor' END AS kind,
    date_diff('second', a.completed_at, coalesce(min(r.created_at), $cut)) / 86400.0 AS days,
    (
        SELECT max(coalesce(s.ended_at, TIMESTAMP '9999-01-01')) > $cut FROM customer_spell AS s
        WHERE s.customer_id = a.customer_id AND s.started_at < $cut
    ) AS is_customer
FROM survey_answers AS a
LEFT JOIN customers AS r
    ON r.referred_by = a.customer_id AND r.created_at > a.completed_at AND r.created_at < $cut
WHERE a.instrument = 'nps' AND a.customer_id IS NOT NULL AND a.score IS NOT NULL AND a.completed_at < $cut
    AND coalesce(a.respondent, 'customer') = 'customer'
    AND (a.wave <> '' OR NOT EXISTS (SELECT 1 FROM survey_answers WHERE instrument = 'nps' AND wave <> ''))
    AND ($unknown OR EXISTS (
        SELECT 1 FROM customer_spell AS s WHERE s.customer_id = a.customer_id AND s.started_at <= a.completed_at
            AND (s.ended_at IS NULL OR s.ended_at > a.completed_at)
    ))
GROUP BY a.answer_id, a.customer_id, a.score, a.completed_at ORDER BY a.completed_at, a.answer_id
"""
NEW = """
SELECT customer_id AS who, referred_by IS NOT NULL AS named, lower(acquisition_channel) LIKE '%referral%' AS channel
FROM customers
WHERE created_at < $cut AND created_at >= (SELECT min(created_at) FROM customers WHERE referred_by IS NOT NULL)
"""
LOOP = """
WITH answers AS (
    SELECT answer_id, customer_id AS who, score, completed_at, may_contact,
        lead(score) OVER (PARTITION BY customer_id, survey ORDER BY completed_at, answer_id) - score AS change
    FROM survey_answers
    WHERE instrument = 'nps' AND customer_id IS NOT NULL AND score IS NOT NULL AND completed_at < $cut
        AND coalesce(respondent, 'customer') = 'customer'
), around AS (
    SELECT a.*, w.arm = 'control' AS by_lot, w.assigned_at > a.completed_at AS after,
        w.assigned_at <= a.completed_at + INTERVAL $hours HOUR AS promptly,
        w.delivered_at < $cut AND w.delivered_at <= a.completed_at + INTERVAL $hours HOUR AS done
    FROM answers AS a
    LEFT JOIN interventions AS w ON w.customer_id = a.who AND w.kind = 'follow_up' AND w.assigned_at < $cut
        AND w.assigned_at > a.completed_at - INTERVAL $hours HOUR
        AND w.assigned_at <= a.completed_at + INTERVAL $days DAY
)
SELECT answer_id, who, score, change, may_contact,
    completed_at + INTERVAL $hours HOUR <= $cut AND score <= $unhappy AS is_due,
    count(*) FILTER (WHERE NOT by_lot AND after AND promptly) > 0 AS in_time,
    count(*) FILTER (WHERE NOT by_lot AND after AND done) > 0 AS done_in_time,
    count(*) FILTER (WHERE NOT by_lot AND after) > 0 AS soon,
    count(*) FILTER (WHERE by_lot AND after) > 0 AS held_out,
    count(*) FILTER (WHERE NOT by_lot AND NOT after) > 0 AS before
FROM around
GROUP BY answer_id, who, score, change, may_contact, completed_at ORDER BY who, completed_at, answer_id
"""

REFERRALS = "Which customer brought which would tell, together with answers to the recommendation question."
FOLLOW_UPS = "A list of follow-ups with customer and time would tell, together with answers that name the customer."


def part(rows: pd.DataFrame, yes: Array) -> Estimate:
    """Return the share of the rows for which something holds."""
    return share(yes, rows["who"])


def mean(rows: pd.DataFrame, of: str = "told") -> Estimate:
    """Return how many people were told on average, or the mean `change` of the score."""
    return counts.mean(rows[of], rows["who"], UNITS[of])


def more(first: pd.DataFrame, second: pd.DataFrame, of: str = "told") -> Estimate:
    """Return how much larger the mean of the first rows is."""
    return counts.mean_difference(first[of], second[of], first["who"], second["who"], UNITS[of])


def read_told(book: Workbook, good: str) -> pd.DataFrame:
    """Return what customers say of how many people they told: `who, told, severity, wave, survey, score, is_good`.

    One row per answer up to the cut; `score` is the recommendation score given with the same invitation, and `good`
    the value of `question` that marks a good experience.
    """
    rows = book.frame(ANSWERS, good=good)
    untold(
        "A survey question would tell: after a bad experience, how many people did you tell? It is mapped as "
        "instrument word_of_mouth, with the number as score.",
        len(rows),
    )
    return rows.astype({"told": float, "is_good": bool})


def by_severity(bad: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the answers by how bad the problem was; all as "any" where too few say it."""
    parts = {name: bad[bad["severity"] == name] for name in SEVERITIES}
    return {name: rows for name, rows in parts.items() if len(rows) >= FEWEST} or {"any": bad}


def by_wave(bad: pd.DataFrame) -> dict[str, Estimate]:
    """Return the average by round of the survey; untold with fewer than two."""
    found = {str(wave): mean(rows) for wave, rows in bad.groupby("wave")}
    untold("A survey that is asked again would tell.", len(found) >= 2)
    return found


def told_so_many(groups: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the share of each group that told so many people: `group, label, value, low, high, n`."""
    return pd.DataFrame(
        {"group": group, "label": step, **vars(part(rows, rows["told"].between(low, high)))}
        for group, rows in groups.items()
        for step, low, high in STEPS
    )


def more_when_worse(bad: pd.DataFrame, unhappy: int) -> tuple[Estimate, str, str]:
    """Return how many more hear of the worst kind than of the mildest (else "unhappy" and "others"), and both kinds."""
    parts = by_severity(bad)
    if len(parts) < 2:
        parts = {"others": bad[bad["score"] > unhappy], "unhappy": bad[bad["score"] <= unhappy]}
    mild, *_, worst = parts
    found = more(parts[worst], parts[mild])
    needed = "How bad the problem was would tell, asked together with how many people were told."
    untold(needed, found.is_known and np.isfinite(found.low))
    return found, mild, worst


def who_never_tell(bad: pd.DataFrame) -> tuple[Ruling, dict[str, Value]]:
    """Return whether some people never tell: a zero-inflated negative binomial fits better (Lambert 1992)."""
    nobody, (never, expected) = part(bad, bad["told"] == 0), counts.zeros(np.rint(bad["told"]))
    untold("More answers would tell, some of them larger than one.", np.isfinite(expected), nobody.is_known)
    values: dict[str, Value] = {"nobody": nobody, "expected": Quantity(expected, "share")}
    if not never.is_known:
        return Ruling("not-supported"), values
    return Ruling("supported"), {**values, "never": never}


def without_the_largest(bad: pd.DataFrame) -> tuple[int, Estimate]:
    """Return the largest answer, and the average without it."""
    untold("More answers would tell.", len(bad) >= FEWEST, bad["told"].sum() > 0)
    return int(bad["told"].max()), mean(bad.drop(index=bad["told"].idxmax()))


def response(book: Workbook, answers: pd.DataFrame) -> Estimate:
    """Return the share of those invited to the surveys of some answers who answered."""
    asked = book.frame(ASKED)
    asked = asked[asked["survey"].isin(answers["survey"].dropna())]
    untold("An export of invitations would tell whom the answers speak for.", len(asked))
    return part(asked, asked["is_answered"].astype(bool))


def read_referring(book: Workbook, unhappy: int, happy: int) -> pd.DataFrame:
    """Return one row per answer to the recommendation question: `who, score, kind, days, referred, is_customer`.

    `kind` is "promoter", "passive" or "detractor"; `days` run from the answer to the first customer that this one
    brought, or to the cut, at which it is asked who is a customer (empty where that is not known).
    """
    columns = ("customers.referred_by", "customers.created_at", "survey_answers.customer_id", "survey_answers.score")
    untold(REFERRALS, not book.lacks(*columns))
    unknown = "TRUE" if book.lacks("subscriptions.started_at") else "FALSE"
    return book.frame(REFERRING, unknown=unknown, unhappy=unhappy, happy=happy)


def brought(referring: pd.DataFrame, kind: str, days: Array) -> dict[float, Estimate]:
    """Return the share of a kind that brought a customer by some days after the answer (Kaplan and Meier)."""
    mine = referring[referring["kind"] == kind]
    return incidence(durations(mine["days"], mine["referred"].astype(int), mine["who"]), days)


def brought_by_score(referring: pd.DataFrame, days: int, beyond: float) -> tuple[Estimate, Estimate]:
    """Return how much likelier each point of the score makes bringing another, and above `beyond` over below."""
    score, late = referring["score"], referring["days"] > days
    ended = (referring["referred"].astype(bool) & ~late).astype(int)
    untold("More customers who brought others would tell.", ended.sum() >= FEWEST)
    cases = durations(referring["days"].clip(upper=days), ended, referring["who"])
    above = (score - beyond).clip(lower=0)
    none = pd.DataFrame(index=referring.index)
    return hazard_ratio(score, none, cases), hazard_ratio(above, none.assign(score=score), cases)


def brought_over_time(referring: pd.DataFrame, kind: str, days: int) -> dict[float, Estimate]:
    """Return the share that brought a customer by days since the answer."""
    untold("More answers to the recommendation question would tell.", (referring["kind"] == kind).sum() >= FEWEST)
    return brought(referring, kind, np.linspace(0.0, days, 53))


def won_by_referral(book: Workbook) -> tuple[Estimate, Estimate | None]:
    """Return the share of new customers whose referrer is named, and of those whose channel says so."""
    untold(REFERRALS, not book.lacks("customers.referred_by", "customers.created_at"))
    rows = book.frame(NEW)
    untold("Customers who name the one who brought them would tell.", len(rows) >= FEWEST)
    said = part(rows, rows["channel"].fillna(False).astype(bool)) if rows["channel"].notna().any() else None
    return part(rows, rows["named"]), said


def still_customers(referring: pd.DataFrame, kind: str) -> Estimate:
    """Return the share of those who last answered so that are customers at the end of the month."""
    last = referring[referring["kind"].eq(kind) & ~referring.duplicated("who", keep="last")]
    untold("An export of subscriptions would tell who is still there.", last["is_customer"].notna().any())
    last = last.dropna(subset="is_customer")
    return part(last, last["is_customer"].astype(bool))


def read_loop(book: Workbook, hours: int, days: int, unhappy: int) -> pd.DataFrame:
    """Return the answers to the recommendation question with the follow-ups around them, one row each.

    `is_due` (unhappy, and the hours are over), `in_time` (a follow-up was assigned within them), `done_in_time`,
    `soon`, `held_out` (assigned, or held out by lot, within the days), `before` (assigned in as many hours before),
    `change` (the same customer's next score in the same survey less this). The hold-out of a programme is no follow-up.
    """
    work = ("interventions.assigned_at", "interventions.customer_id", "interventions.kind")
    untold(FOLLOW_UPS, not book.lacks(*work, "survey_answers.customer_id", "survey_answers.score"))
    return book.frame(LOOP, hours=hours, days=days, unhappy=unhappy)


def set_off(due: pd.DataFrame) -> tuple[Estimate, Estimate, Estimate]:
    """Return how much more often follow-ups come after answers than in as many hours before, and both shares."""
    after, before = part(due, due["in_time"]), part(due, due["before"])
    untold("Follow-ups after unhappy answers would tell.", after.is_known and after.value > 0)
    return share_difference(after, before), after, before


def changed(loop: pd.DataFrame, unhappy: int, happy: int) -> dict[str, pd.DataFrame]:
    """Return who answered again, by what the first answer was and what followed."""
    again = loop[loop["change"].notna()]
    low, held_out, soon = again["score"] <= unhappy, again["held_out"], again["soon"]
    return {
        "followed": again[low & ~held_out & soon],
        "held out": again[low & held_out & ~soon],
        "left": again[low & ~held_out & ~soon],
        "happy": again[again["score"] >= happy],
    }
