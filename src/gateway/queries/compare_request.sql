-- Whether the tenant's task with this id was asked for by the same request; no row: the tenant has no such task.
-- $1 id, $2 tenant, $3 digest of the request.
SELECT coalesce(request_digest = $3, false) AS is_same FROM task WHERE id = $1 AND tenant = $2
