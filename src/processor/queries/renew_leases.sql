-- The heartbeat of all attempts of one processor in one statement; those it does not return are lost.
-- $1 tasks, $2 leases (in step), $3 seconds of lease, $4 the time (null: now). Touches no index: HOT.
-- A row that somebody has locked at this moment is left out and still returned: its lease lasts until the next heartbeats. To wait for
-- it would let the leases of all the others run out.
WITH mine AS MATERIALIZED (
    SELECT task.id, task.lease, task.cancel_requested_at IS NOT NULL AS cancel_requested
    FROM task JOIN unnest($1::uuid[], $2::bigint[]) AS given (task, lease)
        ON task.id = given.task AND task.state = 'running' AND task.lease = given.lease
), free AS MATERIALIZED (
    SELECT task.id
    FROM task JOIN mine ON task.id = mine.id AND task.state = 'running' AND task.lease = mine.lease
    ORDER BY task.id
    FOR NO KEY UPDATE OF task SKIP LOCKED
), renewed AS (
    UPDATE task
    SET lease_until = coalesce($4::timestamptz, now()) + make_interval(secs => $3::float8)
    FROM free
    WHERE task.id = free.id
)
SELECT id, lease, cancel_requested FROM mine
