-- One row per ticket with its waits in the hours that its team works, and how soon it was promised to be handled.
WITH waits AS (
    SELECT
        t.ticket_id,
        t.priority,
        t.agent_group,
        coalesce(own.calendar, other.calendar) AS calendar,
        t.created_at,
        t.first_public_reply_at IS NOT NULL AS replied,
        t.first_solved_at IS NOT NULL AS solved,
        CASE WHEN NOT coalesce(t.first_reply_unknown, FALSE) AND NOT coalesce(t.is_outbound, FALSE)
            THEN coalesce(t.first_public_reply_at, t.first_solved_at, $as_of) END AS replied_at,
        CASE WHEN NOT coalesce(t.solve_unknown, FALSE) THEN coalesce(t.first_solved_at, $as_of) END AS solved_at
    FROM tickets AS t
    LEFT JOIN works AS own ON own.agent_group = t.agent_group
    LEFT JOIN works AS other ON other.agent_group = ''
    WHERE t.created_at < $as_of
),

-- which calendar a ticket ran under, and from when: its team's, unless an event put it under another
stints AS (
    SELECT ticket_id, calendar, begins, lead(begins) OVER (PARTITION BY ticket_id ORDER BY begins, place, event_id) AS until
    FROM (
        SELECT ticket_id, calendar, created_at AS begins, 0 AS place, '' AS event_id FROM waits
        UNION ALL
        SELECT w.ticket_id, e.value_after, greatest(e.occurred_at, w.created_at), 1, e.event_id
        FROM ticket_events AS e
        INNER JOIN waits AS w ON w.ticket_id = e.ticket_id
        WHERE e.kind = 'schedule' AND e.value_after IS NOT NULL
    ) AS each_change
),

parts AS (
    SELECT w.ticket_id, w.name, s.calendar, s.begins, least(coalesce(s.until, w.ends), w.ends) AS until
    FROM (
        SELECT ticket_id, 'reply' AS name, replied_at AS ends FROM waits
        UNION ALL
        SELECT ticket_id, 'solution', solved_at FROM waits
    ) AS w
    INNER JOIN stints AS s ON s.ticket_id = w.ticket_id AND s.begins <= w.ends
),

-- minutes open before the end of a part, less those before its beginning
worked AS (
    SELECT
        ticket_id,
        CASE WHEN count(*) FILTER (WHERE name = 'reply' AND minutes IS NULL) = 0
            THEN sum(minutes) FILTER (WHERE name = 'reply') END AS reply,
        CASE WHEN count(*) FILTER (WHERE name = 'solution' AND minutes IS NULL) = 0
            THEN sum(minutes) FILTER (WHERE name = 'solution') END AS solution
    FROM (
        SELECT
            m.ticket_id,
            m.name,
            m.sign * (
                h.minutes_before
                + CASE WHEN h.is_open THEN date_diff('second', h.begins, m.moment) / 60.0 ELSE 0 END
            ) AS minutes
        FROM (
            SELECT ticket_id, name, calendar, begins AS moment, -1 AS sign FROM parts
            UNION ALL
            SELECT ticket_id, name, calendar, until, 1 FROM parts
        ) AS m
        LEFT JOIN open_hours AS h ON h.calendar = m.calendar
            -- stretches end at midnight, so every engine has a day to look under
            AND CAST(h.begins AS DATE) = CAST(m.moment AS DATE) AND h.begins <= m.moment AND m.moment < h.until
    ) AS at_work
    GROUP BY ticket_id
),

-- of several promises that fit, the one that names the group and the priority, then the priority, then the group
kinds AS (
    SELECT k.priority, k.agent_group, p.first_reply_minutes, p.resolution_minutes, p.clock
    FROM (SELECT DISTINCT priority, agent_group FROM tickets) AS k
    INNER JOIN promised AS p
        ON p.priority IN ('', lower(coalesce(k.priority, ''))) AND p.agent_group IN ('', lower(coalesce(k.agent_group, '')))
    QUALIFY row_number() OVER (
        PARTITION BY k.priority, k.agent_group
        ORDER BY CASE WHEN p.priority = '' THEN 0 ELSE 2 END + CASE WHEN p.agent_group = '' THEN 0 ELSE 1 END DESC
    ) = 1
),

timed AS (
    SELECT
        s.ticket_id,
        s.replied,
        s.solved,
        date_diff('second', s.created_at, s.replied_at) / 60.0 AS reply,
        date_diff('second', s.created_at, s.solved_at) / 60.0 AS solution,
        w.reply AS reply_business,
        w.solution AS solution_business,
        k.clock = 'business' AS is_business,
        nullif(k.first_reply_minutes, 0) AS reply_promise,
        nullif(k.resolution_minutes, 0) AS solution_promise
    FROM waits AS s
    LEFT JOIN worked AS w ON w.ticket_id = s.ticket_id
    LEFT JOIN kinds AS k ON k.priority IS NOT DISTINCT FROM s.priority AND k.agent_group IS NOT DISTINCT FROM s.agent_group
),

-- what is left of the time promised, in minutes
left_over AS (
    SELECT
        *,
        reply_promise - CASE WHEN is_business THEN reply_business ELSE reply END AS reply_left,
        solution_promise - CASE WHEN is_business THEN solution_business ELSE solution END AS solution_left
    FROM timed
)

SELECT
    ticket_id,
    reply AS first_reply_minutes,
    solution AS first_resolution_minutes,
    reply_business AS first_reply_business_minutes,
    solution_business AS first_resolution_business_minutes,
    reply_left IS NOT NULL AS reply_is_promised,
    solution_left IS NOT NULL AS resolution_is_promised,
    -- kept, or broken by now; empty while it runs within what was promised, and where nothing was
    CASE WHEN reply_left < 0 THEN FALSE WHEN reply_left >= 0 AND replied THEN TRUE END AS first_reply_in_time,
    CASE WHEN solution_left < 0 THEN FALSE WHEN solution_left >= 0 AND solved THEN TRUE END AS resolved_in_time
FROM left_over
