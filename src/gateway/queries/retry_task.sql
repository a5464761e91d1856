-- Puts a task that failed or was cancelled back into the queue, perhaps with other params, limits or another priority. Its feed goes on, and so
-- do its attempts and its lease: whoever held that before is stale all the more. Its failures and crashes count anew.
-- No row: it is not as it was when that was decided.
-- $1 id, $2 tenant, $3 version that was looked at, $4 params, $5 priority, $6 timeout_s, $7 memory_mb, $8 max_attempts, $9 version of the kind,
-- $10 digest of kind and params, $11 data of the event.
WITH again AS (
    UPDATE task
    SET state = 'queued', run_at = now(), failures = 0, crashes = 0, cancel_requested_at = NULL, error = NULL, finished_at = NULL,
        params = $4::json, params_bytes = octet_length($4::json::text), priority = $5, timeout_s = $6, memory_mb = $7, max_attempts = $8, kind_version = $9,
        digest = sha256($10 || convert_to(coalesce(
            (SELECT string_agg(sha256 || ' ' || name, E'\n' ORDER BY name COLLATE "C") FROM task_input WHERE task_input.task = task.id), ''
        ), 'UTF8')),
        last_seq = last_seq + 1, version = version + 1, feed_trimmed = false
    WHERE id = $1 AND tenant = $2 AND version = $3 AND state IN ('failed', 'cancelled')
    RETURNING id, last_seq
),
story AS (
    INSERT INTO event (task, seq, type, data) SELECT id, last_seq, 'queued', $11::json FROM again
)
SELECT id FROM again
