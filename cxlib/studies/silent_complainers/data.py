"""What the study of silent complainers reads: one row per person asked, incident, customer or detractor."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from cxlib.workbook import Workbook

SEVERITIES = ("minor", "moderate", "severe")
WINDOW_DAYS = 92
"""What "the last three months" of the question means."""

TICKET_DAYS = 7
"""A complaint counts as one about an incident when it comes within so many days."""

DETRACTOR_DAYS = 90

_RANK = "CASE {0}.severity WHEN 'minor' THEN 1 WHEN 'moderate' THEN 2 WHEN 'severe' THEN 3 END"
_COMPLAINT = "t.is_complaint AND NOT coalesce(t.is_outbound, FALSE)"

ASKED = """
WITH answers AS (
    SELECT answer_id, invite_id, customer_id, survey, wave, completed_at, score, severity, told
    FROM (
        SELECT *, row_number() OVER (
            PARTITION BY coalesce(invite_id, answer_id) ORDER BY completed_at DESC, answer_id
        ) AS place
        FROM survey_answers
        WHERE instrument = 'problem' AND completed_at < {cut} AND score IS NOT NULL
    ) AS ranked
    WHERE place = 1
),

asked AS (
    SELECT i.invite_id AS asked_id, i.customer_id, i.survey, i.wave, i.sent_at, TRUE AS invited
    FROM survey_invites AS i
    INNER JOIN (SELECT DISTINCT survey FROM answers) AS s ON s.survey = i.survey
    WHERE i.sent_at < {cut}
    UNION ALL
    SELECT a.answer_id, a.customer_id, a.survey, a.wave, a.completed_at, FALSE
    FROM answers AS a
    LEFT JOIN survey_invites AS i ON i.invite_id = a.invite_id AND i.sent_at < {cut}
    WHERE i.invite_id IS NULL
),

tickets_before AS (
    SELECT
        k.asked_id,
        count(*) FILTER (WHERE NOT coalesce(t.is_complaint, FALSE)) AS questions,
        count(*) FILTER (WHERE {complaint}) AS complaints,
        count(*) FILTER (WHERE {complaint} AND t.severity IS NULL) AS complaints_unrated,
        count(*) FILTER (WHERE {complaint} AND t.severity = 'minor') AS complaints_minor,
        count(*) FILTER (WHERE {complaint} AND t.severity = 'moderate') AS complaints_moderate,
        count(*) FILTER (WHERE {complaint} AND t.severity = 'severe') AS complaints_severe
    FROM asked AS k
    INNER JOIN tickets AS t
        ON t.customer_id = k.customer_id AND t.created_at <= k.sent_at
        AND t.created_at > k.sent_at - INTERVAL {days} DAY
    GROUP BY k.asked_id
),

incidents_before AS (
    SELECT
        k.asked_id,
        count(*) FILTER (WHERE i.severity = 'minor') AS incidents_minor,
        count(*) FILTER (WHERE i.severity = 'moderate') AS incidents_moderate,
        count(*) FILTER (WHERE i.severity = 'severe') AS incidents_severe
    FROM asked AS k
    INNER JOIN incidents AS i
        ON i.customer_id = k.customer_id AND i.noticed AND i.occurred_at <= k.sent_at
        AND i.occurred_at > k.sent_at - INTERVAL {days} DAY
    GROUP BY k.asked_id
),

running AS (
    SELECT
        k.asked_id,
        max(date_diff('day', s.started_at, k.sent_at)) AS tenure_days,
        max(CASE WHEN s.ended_at < {cut} THEN s.ended_at END) AS ended_at,
        max(CASE WHEN s.ended_at < {cut} THEN s.end_reason END) AS end_reason
    FROM asked AS k
    INNER JOIN {spell} AS s
        ON s.customer_id = k.customer_id AND s.started_at <= k.sent_at
        AND (s.ended_at IS NULL OR s.ended_at > k.sent_at)
    GROUP BY k.asked_id
),

