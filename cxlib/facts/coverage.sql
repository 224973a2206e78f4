-- One row per canonical table, or column of one, that holds rows: from when to when it can be believed, and why.
WITH days AS (
    SELECT
        name,
        CAST(occurred_at AS DATE) AS day,
        min(occurred_at) AS first_at,
        max(occurred_at) AS last_at,
        max(holds_until) AS holds_until
    FROM ($events) AS every_event
    WHERE occurred_at <= $as_of
    GROUP BY name, CAST(occurred_at AS DATE)
),

spans AS (
    SELECT
        name,
        min(first_at) AS first_at,
        max(last_at) AS last_at,
        max(holds_until) AS holds_until,
        max(pause) AS longest_pause,
        -- with 30 pauses behind it, a longer one comes by chance once in some thirty times; a table with less, one of a
        -- few waves, or one with rows on fewer than half of its days, cannot be told from one in which nothing happened
        count(*) > 30 AND count(DISTINCT date_trunc('month', day)) >= 3
        AND count(*) * 2 > date_diff('day', min(day), max(day)) AS is_dense
    FROM (
        SELECT *, date_diff('day', lag(day) OVER (PARTITION BY name ORDER BY day), day) AS pause FROM days
    ) AS with_pauses
    GROUP BY name
),

-- a log that was cut by the date of closing rises to its level, and falls from it, in one step
closed AS (
    SELECT local_month(last_solved_at) AS month, count(*) AS solved
    FROM tickets
    WHERE last_solved_at IS NOT NULL
    GROUP BY local_month(last_solved_at)
),

whole_months AS (
    SELECT
        a.month,
        a.opened,
        CASE WHEN (SELECT count(*) FROM closed) > 0 THEN coalesce(c.solved, 0) ELSE a.opened END AS solved,
        sum(a.opened) OVER (ORDER BY a.opened, a.month) AS reached,
        sum(a.opened) OVER () AS every
    FROM (
        SELECT local_month(created_at) AS month, count(*) AS opened FROM tickets GROUP BY local_month(created_at)
    ) AS a
    LEFT JOIN closed AS c ON c.month = a.month
    WHERE month_end(a.month) <= $as_of
),

steady AS (
    SELECT min(month) FILTER (WHERE solved * 5 >= opened) AS first_month, max(month) AS last_month
    FROM whole_months
    -- the level is that of the month in which the middle one of all tickets was opened: neither thin months nor one that
    -- stands out move it
    WHERE opened >= 50 AND opened * 5 >= (SELECT min(opened) FROM whole_months WHERE reached * 2 >= every)
),

ramps AS (
    SELECT
        CASE WHEN before.opened * 5 <= first.opened OR before.solved * 5 < before.opened THEN
            month_end(CAST(s.first_month - INTERVAL 1 MONTH AS DATE))
        END AS steady_from,
        CASE WHEN after.opened * 5 <= last.opened THEN month_end(s.last_month) END AS steady_until
    FROM steady AS s
    INNER JOIN whole_months AS first ON first.month = s.first_month
    INNER JOIN whole_months AS last ON last.month = s.last_month
    LEFT JOIN whole_months AS before ON before.month = s.first_month - INTERVAL 1 MONTH
    LEFT JOIN whole_months AS after ON after.month = s.last_month + INTERVAL 1 MONTH
),

paid AS (
    SELECT customer_id, max(coalesce(ended_at, TIMESTAMP '9999-01-01')) AS last_end
    FROM subscriptions
    WHERE monthly_amount > 0 AND started_at <= $as_of
    GROUP BY customer_id
),

-- where all who pay at the last start are gone by the export, it was the file that ended, not they
last_start AS (
    SELECT count(*) AS running, count(*) FILTER (WHERE last_end <= $as_of) AS gone, min(last_end) AS first_end
    FROM paid
    WHERE last_end > (SELECT max(started_at) FROM subscriptions WHERE started_at <= $as_of)
),

-- exports as a rule leave out who was lost long ago: nobody can be seen leaving before the first who is lost for good
first_loss AS (SELECT min(last_end) AS lost_at FROM paid WHERE last_end <= $as_of),

found AS (
    SELECT
        s.name,
        s.first_at,
        s.last_at,
        CASE WHEN r.steady_from > s.first_at THEN r.steady_from ELSE s.first_at END AS believed_from,
        CASE WHEN r.steady_from > s.first_at THEN 'ramp-begin' ELSE '' END AS begins,
        CASE
            WHEN r.steady_until < $as_of THEN r.steady_until
            WHEN s.name = 'subscriptions' THEN l.first_end
            WHEN s.is_dense THEN s.holds_until + s.longest_pause * INTERVAL 1 DAY
        END AS seen_until,
        CASE
            WHEN r.steady_until < $as_of THEN 'ramp-end'
            WHEN s.name = 'subscriptions' THEN 'all-end'
            ELSE 'pause'
        END AS ends
    FROM spans AS s
    LEFT JOIN ramps AS r ON s.name = 'tickets'
    LEFT JOIN last_start AS l ON l.running >= 5 AND l.gone * 10 >= l.running * 9
    UNION ALL
    SELECT
        'subscriptions.ended_at',
        s.first_at,
        s.last_at,
        -- who pays now is there in any case, and few have left since a month ago
        CASE WHEN f.lost_at < $as_of - INTERVAL 31 DAY THEN f.lost_at ELSE $as_of - INTERVAL 31 DAY END,
        CASE WHEN f.lost_at IS NULL THEN 'nobody-leaves' ELSE 'survivors' END,
        NULL,
        ''
    FROM spans AS s
    CROSS JOIN first_loss AS f
    WHERE s.name = 'subscriptions'
)

SELECT
    f.name,
    f.first_at,
    f.last_at,
    coalesce(t.complete_from, f.believed_from) AS believed_from,
    coalesce(t.complete_until, CASE WHEN f.seen_until < $as_of THEN f.seen_until ELSE $as_of END) AS believed_until,
    CASE WHEN t.complete_from IS NOT NULL THEN 'stated-begin' ELSE f.begins END AS begins,
    CASE WHEN t.complete_until IS NOT NULL THEN 'stated-end' WHEN f.seen_until < $as_of THEN f.ends ELSE '' END AS ends
FROM found AS f
LEFT JOIN stated AS t ON f.name IN (t.name, concat(t.name, '.ended_at'))
