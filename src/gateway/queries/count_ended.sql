-- What became of tasks of all tenants since a time, by kind; among the 10,000 that ended last.
-- $1 the time.
SELECT kind, state::text AS state, count(*) AS tasks
FROM (
    SELECT kind, state
    FROM task
    WHERE NOT feed_trimmed AND finished_at >= $1
    ORDER BY finished_at DESC
    LIMIT 10000
) AS recent
GROUP BY kind, state
