-- How many tasks of a tenant wait and run, by kind, each counted up to 10,000. Of all kinds that were ever announced.
-- Rows are compared and sorted as the indexes have them, see list_tasks.sql.
-- $1 tenant.
SELECT known.kind,
       (SELECT count(*)
        FROM (
            SELECT
            FROM task
            WHERE state = 'queued' AND (tenant, kind) >= ($1, known.kind) AND (tenant, kind) <= ($1, known.kind)
            ORDER BY tenant, kind
            LIMIT 10000
        ) AS waiting) AS queued,
       (SELECT count(*)
        FROM (
            SELECT
            FROM task
            WHERE state = 'running' AND (tenant, kind) >= ($1, known.kind) AND (tenant, kind) <= ($1, known.kind)
            ORDER BY tenant, kind
            LIMIT 10000
        ) AS working) AS running
FROM (SELECT DISTINCT name AS kind FROM kind) AS known
ORDER BY known.kind
