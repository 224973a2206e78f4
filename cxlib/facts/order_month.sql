-- One row per customer and month with a transaction; a transaction that names no customer stands alone.
WITH booked AS (
    SELECT
        t.customer_id,
        coalesce(t.customer_id, t.transaction_id) AS party,
        local_month(t.occurred_at) AS month,
        count(*) FILTER (WHERE t.kind IN ('order', 'invoice')) AS orders,
        coalesce(sum(t.net * r.rate) FILTER (WHERE t.kind IN ('order', 'invoice')), 0) AS sales,
        -coalesce(sum(t.net * r.rate) FILTER (WHERE t.kind IN ('refund', 'credit')), 0) AS refunds
    FROM transactions AS t
    INNER JOIN rates AS r ON r.currency = t.currency
    WHERE t.occurred_at < $as_of
    GROUP BY t.customer_id, coalesce(t.customer_id, t.transaction_id), local_month(t.occurred_at)
)

SELECT
    b.*,
    bucket(b.party) AS bucket,
    $segments(c),
    c.acquisition_channel AS channel
FROM booked AS b
LEFT JOIN customers AS c ON c.customer_id = b.customer_id
