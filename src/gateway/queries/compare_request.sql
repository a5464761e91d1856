-- Whether the task with this id was asked for by the same request; no row: there is no such task. Another tenant's was not.
-- $1 id, $2 tenant, $3 digest of the request.
SELECT tenant = $2 AND coalesce(request_digest = $3, false) AS is_same FROM task WHERE id = $1
