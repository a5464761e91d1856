-- One dataset; another tenant's is none.
-- $1 id, $2 tenant.
SELECT id, name, sha256, bytes, media_type, created_at FROM dataset WHERE id = $1 AND tenant = $2
