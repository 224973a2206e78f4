-- One row per customer and bad experience that the company can see, at the moment from which it could.
WITH seen AS (
    SELECT
        customer_id,
        CASE WHEN is_complaint THEN 'complaint' ELSE 'severe' END AS kind,
        severity,
        created_at AS occurred_at,
        judged_at,
        handled_well
    FROM fact_ticket_handling
    WHERE is_complaint OR severity = 'severe'
    UNION ALL
    SELECT customer_id, 'unanswered', severity, unanswered_at, NULL, NULL
    FROM fact_ticket_handling
    WHERE unanswered_at IS NOT NULL
    UNION ALL
    SELECT customer_id, 'reopened', severity, reopened_at, NULL, NULL
    FROM fact_ticket_handling
    WHERE reopened_at IS NOT NULL
    UNION ALL
    SELECT customer_id, 'rated_bad', severity, rated_bad_at, NULL, NULL
    FROM fact_ticket_handling
    WHERE rated_bad_at IS NOT NULL
    UNION ALL
    SELECT
        customer_id,
        CASE WHEN instrument = 'nps' THEN 'detractor' ELSE 'survey_problem' END,
        CASE WHEN instrument = 'problem' THEN
            coalesce(severity, CASE score WHEN 1 THEN 'minor' WHEN 2 THEN 'moderate' WHEN 3 THEN 'severe' END)
        END,
        completed_at,
        NULL,
        NULL
    FROM survey_answers
    WHERE customer_id IS NOT NULL AND coalesce(respondent, 'customer') = 'customer'
        AND ((instrument = 'nps' AND score <= 6) OR (instrument = 'problem' AND score > 0))
    UNION ALL
    -- what the company's own systems logged, whether or not anybody told; a failed payment is not an experience
    -- of service, and is how customers are lost without wanting to leave
    SELECT customer_id, 'incident', severity, occurred_at, NULL, NULL
    FROM incidents
    WHERE customer_id IS NOT NULL AND coalesce(noticed, TRUE) AND coalesce(kind, '') <> 'failed_payment'
)

SELECT customer_id, bucket(customer_id) AS bucket, kind, severity, occurred_at, judged_at, handled_well
FROM seen
WHERE occurred_at < $as_of
