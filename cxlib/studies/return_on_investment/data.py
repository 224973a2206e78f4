"""What `return_on_investment` reads of customers: how long each stayed, and the success work each got."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.workbook import Workbook

Seconds = npt.NDArray[np.int64]

AT_THE_START = timedelta(days=31)
"""A manager given this soon after the first payment was given to a newcomer, not to somebody in trouble."""
BEFORE_PAYING = timedelta(days=45)
"""Work may begin this long before the first payment: in a trial, or while the contract is drawn up."""
WELCOME = timedelta(days=60)
"""Onboarding assigned later than this after the first payment is none."""
SPELLS = ("subscriptions.started_at", "subscriptions.ended_at", "subscriptions.monthly_amount")
WORK = ("interventions.customer_id", "interventions.kind", "interventions.assigned_at")
TICKETS = ("tickets.created_at", "tickets.customer_id")
COSTS = ("costs.team", "costs.kind", "costs.amount")


def seconds(times: pd.Series) -> Seconds:
    """Return times as seconds since 1970; a missing one as a time that does not come."""
    told = times.astype("datetime64[s]")
    return np.where(told.isna(), np.iinfo(np.int64).max // 4, told.astype("int64")).astype(np.int64)


def newcomers(book: Workbook) -> pd.DataFrame:
    """Return one row per customer: the first stretch of paying, and the work that came with it.

    Columns customer_id, tier, region, started_at, observed_from, ended_at (empty while it runs at the cut),
    end_reason, first_mrr, manager_at, manager_score, onboarded_at.
    """
    rows = book.engine.frame(
        f"""
        WITH work AS (
            SELECT customer_id, kind, assigned_at, trigger_score,
                row_number() OVER (PARTITION BY customer_id, kind ORDER BY assigned_at, intervention_id) AS place
            FROM interventions
            WHERE assigned_at < {book.sql_cut} AND coalesce(arm, 'observational') <> 'control'
        )
        SELECT s.customer_id, s.tier, s.region, s.started_at, s.observed_from, s.first_mrr,
            CASE WHEN s.ended_at < {book.sql_cut} THEN s.ended_at END AS ended_at,
            CASE WHEN s.ended_at < {book.sql_cut} THEN s.end_reason END AS end_reason,
            m.assigned_at AS manager_at, m.trigger_score AS manager_score, o.assigned_at AS onboarded_at
        FROM {book.engine.fact("customer_spell")} AS s
        LEFT JOIN work AS m ON m.customer_id = s.customer_id AND m.kind = 'success_manager' AND m.place = 1
        LEFT JOIN work AS o ON o.customer_id = s.customer_id AND o.kind = 'onboarding' AND o.place = 1
        WHERE s.spell = 1 AND s.started_at < {book.sql_cut} AND s.observed_from < {book.sql_cut}
        ORDER BY s.customer_id
        """
    )
    welcomed = rows["onboarded_at"] <= rows["started_at"] + WELCOME
    return rows.assign(onboarded_at=rows["onboarded_at"].where(welcomed))


def trial(book: Workbook) -> pd.DataFrame:
    """Return one row per customer drawn by lot for follow-up: the first draw, and how long the customer stayed.

    Columns customer_id, arm, assigned_at, ended_at (empty while running at the cut), mrr. Who paid nothing at the
    draw or within weeks of it was no customer, whatever the arm, and is left out.
    """
    return book.engine.frame(
        f"""
        WITH drawn AS (
            SELECT customer_id, arm, assigned_at,
                row_number() OVER (PARTITION BY customer_id ORDER BY assigned_at, intervention_id) AS place
            FROM interventions
            WHERE kind = 'follow_up' AND arm IN ('treated', 'control') AND assigned_at < {book.sql_cut}
        ),
        stays AS (
            SELECT d.customer_id, d.arm, d.assigned_at, s.ended_at, s.first_mrr,
                row_number() OVER (PARTITION BY d.customer_id ORDER BY s.started_at) AS place
            FROM drawn AS d
            INNER JOIN {book.engine.fact("customer_spell")} AS s ON s.customer_id = d.customer_id
                AND s.started_at <= d.assigned_at + INTERVAL {BEFORE_PAYING.days} DAY
                AND (s.ended_at IS NULL OR s.ended_at > d.assigned_at)
            WHERE d.place = 1
        )
        SELECT customer_id, arm, assigned_at, CASE WHEN ended_at < {book.sql_cut} THEN ended_at END AS ended_at,
            first_mrr AS mrr
        FROM stays WHERE place = 1 ORDER BY customer_id
        """
    )


def complaints(book: Workbook) -> pd.DataFrame:
    """Return each customer's first complaint that can be judged: whether its solution held, and how long they stayed.

    Columns customer_id, created_at, held, severity, tier, region, mrr, ended_at (empty while running at the cut).
    """
    return book.engine.frame(
        f"""
        WITH first AS (
            SELECT t.ticket_id, t.customer_id, t.created_at, t.severity,
                row_number() OVER (PARTITION BY t.customer_id ORDER BY t.created_at, t.ticket_id) AS place
            FROM tickets AS t
            WHERE t.is_complaint AND t.customer_id IS NOT NULL AND t.created_at < {book.sql_cut}
        ),
        stays AS (
            SELECT f.customer_id, f.created_at, f.severity, k.solved_and_held AS held, s.tier, s.region,
                s.first_mrr AS mrr, s.ended_at,
                row_number() OVER (PARTITION BY f.customer_id ORDER BY s.started_at) AS nearest
            FROM first AS f
            INNER JOIN {book.engine.fact("ticket")} AS k ON k.ticket_id = f.ticket_id
            INNER JOIN {book.engine.fact("customer_spell")} AS s ON s.customer_id = f.customer_id
                AND s.started_at <= f.created_at AND (s.ended_at IS NULL OR s.ended_at > f.created_at)
            WHERE f.place = 1 AND k.has_two_weeks_of_follow_up
        )
        SELECT customer_id, created_at, held, severity, tier, region, mrr,
            CASE WHEN ended_at < {book.sql_cut} THEN ended_at END AS ended_at
        FROM stays WHERE nearest = 1 AND held IS NOT NULL ORDER BY customer_id
        """
    )


def score_pairs(book: Workbook) -> pd.DataFrame:
    """Return two answers in a row of one customer to a survey that is repeated: `customer_id, first, second, worked`.

    `worked` where any success work was given before the second answer and after, or still running at, the first:
    a manager at any time before it, anything else between the two.
    """
    return book.engine.frame(
        f"""
        WITH answers AS (
            SELECT customer_id, wave, max(completed_at) AS answered_at, max(score) AS score
            FROM survey_answers
            WHERE instrument = 'nps' AND wave IS NOT NULL AND customer_id IS NOT NULL AND score IS NOT NULL
                AND completed_at < {book.sql_cut}
            GROUP BY customer_id, wave
        ),
        pairs AS (
            SELECT customer_id, answered_at, score,
                lead(answered_at) OVER (PARTITION BY customer_id ORDER BY answered_at) AS again_at,
                lead(score) OVER (PARTITION BY customer_id ORDER BY answered_at) AS again
            FROM answers
        ),
        given AS (
            SELECT customer_id, kind, assigned_at FROM interventions
            WHERE assigned_at < {book.sql_cut} AND coalesce(arm, 'observational') <> 'control'
        )
        SELECT p.customer_id, p.answered_at, p.score AS first, p.again AS second,
            count(g.customer_id) > 0 AS worked
        FROM pairs AS p
        LEFT JOIN given AS g ON g.customer_id = p.customer_id AND g.assigned_at < p.again_at
            AND (g.kind = 'success_manager' OR g.assigned_at >= p.answered_at)
        WHERE p.again_at IS NOT NULL
        GROUP BY p.customer_id, p.answered_at, p.score, p.again
        ORDER BY p.customer_id, p.answered_at
        """
    )
