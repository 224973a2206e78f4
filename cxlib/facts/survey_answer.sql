-- One row per complete answer to one survey question, blank scores included.
SELECT
    a.answer_id,
    a.invite_id,
    a.customer_id,
    bucket(coalesce(a.customer_id, a.answer_id)) AS bucket,
    a.survey,
    a.instrument,
    a.wave,
    a.touchpoint,
    a.channel,
    $segments(a, c),
    a.language,
    local_month(a.completed_at) AS answered_month,
    local_month(coalesce(i.sent_at, a.completed_at)) AS asked_month,
    coalesce(a.respondent, 'customer') = 'customer' AS is_customer,
    -- of those who may recommend: asked for the relationship as a whole, or after a contact
    CASE WHEN a.instrument = 'nps' AND coalesce(a.respondent, 'customer') = 'customer' THEN series(a.touchpoint) END
        AS series,
    a.score,
    a.score >= 9 AS is_promoter,
    a.score <= 6 AS is_detractor,
    a.scale_min,
    a.scale_max,
    good_from(a.scale_min, a.scale_max) AS good_from,
    a.score >= good_from(a.scale_min, a.scale_max) AS is_satisfied,
    -- an answer counts once on average over its round, whatever whole its weights add up to; where some answers of a
    -- round have a weight, one without it cannot be counted
    CASE WHEN count(a.weight) OVER each_round = 0 THEN 1.0
        ELSE a.weight / nullif(avg(a.weight) OVER each_round, 0)
    END AS weight
FROM survey_answers AS a
LEFT JOIN customers AS c ON c.customer_id = a.customer_id
LEFT JOIN survey_invites AS i ON i.invite_id = a.invite_id
WHERE a.completed_at < $as_of
WINDOW each_round AS (PARTITION BY a.survey, a.wave, a.instrument, a.question)
