-- One row per ticket that a known customer opened, with how it was handled and when the customer could tell.
WITH known AS (
    -- an export that never says when somebody answered or solved cannot say that nobody did
    SELECT count(first_public_reply_at) > 0 AS replies, count(first_solved_at) > 0 AS solves, count(reopens) > 0 AS reopens
    FROM tickets
),

dated AS (
    SELECT
        t.ticket_id,
        t.customer_id,
        t.created_at,
        t.severity,
        coalesce(t.is_complaint, FALSE) AS is_complaint,
        t.created_at + INTERVAL 7 DAY AS a_week_on,
        t.created_at + INTERVAL 14 DAY AS two_weeks_on,
        t.first_public_reply_at,
        t.first_solved_at,
        k.replies AND NOT coalesce(t.first_reply_unknown, FALSE) AS reply_is_known,
        k.solves AND NOT coalesce(t.solve_unknown, FALSE) AS solve_is_known,
        f.was_reopened IS NOT NULL OR NOT k.reopens AS reopening_is_known,
        coalesce(f.was_reopened, FALSE) AS was_reopened,
        f.reopened_at,
        CASE WHEN t.satisfaction = 'bad'
            THEN coalesce(t.rated_at, t.last_solved_at, t.first_solved_at, t.created_at) END AS rated_bad_at
    FROM tickets AS t
    INNER JOIN fact_ticket AS f ON f.ticket_id = t.ticket_id
    CROSS JOIN known AS k
    WHERE t.customer_id IS NOT NULL AND f.is_request
)

SELECT
    ticket_id,
    customer_id,
    bucket(customer_id) AS bucket,
    created_at,
    severity,
    is_complaint,
    -- nobody had answered a week on, and it was not solved either
    CASE WHEN reply_is_known AND solve_is_known AND a_week_on < $as_of
        AND coalesce(first_public_reply_at > a_week_on, TRUE) AND coalesce(first_solved_at > a_week_on, TRUE)
        THEN a_week_on END AS unanswered_at,
    reopened_at,
    rated_bad_at,
    two_weeks_on AS judged_at,
    -- as it stood two weeks on: solved within a week, not opened again, not rated bad
    CASE
        WHEN two_weeks_on > $as_of OR NOT solve_is_known THEN NULL
        WHEN coalesce(first_solved_at > a_week_on, TRUE) OR coalesce(rated_bad_at <= two_weeks_on, FALSE) THEN FALSE
        WHEN was_reopened THEN coalesce(reopened_at > two_weeks_on, FALSE)
        WHEN reopening_is_known THEN TRUE
    END AS handled_well
FROM dated
