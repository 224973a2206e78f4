-- One row per survey invitation that was delivered.
SELECT
    i.invite_id,
    i.customer_id,
    bucket(coalesce(i.customer_id, i.invite_id)) AS bucket,
    i.survey,
    i.instrument,
    i.wave,
    i.touchpoint,
    CASE WHEN i.instrument = 'nps' THEN series(i.touchpoint) END AS series,
    i.channel,
    $segments(c),
    i.sent_at,
    local_month(i.sent_at) AS sent_month,
    -- exports that never say that an invitation was answered cannot say that none was
    CASE WHEN k.answered > 0 THEN i.answered_at IS NOT NULL OR a.invite_id IS NOT NULL END AS is_answered
FROM survey_invites AS i
CROSS JOIN (
    SELECT (SELECT count(answered_at) FROM survey_invites) + (SELECT count(invite_id) FROM survey_answers) AS answered
) AS k
LEFT JOIN customers AS c ON c.customer_id = i.customer_id
LEFT JOIN (SELECT DISTINCT invite_id FROM survey_answers WHERE invite_id IS NOT NULL) AS a ON a.invite_id = i.invite_id
WHERE i.sent_at < $as_of AND coalesce(i.delivered, TRUE)
