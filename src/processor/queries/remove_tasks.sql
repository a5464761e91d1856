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
), chosen AS MATERIALIZED (
    -- An array instead of joins: whatever the planner believes about numbers, rows are found by their primary key.
    SELECT coalesce(array_agg(id), '{}') AS ids FROM ended
), events AS (
    DELETE FROM event WHERE task = ANY ((SELECT ids FROM chosen)::uuid[])
), progresses AS (
    DELETE FROM progress WHERE task = ANY ((SELECT ids FROM chosen)::uuid[])
), attempts AS (
    DELETE FROM attempt WHERE task = ANY ((SELECT ids FROM chosen)::uuid[])
), results AS (
    DELETE FROM result WHERE task = ANY ((SELECT ids FROM chosen)::uuid[])
), artifacts AS (
    DELETE FROM artifact WHERE task = ANY ((SELECT ids FROM chosen)::uuid[])
), removed AS (
    DELETE FROM task WHERE id = ANY ((SELECT ids FROM chosen)::uuid[]) RETURNING id
)
SELECT count(*) FROM removed
