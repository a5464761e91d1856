-- Removes the feeds of tasks that ended long ago, but for the last event of each, which tells how it ended. Every processor runs this; SKIP LOCKED
-- shares the work. A watcher with an older cursor is told `reset`.
-- $1 the time before which a task must have ended, $2 how many tasks at most, $3 how many events at most, except those of the first task.
WITH ended AS MATERIALIZED (
    SELECT id, last_seq
    FROM task
    WHERE NOT feed_trimmed AND finished_at < $1
    ORDER BY finished_at
    LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED
), chosen AS MATERIALIZED (
    -- An array instead of a join, here and below: whatever the planner believes about numbers, rows are found by their primary key.
    SELECT coalesce(array_agg(id), '{}') AS ids
    FROM (SELECT id, sum(last_seq) OVER (ORDER BY id) - last_seq AS events_before FROM ended) AS counted
    WHERE events_before < $3
), trimmed AS (
    UPDATE task SET feed_trimmed = true WHERE id = ANY ((SELECT ids FROM chosen)::uuid[])
), removed AS (
    DELETE FROM event
    WHERE task = ANY ((SELECT ids FROM chosen)::uuid[]) AND seq < (SELECT last_seq FROM task WHERE task.id = event.task)
    RETURNING seq
)
SELECT (SELECT cardinality(ids) FROM chosen) AS feeds, (SELECT count(*) FROM removed) AS events