earlier AS (
    SELECT asked_id, score
    FROM (
        SELECT k.asked_id, a.score, row_number() OVER (
            PARTITION BY k.asked_id ORDER BY a.completed_at DESC, a.answer_id
        ) AS place
        FROM asked AS k
        INNER JOIN survey_answers AS a
            ON a.customer_id = k.customer_id AND a.instrument = 'nps' AND a.score IS NOT NULL
            AND a.completed_at < k.sent_at AND a.completed_at > k.sent_at - INTERVAL 365 DAY
    ) AS ranked
    WHERE place = 1
)

SELECT
    k.asked_id,
    k.customer_id,
    k.wave,
    k.sent_at,
    k.invited,
    c.region,
    c.tier,
    r.asked_id IS NOT NULL AS is_customer,
    r.tenure_days,
    r.ended_at,
    r.end_reason,
    e.score AS earlier_score,
    coalesce(t.questions, 0) AS questions,
    coalesce(t.complaints, 0) AS complaints,
    coalesce(t.complaints_unrated, 0) AS complaints_unrated,
    coalesce(t.complaints_minor, 0) AS complaints_minor,
    coalesce(t.complaints_moderate, 0) AS complaints_moderate,
    coalesce(t.complaints_severe, 0) AS complaints_severe,
    coalesce(i.incidents_minor, 0) AS incidents_minor,
    coalesce(i.incidents_moderate, 0) AS incidents_moderate,
    coalesce(i.incidents_severe, 0) AS incidents_severe,
    a.completed_at,
    CASE WHEN a.score > 0 THEN coalesce({rank}, CAST(a.score AS INTEGER)) ELSE a.score END AS severity,
    a.told
FROM asked AS k
LEFT JOIN answers AS a ON a.invite_id = k.asked_id OR (NOT k.invited AND a.answer_id = k.asked_id)
LEFT JOIN customers AS c ON c.customer_id = k.customer_id
LEFT JOIN tickets_before AS t ON t.asked_id = k.asked_id
LEFT JOIN incidents_before AS i ON i.asked_id = k.asked_id
LEFT JOIN running AS r ON r.asked_id = k.asked_id
LEFT JOIN earlier AS e ON e.asked_id = k.asked_id
ORDER BY k.sent_at, k.asked_id
"""

INCIDENTS = """
WITH hit AS (
    SELECT incident_id, customer_id, min(occurred_at) AS occurred_at, max({rank}) AS severity,
        max(CASE WHEN noticed THEN 1 WHEN noticed = FALSE THEN 0 END) AS noticed
    FROM incidents AS x
    WHERE customer_id IS NOT NULL AND occurred_at < {cut} - INTERVAL {days} DAY
    GROUP BY incident_id, customer_id
),

near AS (
    SELECT
        h.incident_id,
        h.customer_id,
        {windows}
    FROM hit AS h
    INNER JOIN tickets AS t
        ON t.customer_id = h.customer_id AND t.created_at >= h.occurred_at - INTERVAL {earliest} DAY
        AND t.created_at < h.occurred_at + INTERVAL {days} DAY
    WHERE {counted} AND NOT coalesce(t.is_outbound, FALSE)
    GROUP BY h.incident_id, h.customer_id
)

SELECT
    h.incident_id,
    h.customer_id,
    h.occurred_at,
    h.severity,
    h.noticed,
    c.region,
    c.tier,
    date_diff('day', s.started_at, h.occurred_at) AS tenure_days,
    s.started_at IS NOT NULL AS is_customer,
    CASE WHEN s.ended_at < {cut} THEN s.ended_at END AS ended_at,
    CASE WHEN s.ended_at < {cut} THEN s.end_reason END AS end_reason,
    {columns}
FROM hit AS h
LEFT JOIN near AS n ON n.incident_id = h.incident_id AND n.customer_id = h.customer_id
LEFT JOIN customers AS c ON c.customer_id = h.customer_id
LEFT JOIN {spell} AS s
    ON s.customer_id = h.customer_id AND s.started_at <= h.occurred_at
    AND (s.ended_at IS NULL OR s.ended_at > h.occurred_at + INTERVAL {days} DAY)
ORDER BY h.occurred_at, h.incident_id, h.customer_id
"""

CONTROLS = (28, 42, 56, 70)
"""A control week begins so many days before the incident."""

COMPLAINTS = """
SELECT t.customer_id, count(*) AS complaints,
    count(*) FILTER (WHERE t.severity = 'minor') AS minor,
    count(*) FILTER (WHERE t.severity = 'moderate') AS moderate,
    count(*) FILTER (WHERE t.severity = 'severe') AS severe
