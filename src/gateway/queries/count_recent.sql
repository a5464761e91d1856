-- What became of a tenant's tasks lately, and for how long the one that is due longest has waited, among the 10,000 that wait since the longest.
-- Looks at 10,000 tasks for each answer at most: `ended` is how many ended lately, of whichever tenant; at 10,000 there may have been more.
-- Rows are compared and sorted as the indexes have them, see list_tasks.sql.
-- $1 tenant, $2 the first id of the time that counts as lately, $3 its beginning.
SELECT (SELECT count(*)
        FROM (
            SELECT
            FROM task
            WHERE (tenant, id) >= ($1, $2) AND (tenant, id) <= ($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            ORDER BY tenant, id
            LIMIT 10000
        ) AS made) AS created,
       ended.*,
       (SELECT extract(epoch FROM now() - min(run_at))::float8
        FROM (
            SELECT run_at
            FROM task
            WHERE (tenant, state, id) >= ($1, 'queued', '00000000-0000-0000-0000-000000000000')
                  AND (tenant, state, id) <= ($1, 'queued', 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            ORDER BY tenant, state, id
            LIMIT 10000
        ) AS waiting
        WHERE run_at <= now()) AS waits_s
FROM (
    SELECT count(*) AS ended, count(*) FILTER (WHERE tenant = $1 AND state = 'succeeded') AS succeeded,
           count(*) FILTER (WHERE tenant = $1 AND state = 'failed') AS failed,
           count(*) FILTER (WHERE tenant = $1 AND state = 'cancelled') AS cancelled
    FROM (
        SELECT tenant, state
        FROM task
        WHERE NOT feed_trimmed AND finished_at >= $3
        ORDER BY finished_at DESC
        LIMIT 10000
    ) AS recent
) AS ended
