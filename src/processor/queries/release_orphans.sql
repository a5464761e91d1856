-- Hands back tasks that this processor claimed without knowing: the answer to a claim was lost with its connection.
-- One that somebody asked to cancel meanwhile is cancelled instead.
-- $1 processor, $2 tasks it knows of, $3 how long ago, in seconds, the attempt must have begun: a claim may just be on its way.
WITH orphan AS MATERIALIZED (
    SELECT task.id, (CASE WHEN task.cancel_requested_at IS NULL THEN 'queued' ELSE 'cancelled' END)::task_state AS state
    FROM task JOIN attempt ON attempt.task = task.id AND attempt.number = task.attempts
    WHERE task.state = 'running' AND task.processor = $1 AND task.id <> ALL ($2::uuid[])
        AND attempt.started_at < now() - make_interval(secs => $3::float8)
    ORDER BY task.id
    FOR NO KEY UPDATE OF task SKIP LOCKED
), released AS (
    UPDATE task
    SET state = orphan.state, lease_until = NULL, processor = NULL, last_seq = task.last_seq + 1, version = task.version + 1,
        finished_at = CASE WHEN orphan.state = 'cancelled' THEN now() END
    FROM orphan
    WHERE task.id = orphan.id
    RETURNING task.id, task.state, task.kind, task.attempts, task.last_seq
), closed AS (
    UPDATE attempt SET outcome = 'interrupted', finished_at = now()
    FROM released
    WHERE attempt.task = released.id AND attempt.number = released.attempts
), told AS (
    INSERT INTO event (task, seq, type, attempt, data)
    SELECT id, last_seq, (CASE state WHEN 'queued' THEN 'retrying' ELSE 'cancelled' END)::event_type, attempts, '{"outcome":"interrupted"}'
    FROM released
)
SELECT id, state::text, kind FROM released
