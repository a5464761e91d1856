-- Cancels tasks that wait, with the last event of their feeds, or asks their processors to stop those that run.
-- The state is judged on the locked row, so a claim in the same moment is seen as a running task. Those it does not return are not changed: they
-- are final, were asked to stop before, or do not exist. Rows are locked in the order of their ids, so that none wait in a circle.
-- $1 ids, $2 tenant, $3 the time (null: now).
WITH found AS MATERIALIZED (
    SELECT id
    FROM task
    WHERE id = ANY ($1::uuid[]) AND tenant = $2 AND (state = 'queued' OR (state = 'running' AND cancel_requested_at IS NULL))
    ORDER BY id
    FOR NO KEY UPDATE
),
asked AS (
    UPDATE task
    SET state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END,
        finished_at = CASE WHEN state = 'queued' THEN coalesce($3, now()) END,
        last_seq = last_seq + CASE WHEN state = 'queued' THEN 1 ELSE 0 END,
        cancel_requested_at = coalesce($3, now()),
        version = version + 1
    WHERE id = ANY (ARRAY(SELECT id FROM found))
    RETURNING id, state, last_seq
),
story AS (
    INSERT INTO event (task, seq, type) SELECT id, last_seq, 'cancelled' FROM asked WHERE state = 'cancelled'
)
SELECT id, state FROM asked
