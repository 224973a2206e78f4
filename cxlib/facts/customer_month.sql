-- One row per customer and month in which a stretch of paying ran at the month's start or began.
WITH stretches AS (
    -- a customer who ends one stretch and begins another in the same month counts with the one that ran first
    SELECT *
    FROM (
        SELECT
            s.*,
            m.month,
            m.starts_at,
            m.ends_at,
            row_number() OVER (PARTITION BY s.customer_id, m.month ORDER BY s.started_at) AS place
        FROM fact_customer_spell AS s
        INNER JOIN ($months) AS m ON s.started_at < m.ends_at AND (s.ended_at IS NULL OR s.ended_at > m.starts_at)
    ) AS ranked
    WHERE place = 1
),

paid AS (
    SELECT
        x.customer_id,
        x.month,
        sum(CASE WHEN t.started_at <= x.starts_at THEN t.monthly_amount ELSE 0 END) AS mrr_start,
        sum(CASE WHEN t.ended_at < x.ends_at THEN 0 ELSE t.monthly_amount END) AS mrr_end,
        -- one currency a customer is the rule; where there are more, amounts are not comparable and left unknown
        CASE WHEN count(DISTINCT t.currency) = 1 THEN min(t.currency) END AS currency,
        sum(CASE WHEN t.ended_at < x.ends_at THEN NULL ELSE t.quantity END) AS seats
    FROM stretches AS x
    INNER JOIN fact_paid_term AS t
        ON t.customer_id = x.customer_id AND t.started_at < x.ends_at AND t.ended_at > x.starts_at
    GROUP BY x.customer_id, x.month
),

asked AS (
    SELECT
        customer_id,
        created_month AS month,
        count(*) AS tickets,
        count(*) FILTER (WHERE is_complaint) AS complaints,
        count(*) FILTER (WHERE was_reopened OR severity = 'severe' OR rated_bad) AS bad_tickets
    FROM fact_ticket
    WHERE customer_id IS NOT NULL AND is_request
    GROUP BY customer_id, created_month
)

SELECT
    x.customer_id,
    x.bucket,
    $segments(x),
    x.channel,
    x.product,
    x.month,
    x.spell,
    x.started_at >= x.starts_at AS began_in_month,
    greatest(date_diff('month', x.started_at, x.starts_at)
        - CASE WHEN x.started_at + date_diff('month', x.started_at, x.starts_at) * INTERVAL 1 MONTH > x.starts_at
            THEN 1 ELSE 0 END, 0) AS tenure_months,
    coalesce(greatest(x.starts_at, x.started_at) >= x.observed_from, FALSE) AS is_observed,
    coalesce(x.ended_at <= x.ends_at, FALSE) AS ended_in_month,
    CASE WHEN x.ended_at <= x.ends_at THEN x.end_reason END AS end_reason,
    p.mrr_start,
    p.mrr_end,
    p.currency,
    p.mrr_end / r.rate AS mrr_end_local,
    p.seats,
    coalesce(a.tickets, 0) AS tickets,
    coalesce(a.complaints, 0) AS complaints,
    coalesce(a.bad_tickets, 0) AS bad_tickets
FROM stretches AS x
LEFT JOIN paid AS p ON p.customer_id = x.customer_id AND p.month = x.month
LEFT JOIN rates AS r ON r.currency = p.currency
LEFT JOIN asked AS a ON a.customer_id = x.customer_id AND a.month = x.month
