-- One page of a tenant's datasets, newest first, after a cursor.
-- $1 tenant, $2 the last id of the page before (null: the first page), $3 how many.
SELECT id, name, sha256, bytes, media_type, created_at
FROM dataset
WHERE tenant = $1 AND id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
ORDER BY id DESC
LIMIT $3
