-- One artifact of a task of this tenant.
-- $1 task, $2 tenant, $3 name.
SELECT artifact.name, artifact.sha256, artifact.bytes, artifact.media_type
FROM artifact
JOIN task ON task.id = artifact.task
WHERE artifact.task = $1 AND task.tenant = $2 AND artifact.name = $3
