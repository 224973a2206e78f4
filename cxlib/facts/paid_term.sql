-- One row per term that is paid for; one that a gap of up to 31 days follows runs until the customer's next term.
-- `spell` counts the stretches of terms that no longer gap divides.
WITH paid AS (
    -- constant exchange rates: a month's movement never comes from a currency
    SELECT s.*, coalesce(s.ended_at, TIMESTAMP '9999-01-01') AS ends_at, s.monthly_amount * r.rate AS amount
    FROM subscriptions AS s
    INNER JOIN rates AS r ON r.currency = s.currency
    WHERE s.monthly_amount > 0 AND s.started_at < $as_of AND (s.ended_at IS NULL OR s.ended_at > s.started_at)
),

reached AS (
    -- how far this term and those before it carry the customer, and when the next one takes over
    SELECT
        *,
        min(started_at) OVER (PARTITION BY customer_id) AS first_started_at,
        max(ends_at) OVER (
            PARTITION BY customer_id ORDER BY started_at, ends_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS covered_until,
        lead(started_at) OVER (PARTITION BY customer_id ORDER BY started_at, ends_at) AS next_started_at
    FROM paid
),

numbered AS (
    SELECT
        *,
        1 + count(CASE WHEN next_started_at > covered_until + INTERVAL 31 DAY THEN 1 END) OVER (
            PARTITION BY customer_id ORDER BY started_at, ends_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS spell
    FROM reached
)

SELECT
    p.customer_id,
    bucket(p.customer_id) AS bucket,
    p.product,
    p.spell,
    p.started_at,
    coalesce(g.next_started_at, p.ends_at) AS ended_at,
    p.end_reason,
    p.quantity,
    p.currency,
    p.amount AS monthly_amount
FROM numbered AS p
-- who came and went within the first month was in no month's closing figure: a gap does not bring anybody into one
LEFT JOIN reached AS g ON g.customer_id = p.customer_id AND g.covered_until = p.ends_at
    AND g.next_started_at > p.ends_at AND g.next_started_at <= p.ends_at + INTERVAL 31 DAY
    AND local_month(g.first_started_at) < local_month(p.ends_at)
