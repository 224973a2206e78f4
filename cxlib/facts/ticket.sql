-- One row per ticket that was not merged, spam or a test, with its clocks read at the moment of export.
WITH asked_again AS (
    -- a solved problem that came back: the same customer, the same topic, to people; few rows, so the join stays small
    SELECT ticket_id
    FROM (
        SELECT
            ticket_id,
            first_solved_at,
            lead(created_at) OVER (PARTITION BY customer_id, topic ORDER BY created_at, ticket_id) AS next_created_at
        FROM tickets
        WHERE customer_id IS NOT NULL AND topic IS NOT NULL
            AND NOT coalesce(is_outbound, FALSE) AND NOT coalesce(is_bot_only, FALSE)
    ) AS in_order
    WHERE next_created_at <= first_solved_at + INTERVAL 7 DAY
),

opened_again AS (
    SELECT ticket_id, min(occurred_at) AS occurred_at
    FROM ticket_events
    WHERE kind = 'status'
        AND lower(value_before) IN ('solved', 'closed') AND lower(value_after) NOT IN ('solved', 'closed')
    GROUP BY ticket_id
),

asked AS (
    -- an export of nothing but rated tickets cannot say how many were asked
    SELECT count(*) > 0 AS lists_unrated FROM tickets WHERE satisfaction = 'offered'
)

SELECT
    t.ticket_id,
    t.customer_id,
    bucket(coalesce(t.customer_id, t.ticket_id)) AS bucket,
    t.channel,
    $segments(t, c),
    t.product,
    t.agent_group,
    t.topic,
    t.priority,
    t.severity,
    t.is_complaint,
    -- a request is what a customer asked of people
    coalesce(t.is_outbound, FALSE) AS is_outbound,
    coalesce(t.is_bot_only, FALSE) AS is_bot_only,
    NOT coalesce(t.is_outbound, FALSE) AND NOT coalesce(t.is_bot_only, FALSE) AS is_request,
    local_month(t.created_at) AS created_month,
    local_month(t.first_solved_at) AS solved_month,
    local_month(t.last_solved_at) AS closed_month,
    t.last_solved_at IS NOT NULL OR NOT coalesce(t.solve_unknown, FALSE) AS closing_is_known,
    local_month(coalesce(t.rated_at, t.last_solved_at, t.created_at)) AS rated_month,
    -- a ticket that was solved without a reply, or has none yet, was last seen waiting at that moment
    k.first_reply_minutes,
    t.first_public_reply_at IS NOT NULL AS first_reply_observed,
    k.first_resolution_minutes,
    t.first_solved_at IS NOT NULL AS first_resolution_observed,
    k.first_reply_business_minutes,
    k.first_resolution_business_minutes,
    k.first_reply_in_time,
    k.resolved_in_time,
    coalesce(k.reply_is_promised, FALSE) AS reply_is_promised,
    coalesce(k.resolution_is_promised, FALSE) AS resolution_is_promised,
    -- the months at whose end a ticket that is still open has waited so long
    local_month(t.created_at + INTERVAL 7 DAY) AS week_old_month,
    local_month(t.created_at + INTERVAL 30 DAY) AS month_old_month,
    -- the ladder: a week to answer and to solve, then a week in which the solution must hold
    t.created_at + INTERVAL 14 DAY <= $as_of AS has_two_weeks_of_follow_up,
    CASE WHEN NOT coalesce(t.first_reply_unknown, FALSE) AND NOT coalesce(t.is_outbound, FALSE) THEN
        coalesce(t.first_public_reply_at <= t.created_at + INTERVAL 7 DAY, FALSE)
    END AS answered_in_a_week,
    CASE WHEN NOT coalesce(t.solve_unknown, FALSE) THEN
        coalesce(t.first_solved_at <= t.created_at + INTERVAL 7 DAY, FALSE)
    END AS solved_in_a_week,
    -- what has no time of its own (a reopening without an event, an undated rating) counts as within the week
    CASE
        WHEN t.solve_unknown OR (t.first_solved_at IS NOT NULL AND e.occurred_at IS NULL AND t.reopens IS NULL) THEN NULL
        ELSE coalesce(t.first_solved_at <= t.created_at + INTERVAL 7 DAY, FALSE)
            AND coalesce(e.occurred_at > t.first_solved_at + INTERVAL 7 DAY, coalesce(t.reopens, 0) = 0)
            AND (
                coalesce(t.satisfaction, '') <> 'bad'
                OR coalesce(t.rated_at > t.first_solved_at + INTERVAL 7 DAY, FALSE)
            )
            AND again.ticket_id IS NULL
    END AS solved_and_held,
    t.first_solved_at IS NOT NULL AS is_solved,
    e.occurred_at IS NOT NULL OR t.reopens > 0 AS was_reopened,
    -- without an event it is sure only by the time the ticket was solved anew
    coalesce(e.occurred_at, CASE WHEN t.reopens > 0 AND t.last_solved_at > t.first_solved_at
        THEN t.last_solved_at END) AS reopened_at,
    CASE WHEN a.lists_unrated THEN t.satisfaction IN ('offered', 'good', 'neutral', 'bad') END AS rating_offered,
    t.satisfaction IN ('good', 'neutral', 'bad') AS is_rated,
    t.satisfaction = 'good' AS rated_good,
    t.satisfaction = 'bad' AS rated_bad,
    t.satisfaction_scale_min AS scale_min,
    t.satisfaction_scale_max AS scale_max,
    good_from(t.satisfaction_scale_min, t.satisfaction_scale_max) AS good_from
FROM tickets AS t
CROSS JOIN asked AS a
LEFT JOIN asked_again AS again ON again.ticket_id = t.ticket_id
LEFT JOIN opened_again AS e ON e.ticket_id = t.ticket_id
LEFT JOIN customers AS c ON c.customer_id = t.customer_id
LEFT JOIN fact_ticket_clock AS k ON k.ticket_id = t.ticket_id
WHERE t.created_at < $as_of
