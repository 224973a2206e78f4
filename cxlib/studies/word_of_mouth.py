"""How many people hear of a bad experience, who brings new customers, and whether feedback is acted upon."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cxlib.errors import untold
from cxlib.estimate import Estimate
from cxlib.finding import Quantity, Ruling, verdict
from cxlib.models import counts
from cxlib.models.binary import share, share_difference
from cxlib.models.incidence import Durations, durations, incidence
from cxlib.tables import SEVERITIES
from cxlib.workbook import Workbook

FEWEST = 5
STEPS = (("0", 0, 0), ("1–2", 1, 2), ("3–5", 3, 5), ("6–10", 6, 10), ("11–15", 11, 15), ("16+", 16, np.inf))

ANSWERS = """
SELECT coalesce(a.customer_id, a.answer_id) AS who, a.score AS told, a.severity, a.wave, a.survey, n.score,
    coalesce(a.question = '$good', FALSE) AS is_good
FROM survey_answers AS a
LEFT JOIN (
    SELECT invite_id, min(score) AS score FROM survey_answers
    WHERE instrument = 'nps' AND invite_id IS NOT NULL AND completed_at < $cut GROUP BY invite_id
) AS n ON n.invite_id = a.invite_id
WHERE a.instrument = 'word_of_mouth' AND a.score IS NOT NULL AND a.completed_at < $cut
    AND coalesce(a.respondent, 'customer') = 'customer'
ORDER BY a.completed_at, a.answer_id
"""
ASKED = """
SELECT coalesce(i.customer_id, i.invite_id) AS who,
    coalesce(i.answered_at < $cut, FALSE) OR a.invite_id IS NOT NULL AS is_answered
FROM survey_invites AS i
LEFT JOIN (SELECT DISTINCT invite_id FROM survey_answers WHERE completed_at < $cut) AS a ON a.invite_id = i.invite_id
WHERE i.survey IN ($surveys) AND i.sent_at < $cut AND coalesce(i.delivered, TRUE)
"""
# answers of the repeated survey where there is one, given while a customer where that is known
REFERRING = """
SELECT a.customer_id, a.score, min(r.created_at) IS NOT NULL AS referred,
    date_diff('second', a.completed_at, coalesce(min(r.created_at), $cut)) / 86400.0 AS days
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
STILL_THERE = """
SELECT customer_id, max(coalesce(ended_at, TIMESTAMP '9999-01-01')) > $cut AS is_customer
FROM customer_spell WHERE started_at < $cut GROUP BY customer_id
"""
NEW = """
SELECT customer_id, referred_by IS NOT NULL AS named, lower(acquisition_channel) LIKE '%referral%' AS channel
FROM customers
WHERE created_at < $cut AND created_at >= (SELECT min(created_at) FROM customers WHERE referred_by IS NOT NULL)
"""
LOOP = """
WITH answers AS (
    SELECT a.answer_id, a.customer_id, a.score, a.completed_at, a.may_contact,
        lead(a.score) OVER (PARTITION BY a.customer_id, a.survey ORDER BY a.completed_at, a.answer_id) AS later
    FROM survey_answers AS a
    WHERE a.instrument = 'nps' AND a.customer_id IS NOT NULL AND a.score IS NOT NULL
        AND a.completed_at < $cut AND coalesce(a.respondent, 'customer') = 'customer'
),

work AS (
    SELECT customer_id, assigned_at, arm = 'control' AS is_held_out,
        CASE WHEN delivered_at < $cut THEN delivered_at END AS delivered_at
    FROM interventions WHERE kind = 'follow_up' AND assigned_at < $cut
)

SELECT a.answer_id, a.customer_id, a.score, a.later, a.may_contact,
    a.completed_at + INTERVAL $hours HOUR <= $cut AND a.score <= $unhappy AS is_due,
    count(CASE WHEN NOT w.is_held_out AND w.assigned_at > a.completed_at
        AND w.assigned_at <= a.completed_at + INTERVAL $hours HOUR THEN 1 END) > 0 AS in_time,
    count(CASE WHEN NOT w.is_held_out AND w.assigned_at > a.completed_at
        AND w.delivered_at <= a.completed_at + INTERVAL $hours HOUR THEN 1 END) > 0 AS done_in_time,
    count(CASE WHEN NOT w.is_held_out AND w.assigned_at > a.completed_at THEN 1 END) > 0 AS soon,
    count(CASE WHEN w.is_held_out AND w.assigned_at > a.completed_at THEN 1 END) > 0 AS held_out,
    count(CASE WHEN NOT w.is_held_out AND w.assigned_at <= a.completed_at
        AND w.assigned_at > a.completed_at - INTERVAL $hours HOUR THEN 1 END) > 0 AS before
FROM answers AS a
LEFT JOIN work AS w
    ON w.customer_id = a.customer_id AND w.assigned_at > a.completed_at - INTERVAL $hours HOUR
    AND w.assigned_at <= a.completed_at + INTERVAL $days DAY
GROUP BY a.answer_id, a.customer_id, a.score, a.later, a.may_contact, a.completed_at
ORDER BY a.customer_id, a.completed_at, a.answer_id
"""

