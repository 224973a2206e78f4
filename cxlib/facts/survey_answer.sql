-- One row per complete answer to one survey question, blank scores included.
SELECT
    a.answer_id,
    a.customer_id,
    bucket(coalesce(a.customer_id, a.answer_id)) AS bucket,
    a.survey,
    a.instrument,
    a.wave,
    a.touchpoint,
    a.channel,
    coalesce(a.region, c.region) AS region,
    coalesce(a.tier, c.tier) AS tier,
    coalesce(a.sector, c.sector) AS sector,
    coalesce(a.segment, c.segment) AS segment,
    a.language,
    local_month(a.completed_at) AS answered_month,
    a.score,
    a.score >= 9 AS is_promoter,
    a.score <= 6 AS is_detractor,
    -- the upper two of five points, or the upper 40 % of any other scale
    a.score > a.scale_max - 0.4 * (a.scale_max - a.scale_min + 1) AS is_satisfied,
    a.weight
FROM survey_answers AS a
LEFT JOIN customers AS c ON c.customer_id = a.customer_id
WHERE a.completed_at < $as_of
