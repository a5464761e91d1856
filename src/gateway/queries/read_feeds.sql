-- Where the feeds of several tasks stand now: one read a batch for all that are watched, whatever the number of watchers.
-- $1 tasks, $2 the rev of the progress that is known of each, in step. Progress is given only if it is newer, and only
-- while the lease that wrote it holds.
SELECT task.id, task.tenant, task.state, task.version, task.lease, task.last_seq, progress.rev, progress.data AS progress
FROM unnest($1::uuid[], $2::bigint[]) AS watched (task, rev)
JOIN task ON task.id = watched.task
LEFT JOIN progress ON progress.task = task.id AND progress.lease = task.lease AND progress.rev > watched.rev
    AND task.state = 'running'
