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
    SELECT id, last_seq
    FROM (SELECT id, last_seq, sum(last_seq) OVER (ORDER BY id) - last_seq AS events_before FROM ended) AS counted
    WHERE events_before < $3
), trimmed AS (
    UPDATE task SET feed_trimmed = true FROM chosen WHERE task.id = chosen.id
), removed AS (
    DELETE FROM event USING chosen WHERE event.task = chosen.id AND event.seq < chosen.last_seq RETURNING event.seq
)
SELECT (SELECT count(*) FROM chosen) AS feeds, (SELECT count(*) FROM removed) AS events
