-- The heartbeat of all tasks of one processor in one statement; those it does not return are lost.
-- $1 tasks, $2 leases (in step), $3 seconds of lease, $4 the time (null: now). Touches no index: HOT.
-- Rows are locked in the order of their ids, as every statement here that locks several does, so that none wait in a circle.
WITH held AS MATERIALIZED (
    SELECT task.id
    FROM task JOIN unnest($1::uuid[], $2::bigint[]) AS given (task, lease)
        ON task.id = given.task AND task.state = 'running' AND task.lease = given.lease
    ORDER BY task.id
    FOR NO KEY UPDATE OF task
)
UPDATE task
SET lease_until = coalesce($4::timestamptz, now()) + make_interval(secs => $3::float8)
FROM held
WHERE task.id = held.id
RETURNING task.id, task.cancel_requested_at IS NOT NULL AS cancel_requested
