-- Revokes a key, with the sessions that it opened. Once more changes nothing. No row: there is none.
-- $1 id, $2 id of the audit's entry.
WITH revoked AS (
    UPDATE api_key SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING id, tenant
),
noted AS (
    INSERT INTO audit (id, tenant, action, object, detail)
    SELECT $2, tenant, 'key.revoke', id, json_build_object('by', 'operator') FROM revoked
)
SELECT id, tenant, name FROM api_key WHERE id = $1
