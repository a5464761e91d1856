-- The artifacts of a task, in one row, so that a task without any can be told from no task.
-- $1 id, $2 tenant.
SELECT (SELECT coalesce(
                   json_agg(
                       json_build_object('name', name, 'bytes', bytes, 'sha256', sha256, 'media_type', media_type) ORDER BY name
                   ),
                   '[]'
               )
        FROM artifact
        WHERE artifact.task = task.id) AS artifacts
FROM task
WHERE task.id = $1 AND task.tenant = $2
