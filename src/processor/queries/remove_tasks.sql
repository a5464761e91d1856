-- Removes tasks that ended long ago, with all that belongs to them; their inputs and tags go by their foreign keys. Only those whose feed was
-- trimmed (trim_feeds.sql), so that few events are left and the statement stays short. Every processor runs this; SKIP LOCKED shares the work.
-- $1 the time before which a task must have ended, $2 how many at most.
WITH ended AS MATERIALIZED (
    SELECT id
    FROM task
    WHERE feed_trimmed AND finished_at < $1
    ORDER BY finished_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
), events AS (
    DELETE FROM event USING ended WHERE event.task = ended.id
), progresses AS (
    DELETE FROM progress USING ended WHERE progress.task = ended.id
), attempts AS (
    DELETE FROM attempt USING ended WHERE attempt.task = ended.id
), results AS (
    DELETE FROM result USING ended WHERE result.task = ended.id
), artifacts AS (
    DELETE FROM artifact USING ended WHERE artifact.task = ended.id
), removed AS (
    DELETE FROM task USING ended WHERE task.id = ended.id RETURNING task.id
)
SELECT count(*) FROM removed