QUESTION = (
    "A survey question would tell: after a bad experience, how many people did you tell? It is mapped as instrument "
    "word_of_mouth, with the number as score."
)
REFERRALS = "Which customer brought which would tell, together with answers to the recommendation question."
FOLLOW_UPS = "A list of follow-ups with customer and time would tell, together with answers that name the customer."


def read_told(book: Workbook, good: str) -> pd.DataFrame:
    """Return what customers say of how many people they told: `who, told, severity, wave, survey, score, is_good`.

    One row per answer up to the cut; `score` is the recommendation score given with the same invitation, and `good`
    the value of `question` that marks a good experience.
    """
    lacking = book.lacks("survey_answers.instrument", "survey_answers.score", "survey_answers.completed_at")
    untold(QUESTION, not lacking)
    rows = book.frame(ANSWERS, good=good)
    untold(QUESTION, len(rows))
    return rows.astype({"told": float, "is_good": bool})


def mean_told(rows: pd.DataFrame) -> Estimate:
    """Return how many people were told on average."""
    return counts.mean(rows["told"], rows["who"])


def middle_told(rows: pd.DataFrame) -> Estimate:
    """Return how many people the one in the middle told; a whole number."""
    return counts.median(rows["told"], rows["who"], unit="")


def top_told(rows: pd.DataFrame) -> Estimate:
    """Return which part of all telling the tenth does that told most."""
    return counts.share_of_top(rows["told"], rows["who"])


def share_telling(rows: pd.DataFrame, low: float, high: float = np.inf) -> Estimate:
    """Return the share that told so many people."""
    return share(rows["told"].between(low, high), rows["who"])


