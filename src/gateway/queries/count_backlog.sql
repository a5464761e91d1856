-- How the queue of all tenants stands, by kind: tasks that wait and those that run, among the first 100,000 of each, and for how long the one
-- that is due longest has waited. That one is found by hopping over task_due from one road (tenant, kind) to the next, 1,000 roads at most:
-- each holds its tasks by run_at, so its first is its oldest.
WITH RECURSIVE road AS (
    (SELECT tenant, kind, run_at, 1 AS number
     FROM task
     WHERE state = 'queued'
     ORDER BY tenant, kind, run_at
     LIMIT 1)
    UNION ALL
    SELECT following.*, road.number + 1
    FROM road CROSS JOIN LATERAL (
        SELECT tenant, kind, run_at
        FROM task
        WHERE state = 'queued' AND (tenant, kind) > (road.tenant, road.kind)
        ORDER BY tenant, kind, run_at
        LIMIT 1
    ) AS following
    WHERE road.number < 1000
),
waiting AS (
    SELECT kind, count(*) AS tasks FROM (SELECT kind FROM task WHERE state = 'queued' LIMIT 100000) AS taken GROUP BY kind
),
working AS (
    SELECT kind, count(*) AS tasks FROM (SELECT kind FROM task WHERE state = 'running' LIMIT 100000) AS taken GROUP BY kind
)
SELECT known.kind, coalesce(waiting.tasks, 0) AS queued, coalesce(working.tasks, 0) AS running,
       (SELECT greatest(extract(epoch FROM now() - min(road.run_at)), 0)::float8 FROM road WHERE road.kind = known.kind) AS waits_s
FROM (SELECT DISTINCT name AS kind FROM kind) AS known
     LEFT JOIN waiting ON waiting.kind = known.kind
     LEFT JOIN working ON working.kind = known.kind
ORDER BY known.kind
