-- Cancels a task that waits, with the last event of its feed, or asks its processor to stop one that runs.
-- The state is judged on the locked row, so a claim in the same moment is seen as a running task. No row: there is nothing to change, because
-- the task is final, was asked to stop before, or does not exist.
-- $1 id, $2 tenant, $3 the time (null: now).
WITH asked AS (
    UPDATE task
    SET state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END,
        finished_at = CASE WHEN state = 'queued' THEN coalesce($3, now()) END,
        last_seq = last_seq + CASE WHEN state = 'queued' THEN 1 ELSE 0 END,
        cancel_requested_at = coalesce($3, now()),
        version = version + 1
    WHERE id = $1 AND tenant = $2 AND (state = 'queued' OR (state = 'running' AND cancel_requested_at IS NULL))
    RETURNING id, state, last_seq
),
story AS (
    INSERT INTO event (task, seq, type) SELECT id, last_seq, 'cancelled' FROM asked WHERE state = 'cancelled'
)
SELECT state FROM asked
