-- Overwrites the present progress of several tasks. $1 task, $2 lease, $3 data; in step.
-- It locks no task: the row carries the lease that wrote it, an older lease never replaces a newer one's, and readers show it only
-- while the lease is the task's. So a stale writer's progress is nowhere to be seen, and the hot row of the task stays untouched.
INSERT INTO progress (task, lease, data)
SELECT given.task, given.lease, given.data::json
FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS given (task, lease, data)
    JOIN task ON task.id = given.task AND task.state = 'running' AND task.lease = given.lease
ORDER BY given.task
ON CONFLICT (task) DO UPDATE
SET lease = excluded.lease, rev = progress.rev + 1, at = now(), data = excluded.data
WHERE progress.lease <= excluded.lease
RETURNING task
