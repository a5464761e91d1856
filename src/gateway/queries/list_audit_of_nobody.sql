-- As list_audit.sql, of what nobody did who is known: keys that were never any. $1 the last id of the page before, $2 how many.
SELECT id, at, tenant, actor, name, action, object, request, address, detail
FROM audit
WHERE tenant IS NULL AND id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
ORDER BY id DESC
LIMIT $2
