-- One row per customer and month in which the customer paid, or had paid a month or a year before.
WITH months AS ($months),

terms AS (
    SELECT
        *,
        min(started_at) OVER (PARTITION BY customer_id) AS first_paid_at,
        -- the product a customer has paid most a month for, ties by name
        first_value(product) OVER (PARTITION BY customer_id ORDER BY monthly_amount DESC, product) AS main_product
    FROM fact_paid_term
),

paid AS (
    SELECT t.customer_id, m.month, t.main_product, t.first_paid_at, sum(t.monthly_amount) AS mrr
    FROM terms AS t
    INNER JOIN months AS m ON t.started_at < m.ends_at AND t.ended_at >= m.ends_at
    GROUP BY t.customer_id, m.month, t.main_product, t.first_paid_at
),

spans AS (
    SELECT customer_id, main_product, first_paid_at, min(month) AS first_month, max(month) AS last_month
    FROM paid
    GROUP BY customer_id, main_product, first_paid_at
),

grid AS (
    SELECT s.customer_id, s.main_product, s.first_paid_at, m.month, m.starts_at, coalesce(p.mrr, 0) AS mrr_end
    FROM spans AS s
    INNER JOIN months AS m ON m.month >= s.first_month AND m.month <= s.last_month + INTERVAL 12 MONTH
    LEFT JOIN paid AS p ON p.customer_id = s.customer_id AND p.month = m.month
),

dated AS (
    SELECT
        *,
        coalesce(lag(mrr_end, 1) OVER each_customer, 0) AS mrr_start,
        coalesce(lag(mrr_end, 12) OVER each_customer, 0) AS mrr_year_ago
    FROM grid
    WINDOW each_customer AS (PARTITION BY customer_id ORDER BY month)
)

SELECT
    d.customer_id,
    bucket(d.customer_id) AS bucket,
    $segments(c),
    d.main_product AS product,
    c.acquisition_channel AS channel,
    d.month,
    d.mrr_start,
    d.mrr_end,
    d.mrr_year_ago,
    least(d.mrr_end, d.mrr_year_ago) AS mrr_kept_of_year_ago,
    CASE WHEN d.mrr_start = 0 AND d.first_paid_at >= d.starts_at THEN d.mrr_end ELSE 0 END AS mrr_new,
    CASE WHEN d.mrr_start = 0 AND d.first_paid_at < d.starts_at THEN d.mrr_end ELSE 0 END AS mrr_reactivation,
    CASE WHEN d.mrr_start > 0 AND d.mrr_end > d.mrr_start THEN d.mrr_end - d.mrr_start ELSE 0 END AS mrr_expansion,
    CASE WHEN d.mrr_end > 0 AND d.mrr_end < d.mrr_start THEN d.mrr_start - d.mrr_end ELSE 0 END AS mrr_contraction,
    CASE WHEN d.mrr_start > 0 AND d.mrr_end = 0 THEN d.mrr_start ELSE 0 END AS mrr_churn
FROM dated AS d
LEFT JOIN customers AS c ON c.customer_id = d.customer_id
WHERE d.mrr_start > 0 OR d.mrr_end > 0 OR d.mrr_year_ago > 0
