-- In how many seconds the next queued task is due, of those that could be claimed then; null if there is none.
-- $1 kinds, $2 with those that are due already, $3 the time (null: now).
-- It hops over the index as claim_tasks.sql does, so that its cost does not grow with the queue.
WITH RECURSIVE road (tenant, kind) AS (
    (SELECT tenant, kind FROM task WHERE state = 'queued' ORDER BY tenant, kind LIMIT 1)
    UNION ALL
    SELECT next.tenant, next.kind
    FROM road CROSS JOIN LATERAL (
        SELECT tenant, kind FROM task
        WHERE state = 'queued' AND (tenant, kind) > (road.tenant, road.kind)
        ORDER BY tenant, kind LIMIT 1
    ) AS next
)
SELECT extract(epoch FROM min(first.run_at) - coalesce($3::timestamptz, now()))::float8
FROM road CROSS JOIN LATERAL (
    SELECT run_at FROM task
    WHERE state = 'queued' AND tenant = road.tenant AND kind = road.kind
        AND run_at > CASE WHEN $2::boolean THEN '-infinity' ELSE coalesce($3::timestamptz, now()) END
    ORDER BY run_at LIMIT 1
) AS first
WHERE road.kind = ANY ($1::text[])
