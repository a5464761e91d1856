-- All keys, or those of a tenant. $1 tenant (null: of all).
SELECT id, tenant, role::text, name, requests_per_s, created_at, expires_at, revoked_at, last_used_at,
       CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired' ELSE 'valid' END AS state
FROM api_key
WHERE $1::text IS NULL OR tenant = $1
ORDER BY tenant, created_at, id
