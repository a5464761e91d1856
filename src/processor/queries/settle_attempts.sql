-- Ends attempts, all that belongs to each in one statement: task, attempt, last event, result, last progress, artifacts.
-- In step, each task once: $1 task, $2 lease, $3 the task's next state, $4 outcome, $5 type of the event, $6 error, $7 data of the event, $8 result
-- (null unless succeeded), $9 peak memory, $10 CPU seconds, $11 seconds until it may run again, $12 counts as a failure,
-- $13 counts as a crash, $14 progress that is not written yet (null: none). Artifacts, in step: $15 task, $16 name, $17 sha256, $18 bytes,
-- $19 media type. $20 the time (null: now).
-- A task that somebody asked to cancel while it ran does not go back into the queue: it is cancelled instead, whatever ended its attempt.
-- Returns the tasks that were settled; the others' leases are lost and nothing of theirs is kept.
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(
        $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
        $10::float8[], $11::float8[], $12::boolean[], $13::boolean[], $14::text[]
    ) AS given (task, lease, state, outcome, type, error, data, body, peak, cpu, delay, is_failure, is_crash, progress)
), held AS MATERIALIZED (
    -- Judged on the locked row, so that a cancel in the same moment is seen.
    SELECT task.id, CASE WHEN given.state = 'queued' AND task.cancel_requested_at IS NOT NULL THEN 'cancelled' ELSE given.state END AS state
    FROM task JOIN given ON task.id = given.task AND task.state = 'running' AND task.lease = given.lease
    ORDER BY task.id
    FOR NO KEY UPDATE OF task
), settled AS (
    UPDATE task
    SET state = held.state::task_state, lease_until = NULL, processor = NULL,
        failures = task.failures + given.is_failure::integer, crashes = task.crashes + given.is_crash::integer,
        last_seq = task.last_seq + 1, version = task.version + 1,
        error = CASE WHEN held.state <> 'cancelled' THEN given.error::json END,
        run_at = CASE WHEN held.state = 'queued'
            THEN coalesce($20::timestamptz, now()) + make_interval(secs => given.delay) ELSE task.run_at END,
        finished_at = CASE WHEN held.state = 'queued' THEN NULL ELSE coalesce($20::timestamptz, now()) END
    FROM given JOIN held ON held.id = given.task
    WHERE task.id = given.task
    RETURNING task.id, task.lease, task.attempts, task.last_seq, given.outcome, given.error,
        CASE WHEN held.state = given.state THEN given.type ELSE held.state END AS type,
        CASE WHEN held.state = given.state THEN given.data ELSE json_build_object('outcome', given.outcome)::text END AS data,
        given.body, given.peak, given.cpu, given.progress
), closed AS (
    UPDATE attempt
    SET outcome = settled.outcome::attempt_outcome, finished_at = coalesce($20::timestamptz, now()),
        error = settled.error::json, peak_memory_bytes = settled.peak, cpu_seconds = settled.cpu
    FROM settled
    WHERE attempt.task = settled.id AND attempt.number = settled.attempts
), told AS (
    INSERT INTO event (task, seq, type, attempt, data)
    SELECT id, last_seq, type::event_type, attempts, data::json FROM settled
), kept AS (
    INSERT INTO result (task, lease, body, bytes)
    SELECT id, lease, body::json, octet_length(body) FROM settled WHERE body IS NOT NULL
    ON CONFLICT (task) DO UPDATE SET lease = excluded.lease, body = excluded.body, bytes = excluded.bytes, created_at = now()
), shown AS (
    INSERT INTO progress (task, lease, data)
    SELECT id, lease, progress::json FROM settled WHERE progress IS NOT NULL
    ON CONFLICT (task) DO UPDATE
    SET lease = excluded.lease, rev = progress.rev + 1, at = now(), data = excluded.data
    WHERE progress.lease <= excluded.lease
), filed AS (
    INSERT INTO artifact (task, name, sha256, bytes, media_type)
    SELECT settled.id, made.name, made.sha256, made.bytes, made.media_type
    FROM settled JOIN unnest($15::uuid[], $16::text[], $17::text[], $18::bigint[], $19::text[])
        AS made (task, name, sha256, bytes, media_type) ON made.task = settled.id
    ON CONFLICT (task, name) DO UPDATE
    SET sha256 = excluded.sha256, bytes = excluded.bytes, media_type = excluded.media_type, created_at = now()
)
SELECT id FROM settled
