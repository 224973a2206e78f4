-- One row per ticket whose customer was asked for a rating or gave one, with what may have driven it.
SELECT
    f.ticket_id,
    f.customer_id,
    f.bucket,
    f.channel,
    $segments(f),
    f.product,
    f.agent_group,
    f.topic,
    f.priority,
    f.severity,
    t.agent,
    f.created_month,
    -- part of the week (UTC) in which it was asked: nights and weekends lengthen waits that nobody made long
    concat(
        -- days counted from a Monday
        CASE
            WHEN date_diff('day', DATE '1900-01-01', CAST(t.created_at AS DATE)) % 7 < 5 THEN 'weekday '
            ELSE 'weekend '
        END,
        CAST(floor(extract(hour FROM t.created_at) / 6) AS INTEGER)
    ) AS asked_in,
    coalesce(t.rated_at, t.last_solved_at, t.created_at) AS settled_at,
    f.rating_offered,
    coalesce(f.is_rated, FALSE) AS is_rated,
    f.rated_good,
    CASE WHEN f.is_rated THEN t.satisfaction_score END AS score,
    CASE
        WHEN f.first_reply_minutes IS NULL THEN 'unknown'
        WHEN f.first_reply_observed THEN 'answered'
        ELSE 'unanswered'
    END AS reply,
    CASE WHEN f.first_reply_observed THEN f.first_reply_minutes END AS first_reply_minutes,
    -- from the first answer to the first solution; a ticket solved in the minute of its answer has none
    CASE WHEN f.first_reply_observed AND f.first_resolution_observed THEN
        greatest(f.first_resolution_minutes - f.first_reply_minutes, 0)
    END AS reply_to_solution_minutes,
    f.was_reopened,
    t.had_to_repeat,
    t.friendliness_score,
    -- how the same customer rated the contact before this one: nothing of this one can have caused it
    CASE
        WHEN f.is_rated AND f.customer_id IS NOT NULL AND lag(coalesce(t.rated_at, t.last_solved_at, t.created_at))
            OVER (PARTITION BY f.customer_id, f.is_rated ORDER BY t.created_at, f.ticket_id) < t.created_at
            THEN lag(f.rated_good) OVER (PARTITION BY f.customer_id, f.is_rated ORDER BY t.created_at, f.ticket_id)
    END AS previous_rated_good
FROM fact_ticket AS f
INNER JOIN tickets AS t ON t.ticket_id = f.ticket_id
WHERE (f.is_rated OR f.rating_offered) AND NOT f.is_bot_only
