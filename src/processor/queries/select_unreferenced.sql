-- Those of some digests that nothing refers to: no dataset, no artifact, and no task that is still to run with a dataset that is gone.
-- $1 digests.
SELECT candidate.sha256
FROM unnest($1::text[]) AS candidate (sha256)
WHERE NOT EXISTS (SELECT FROM dataset WHERE dataset.sha256 = candidate.sha256)
    AND NOT EXISTS (SELECT FROM artifact WHERE artifact.sha256 = candidate.sha256)
    AND NOT EXISTS (
        SELECT FROM task_input JOIN task ON task.id = task_input.task
        WHERE task_input.dataset IS NULL AND task_input.sha256 = candidate.sha256 AND task.finished_at IS NULL
    )
