-- One row per sales opportunity, decided or open, with the days from its opening to its decision.
SELECT
    o.opportunity_id,
    o.customer_id,
    -- whom opportunities have in common; somebody who is no customer stands alone
    coalesce(o.customer_id, o.opportunity_id) AS party,
    bucket(coalesce(o.customer_id, o.opportunity_id)) AS bucket,
    $segments(c),
    o.buyer,
    o.motion,
    o.lead_source,
    o.created_at,
    o.closed_at,
    o.outcome,
    CASE WHEN o.outcome <> 'open' THEN date_diff('second', o.created_at, o.closed_at) / 86400.0 END AS decided_days,
    o.amount * r.rate AS amount
FROM opportunities AS o
LEFT JOIN rates AS r ON r.currency = o.currency
LEFT JOIN customers AS c ON c.customer_id = o.customer_id
WHERE o.created_at < $as_of
