-- Claims up to $3 tasks for processor $1: raises their lease, opens an attempt and tells the feed, in one statement.
-- $1 processor, $2 its name, $3 how many, $4 kinds, $5 seconds of lease, $6 the time (null: now).
-- The order is that of the index task_claimable; SKIP LOCKED lets processors claim side by side.
WITH free AS MATERIALIZED (
    SELECT id
    FROM task
    WHERE state = 'queued' AND run_at <= coalesce($6::timestamptz, now()) AND kind = ANY ($4::text[])
    ORDER BY priority DESC, run_at, id
    LIMIT $3
    FOR NO KEY UPDATE SKIP LOCKED
), claimed AS (
    UPDATE task
    SET state = 'running', lease = task.lease + 1,
        lease_until = coalesce($6::timestamptz, now()) + make_interval(secs => $5::float8),
        processor = $1::uuid, attempts = task.attempts + 1, last_seq = task.last_seq + 1, version = task.version + 1,
        error = NULL, started_at = coalesce(task.started_at, $6::timestamptz, now())
    FROM free
    WHERE task.id = free.id
    RETURNING task.*
), opened AS (
    INSERT INTO attempt (task, number, lease, processor, processor_name, started_at)
    SELECT id, attempts, lease, $1, $2, coalesce($6, now()) FROM claimed
), told AS (
    INSERT INTO event (task, seq, type, attempt, at, data)
    SELECT id, last_seq, 'started', attempts, coalesce($6, clock_timestamp()), json_build_object('processor', $2::text)
    FROM claimed
)
SELECT id, lease, attempts, last_seq, failures, crashes, tenant, kind, params, timeout_s, memory_mb, max_attempts, traceparent,
    (SELECT coalesce(json_agg(given), '[]')
     FROM (SELECT name, filename, sha256, bytes FROM task_input WHERE task_input.task = claimed.id) AS given) AS inputs,
    (SELECT outcome FROM attempt
     WHERE attempt.task = claimed.id AND attempt.number = claimed.attempts - 1) = 'out_of_memory' AS low_memory
FROM claimed
ORDER BY priority DESC, run_at, id