FROM tickets AS t
WHERE t.customer_id IS NOT NULL AND {complaint}
    AND t.created_at < {cut} AND t.created_at >= {cut} - INTERVAL 365 DAY
GROUP BY t.customer_id
ORDER BY t.customer_id
"""

DETRACTORS = """
SELECT a.answer_id, a.invite_id, a.customer_id, a.completed_at, count(t.ticket_id) AS complaints
FROM survey_answers AS a
LEFT JOIN tickets AS t
    ON t.customer_id = a.customer_id AND {complaint} AND t.created_at <= a.completed_at
    AND t.created_at > a.completed_at - INTERVAL {days} DAY
WHERE a.instrument = 'nps' AND a.score <= 6 AND a.customer_id IS NOT NULL AND a.completed_at < {cut}
    AND (a.touchpoint IS NULL OR a.touchpoint = 'relationship')
GROUP BY a.answer_id, a.invite_id, a.customer_id, a.completed_at
ORDER BY a.completed_at, a.answer_id
"""


def asked(book: Workbook) -> pd.DataFrame:
    """Return one row per person and round of a survey that asks about problems, answered or not.

    `severity` is what was answered (0 none, 1 minor, 2 moderate, 3 severe; NaN without an answer), `told` where the
    person took it; all else is known of everyone asked. `invited` is false where no invitation was found.
    """
    sql = ASKED.format(
        cut=book.sql_cut,
        days=WINDOW_DAYS,
        complaint=_COMPLAINT,
        spell=book.engine.fact("customer_spell"),
        rank=_RANK.format("a"),
    )
    frame = book.engine.frame(sql)
    frame["severity"] = frame["severity"].astype("float64")
    return frame


def incidents(book: Workbook) -> pd.DataFrame:
    """Return one row per customer and incident that was over for a week at the cut.

    `after` says whether a complaint followed within a week; `control_28` … whether one came in an ordinary week
    that began so many days before (NaN where the customer was not one yet). Where complaints are not
    marked, every ticket counts as one, and the control weeks take the ordinary ones away. `is_customer` says whether
    the customer was one from the incident until the week was over.
    """
    weeks = {"after": 0} | {f"control_{back}": -back for back in CONTROLS}
    counted = "TRUE" if book.lacks("tickets.is_complaint") else "t.is_complaint"
    sql = INCIDENTS.format(
        cut=book.sql_cut,
        days=TICKET_DAYS,
        earliest=max(CONTROLS),
        counted=counted,
        rank=_RANK.format("x"),
        spell=book.engine.fact("customer_spell"),
        windows=", ".join(_within(name, shift) for name, shift in weeks.items()),
        columns=", ".join(_columns(weeks)),
    )
    return book.engine.frame(sql)


def _within(name: str, shift: int) -> str:
    begin = f"h.occurred_at + INTERVAL ({shift}) DAY"
    return (
        f"max(CASE WHEN t.created_at >= {begin} AND t.created_at < {begin} + INTERVAL {TICKET_DAYS} DAY "
        f"THEN 1 ELSE 0 END) AS {name}"
    )


def _columns(weeks: dict[str, int]) -> Iterator[str]:
    for name, shift in weeks.items():
        value = f"coalesce(n.{name}, 0)"
        begun = f"c.created_at IS NULL OR c.created_at <= h.occurred_at + INTERVAL ({shift}) DAY"
        yield f"CASE WHEN {begun} THEN {value} END AS {name}" if shift else f"{value} AS {name}"


def complaints(book: Workbook) -> pd.DataFrame:
    """Return one row per customer with a complaint in the year before the cut, and how many."""
    return book.engine.frame(COMPLAINTS.format(cut=book.sql_cut, complaint=_COMPLAINT))


def detractors(book: Workbook) -> pd.DataFrame:
    """Return one row per answer of 0 to 6 to the recommendation question, and the complaints of the 90 days before.

    Surveys sent after a particular contact are left out: to be asked, one must have written.
    """
    return book.engine.frame(DETRACTORS.format(cut=book.sql_cut, complaint=_COMPLAINT, days=DETRACTOR_DAYS))
