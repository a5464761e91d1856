-- Takes tasks whose lease ran out from processors that no longer say they live. Every processor runs this; SKIP LOCKED shares the work.
-- $1 crashes after which a task is quarantined, $2 how many at most, $3 the time (null: now).
WITH expired AS MATERIALIZED (
    -- Judged on the locked row, so that a cancel in the same moment is seen.
    SELECT id, CASE WHEN cancel_requested_at IS NOT NULL THEN 'cancelled' WHEN crashes + 1 >= $1::integer THEN 'failed' ELSE 'queued' END AS decided
    FROM task
    WHERE state = 'running' AND lease_until < coalesce($3::timestamptz, now())
    ORDER BY id
    LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED
), rescued AS (
    UPDATE task
    SET state = expired.decided::task_state, lease_until = NULL, processor = NULL, crashes = task.crashes + 1,
        last_seq = task.last_seq + 1, version = task.version + 1, run_at = coalesce($3::timestamptz, now()),
        finished_at = CASE WHEN expired.decided = 'queued' THEN NULL ELSE coalesce($3::timestamptz, now()) END,
        error = CASE expired.decided
            WHEN 'failed' THEN json_build_object(
                'code', 'quarantined',
                'message', format('The analysis crashed, or took its processor down, %s times.', task.crashes + 1),
                'advice', 'It is not tried again by itself. See the outcomes of its attempts; retry it by hand.')
            WHEN 'queued' THEN json_build_object(
                'code', 'lost', 'message', 'The processor stopped responding.', 'advice', 'Nothing to do: it is tried again.')
            END
    FROM expired
    WHERE task.id = expired.id
    RETURNING task.id, task.state, task.attempts, task.last_seq, task.error, task.kind
), closed AS (
    UPDATE attempt
    SET outcome = 'lost', finished_at = coalesce($3::timestamptz, now()), error = rescued.error
    FROM rescued
    WHERE attempt.task = rescued.id AND attempt.number = rescued.attempts
), told AS (
    INSERT INTO event (task, seq, type, attempt, data)
    SELECT id, last_seq,
        (CASE state WHEN 'queued' THEN 'retrying' ELSE state::text END)::event_type, attempts,
        json_build_object('outcome', 'lost', 'error', error)
    FROM rescued
)
SELECT id, state::text, kind FROM rescued
