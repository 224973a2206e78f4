-- One row per customer who ordered: the day of the first order seen, and of the next order on another day.
WITH days AS (
    -- an order that was split on one day is one order
    SELECT
        customer_id,
        local_day(occurred_at) AS first_day,
        lead(local_day(occurred_at)) OVER (PARTITION BY customer_id ORDER BY local_day(occurred_at)) AS second_day,
        row_number() OVER (PARTITION BY customer_id ORDER BY local_day(occurred_at)) AS place
    FROM transactions
    WHERE kind IN ('order', 'invoice') AND customer_id IS NOT NULL AND occurred_at < $as_of
    GROUP BY customer_id, local_day(occurred_at)
),

known AS (
    -- who ordered in the first month of the data may have ordered for years
    SELECT *, first_day >= (SELECT local_month(min(occurred_at)) + INTERVAL 1 MONTH FROM transactions) AS is_first
    FROM days
    WHERE place = 1
)

SELECT
    k.*,
    bucket(k.customer_id) AS bucket,
    $segments(c),
    c.acquisition_channel AS channel,
    -- the month in which it is known who ordered again within 180 days
    CASE WHEN k.is_first THEN CAST(date_trunc('month', k.first_day + INTERVAL 180 DAY) AS DATE) END AS judged_month,
    k.first_day + INTERVAL 180 DAY < local_day($as_of) AS is_judged,
    coalesce(k.second_day <= k.first_day + INTERVAL 180 DAY, FALSE) AS again_in_180_days
FROM known AS k
LEFT JOIN customers AS c ON c.customer_id = k.customer_id
