-- One page of a tenant's audit, newest first, after a cursor.
-- $1 tenant, $2 the last id of the page before (null: the first page), $3 how many.
SELECT id, at, tenant, actor, name, action, object, request, address, detail
FROM audit
WHERE tenant = $1 AND id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
ORDER BY id DESC
LIMIT $3
