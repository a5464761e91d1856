-- Tasks as gateway.task_view shows them, newest first: the one statement that says what a caller sees of a task.
-- Looked up by id, so that its cost is that of the rows it gives; who lists or watches finds the ids first.
-- Progress of a lease that is over is not shown: the present attempt has not come that far.
-- $1 ids, $2 tenant (null: of all), $3 with attempts.
SELECT task.id, task.version, task.tenant, task.kind, task.state, task.params, task.priority, task.run_at, task.timeout_s,
       task.memory_mb, task.max_attempts, task.tags, task.error, task.created_at, task.started_at, task.finished_at,
       task.cancel_requested_at, progress.rev AS progress_rev, progress.data AS progress,
       (SELECT json_object_agg(
                   input.name,
                   json_build_object('id', input.dataset, 'name', input.filename, 'bytes', input.bytes) ORDER BY input.name
               )
        FROM task_input AS input
        WHERE input.task = task.id) AS inputs,
       CASE WHEN $3::boolean THEN
           (SELECT json_agg(
                       json_build_object(
                           'attempt', attempt.number, 'processor', attempt.processor_name,
                           'started_at', attempt.started_at, 'finished_at', attempt.finished_at,
                           'outcome', attempt.outcome, 'error', attempt.error,
                           'peak_memory_bytes', attempt.peak_memory_bytes, 'cpu_seconds', attempt.cpu_seconds
                       ) ORDER BY attempt.number
                   )
            FROM attempt
            WHERE attempt.task = task.id)
       END AS attempts
FROM task
LEFT JOIN progress ON progress.task = task.id AND progress.lease = task.lease
WHERE task.id = ANY($1::uuid[]) AND ($2::text IS NULL OR task.tenant = $2)
ORDER BY task.id DESC