def by_severity(bad: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the answers by how bad the problem was; all as "any" where too few say it."""
    parts = {name: bad[bad["severity"] == name] for name in SEVERITIES}
    return {name: rows for name, rows in parts.items() if len(rows) >= FEWEST} or {"any": bad}


def by_wave(bad: pd.DataFrame) -> dict[str, Estimate]:
    """Return the average by round of the survey; untold with fewer than two."""
    found = {str(wave): mean_told(rows) for wave, rows in bad.groupby("wave", sort=True)}
    untold("A survey that is asked again would tell.", len(found) >= 2)
    return found


def told_so_many(groups: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the share of each group that told so many people: `group, label, value, low, high, n`."""
    rows = [
        {"group": group, "label": step, **vars(share_telling(answers, low, high))}
        for group, answers in groups.items()
        for step, low, high in STEPS
    ]
    return pd.DataFrame(rows)


def more_when_worse(bad: pd.DataFrame, unhappy: int) -> tuple[Estimate, str, str]:
    """Return how many more people are told after the worst kind than after the mildest, and the two kinds.

    By the recommendation score ("unhappy", "others") where it was not asked how bad the problem was.
    """
    parts = by_severity(bad)
    if len(parts) < 2:
        parts = {"others": bad[bad["score"] > unhappy], "unhappy": bad[bad["score"] <= unhappy]}
    (mild, least), (bad_kind, most) = next(iter(parts.items())), list(parts.items())[-1]
    more = more_told(most, least)
    untold(
        "How bad the problem was would tell, asked together with how many people were told.",
        more.is_known and np.isfinite(more.low),
    )
    return more, mild, bad_kind


def more_told(most: pd.DataFrame, least: pd.DataFrame) -> Estimate:
    """Return the difference of two averages."""
    return counts.mean_difference(most["told"], least["told"], most["who"], least["who"], "people")


def who_never_tell(bad: pd.DataFrame) -> tuple[Ruling, dict[str, Any]]:
    """Return whether there are people who never tell, beside those who happened to tell nobody.

    Supported where a zero-inflated negative binomial fits better than a plain one: Lambert (1992), Technometrics 34.
    """
    nobody, (never, expected) = share_telling(bad, 0, 0), counts.zeros(np.rint(bad["told"]))
    untold("More answers would tell, some of them larger than one.", np.isfinite(expected), nobody.is_known)
    values: dict[str, Any] = {"nobody": nobody, "expected": Quantity(expected, "share")}
    if not never.is_known:
        return Ruling("not-supported"), values
    return Ruling("supported"), {**values, "never": never}


def without_the_largest(bad: pd.DataFrame) -> tuple[int, Estimate]:
    """Return the largest answer, and the average without it."""
    untold("More answers would tell.", len(bad) >= FEWEST, bad["told"].sum() > 0)
    return int(bad["told"].max()), mean_told(bad.drop(index=bad["told"].idxmax()))


def response(book: Workbook, answers: pd.DataFrame) -> Estimate:
    """Return the share of those invited to the surveys of some answers who answered."""
    surveys = ", ".join("'" + str(name).replace("'", "''") + "'" for name in answers["survey"].dropna().unique())
    asked = not book.lacks("survey_invites.survey", "survey_invites.sent_at")
    untold("An export of invitations would tell whom the answers speak for.", asked, surveys)
    rows = book.frame(ASKED, surveys=surveys)
    return share(rows["is_answered"].astype(bool), rows["who"])


def read_referring(book: Workbook, unhappy: int, happy: int) -> pd.DataFrame:
    """Return one row per answer to the recommendation question: `customer_id, score, group, days, referred`.

    `days` run from the answer to the first customer that this one brought, or to the cut.
    """
    columns = ("customers.referred_by", "customers.created_at", "survey_answers.customer_id", "survey_answers.score")
    untold(REFERRALS, not book.lacks(*columns))
    rows = book.frame(REFERRING, unknown="TRUE" if book.lacks("subscriptions.started_at") else "FALSE")
    groups = np.select([rows["score"] >= happy, rows["score"] > unhappy], ["promoter", "passive"], "detractor")
    return rows.assign(group=groups)


def _cases(referring: pd.DataFrame, group: str) -> Durations:
    mine = referring[referring["group"] == group]
    return durations(mine["days"], mine["referred"].astype(int), mine["customer_id"])


def brought_by(referring: pd.DataFrame, group: str, days: int) -> Estimate:
    """Return the share of a group that brought a customer within so many days of the answer (Kaplan and Meier)."""
    return incidence(_cases(referring, group), [days])[0]


def brought_over_time(referring: pd.DataFrame, group: str, days: int) -> pd.DataFrame:
    """Return the share that brought a customer by days since the answer: `x, value, low, high`."""
    cases = _cases(referring, group)
    untold("More answers to the recommendation question would tell.", len(cases.time) >= FEWEST)
    x = np.linspace(0.0, days, 53)
    lines = [(one.value, one.low, one.high) for one in incidence(cases, x)]
    return pd.DataFrame(lines, columns=["value", "low", "high"]).assign(x=x)


def apart(first: Estimate, second: Estimate) -> Estimate:
    """Return the difference of two shares (Zou and Donner 2008)."""
    found = share_difference(first, second)
    untold(REFERRALS, found.is_known and np.isfinite(found.low))
    return found


def won_by_referral(book: Workbook) -> tuple[Estimate, Estimate | None]:
    """Return the share of new customers whose referrer is named, and of those whose channel says so."""
    untold(REFERRALS, not book.lacks("customers.referred_by", "customers.created_at"))
    rows = book.frame(NEW)
    untold("Customers who name the one who brought them would tell.", len(rows) >= FEWEST)
    channel = rows["channel"].fillna(False).astype(bool) if rows["channel"].notna().any() else None
    named = share(rows["named"], rows["customer_id"])
    return named, None if channel is None else share(channel, rows["customer_id"])


def still_customers(book: Workbook, referring: pd.DataFrame, group: str) -> Estimate:
    """Return the share of those who last answered so that are customers at the end of the month."""
    untold("An export of subscriptions would tell who is still there.", not book.lacks("subscriptions.started_at"))
    last = referring.drop_duplicates("customer_id", keep="last").merge(book.frame(STILL_THERE), on="customer_id")
    mine = last[last["group"] == group]
    return share(mine["is_customer"], mine["customer_id"])


def read_loop(book: Workbook, hours: int, days: int, unhappy: int) -> pd.DataFrame:
    """Return the answers to the recommendation question with the follow-ups around them, one row each.

    `is_due` (unhappy, and the hours are over), `in_time` (a follow-up was assigned within them), `done_in_time`,
    `soon`, `held_out` (assigned, or held out by lot, within the days), `before` (assigned in as many hours before),
    `later` (the same customer's next score in the same survey). The hold-out of a programme is no follow-up.
    """
    work = ("interventions.assigned_at", "interventions.customer_id", "interventions.kind")
    untold(FOLLOW_UPS, not book.lacks(*work, "survey_answers.customer_id", "survey_answers.score"))
    return book.frame(LOOP, hours=hours, days=days, unhappy=unhappy)


def followed(due: pd.DataFrame, how: str) -> Estimate:
    """Return the share of unhappy answers for which a column such as `in_time` holds."""
    return share(due[how], due["customer_id"])


def set_off(due: pd.DataFrame) -> tuple[Ruling, Estimate, Estimate]:
    """Return whether answers set off follow-ups: assigned after them more often than in as many hours before.

    Two shares of rare events: their intervals put together hold also where one of them is nothing.
    """
    after, before = followed(due, "in_time"), followed(due, "before")
    untold("Follow-ups after unhappy answers would tell.", after.is_known and after.value > 0)
    return verdict(share_difference(after, before)), after, before


def changed(loop: pd.DataFrame, unhappy: int, happy: int) -> dict[str, pd.DataFrame]:
    """Return who answered again, by what the first answer was and what followed; `change` is the next score less it."""
    again = loop[loop["later"].notna()]
    again = again.assign(change=again["later"] - again["score"])
    low = again[again["score"] <= unhappy]
    plain = low[~low["held_out"]]
    return {
        "followed": plain[plain["soon"]],
        "held out": low[low["held_out"] & ~low["soon"]],
        "left": plain[~plain["soon"]],
        "happy": again[again["score"] >= happy],
    }


def change(rows: pd.DataFrame) -> Estimate:
    """Return the mean change of the score."""
    return counts.mean(rows["change"], rows["customer_id"], "score points difference")


def more_change(first: pd.DataFrame, second: pd.DataFrame) -> Estimate:
    """Return how much more the scores of one group change than those of another."""
    found = counts.mean_difference(
        first["change"], second["change"], first["customer_id"], second["customer_id"], "score points difference"
    )
    needed = "More follow-ups after unhappy answers would tell, best given by lot, and later answers of those people."
    untold(needed, found.is_known and np.isfinite(found.low))
    return found


def share_of(answers: pd.DataFrame, part: pd.DataFrame) -> Estimate:
    """Return which share of the answers a part of them is."""
    untold("How bad the problem was would tell, asked in the same survey.", len(part))
    return share(answers.index.isin(part.index), answers["who"])
