-- As retry_task.sql, for several, each as it was asked for. Those it does not return are not changed: they did not fail and were not cancelled,
-- their inputs are gone, or they do not exist. Rows are locked in the order of their ids, so that none wait in a circle.
-- $1 ids, $2 tenant, $3 kinds and $4 their versions now, in step, $5 data of the events.
WITH found AS MATERIALIZED (
    SELECT id
    FROM task
    WHERE id = ANY ($1::uuid[]) AND tenant = $2 AND state IN ('failed', 'cancelled')
          AND NOT EXISTS (SELECT FROM task_input WHERE task_input.task = task.id AND dataset IS NULL)
    ORDER BY id
    FOR NO KEY UPDATE
),
again AS (
    UPDATE task
    SET state = 'queued', run_at = now(), failures = 0, crashes = 0, cancel_requested_at = NULL, error = NULL, finished_at = NULL,
        kind_version = coalesce(
            (SELECT known.version FROM unnest($3::text[], $4::text[]) AS known (kind, version) WHERE known.kind = task.kind), kind_version
        ),
        last_seq = last_seq + 1, version = version + 1, feed_trimmed = false
    WHERE id = ANY (ARRAY(SELECT id FROM found))
    RETURNING id, kind, last_seq
),
story AS (
    INSERT INTO event (task, seq, type, data) SELECT id, last_seq, 'queued', $5::json FROM again
)
SELECT id, kind FROM again
