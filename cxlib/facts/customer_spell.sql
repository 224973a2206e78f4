-- One row per unbroken stretch in which a customer paid; gaps up to 31 days do not break it.
WITH whole AS (
    SELECT
        *,
        min(started_at) OVER each_spell AS spell_started_at,
        max(ended_at) OVER each_spell AS spell_ended_at,
        -- the product a customer paid most a month for in the stretch, ties by name
        first_value(product) OVER (PARTITION BY customer_id, spell ORDER BY monthly_amount DESC, product) AS main_product
    FROM fact_paid_term
    WINDOW each_spell AS (PARTITION BY customer_id, spell)
),

spells AS (
    SELECT
        customer_id,
        spell,
        main_product AS product,
        spell_started_at AS started_at,
        spell_ended_at AS ended_at,
        sum(CASE WHEN started_at <= spell_started_at THEN monthly_amount ELSE 0 END) AS first_mrr,
        sum(CASE WHEN ended_at >= spell_ended_at THEN monthly_amount ELSE 0 END) AS last_mrr,
        -- of the terms that end last: one that failed to be paid says more than one that was cancelled
        count(*) FILTER (WHERE ended_at >= spell_ended_at AND end_reason = 'payment') > 0 AS unpaid,
        count(*) FILTER (WHERE ended_at >= spell_ended_at AND end_reason = 'voluntary') > 0 AS cancelled
    FROM whole
    GROUP BY customer_id, spell, main_product, spell_started_at, spell_ended_at
),

observation AS (
    -- nobody can be seen leaving before that; the earlier stretches of those who came back are there because they did
    SELECT max(believed_from) AS first_seen_end FROM fact_coverage WHERE name = 'subscriptions.ended_at'
)

SELECT
    s.customer_id,
    bucket(s.customer_id) AS bucket,
    $segments(c),
    c.acquisition_channel AS channel,
    s.product,
    s.spell,
    s.started_at,
    -- empty where the stretch was over before anybody could have been seen leaving: it says nothing about staying
    CASE WHEN s.ended_at > coalesce(o.first_seen_end, s.started_at) OR s.started_at >= o.first_seen_end
        THEN greatest(s.started_at, coalesce(o.first_seen_end, s.started_at))
    END AS observed_from,
    CASE WHEN s.ended_at <= $as_of THEN s.ended_at END AS ended_at,
    CASE
        WHEN s.ended_at > $as_of THEN NULL
        WHEN s.unpaid THEN 'payment'
        WHEN s.cancelled THEN 'voluntary'
    END AS end_reason,
    s.first_mrr,
    s.last_mrr
FROM spells AS s
CROSS JOIN observation AS o
LEFT JOIN customers AS c ON c.customer_id = s.customer_id
