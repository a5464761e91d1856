-- A key, and who made it: the operator, at the command line.
-- $1 id, $2 tenant, $3 role, $4 name, $5 hash, $6 for how long (null: for ever), $7 requests a second (null: as the gateways' settings say),
-- $8 id of the audit's entry.
WITH made AS (
    INSERT INTO api_key (id, tenant, role, name, hash, expires_at, requests_per_s)
    VALUES ($1, $2, $3::key_role, $4, $5, now() + $6::interval, $7)
    RETURNING id, tenant, role, expires_at
),
noted AS (
    INSERT INTO audit (id, tenant, action, object, detail)
    SELECT $8, tenant, 'key.create', id, json_build_object('role', role, 'by', 'operator') FROM made
)
SELECT id, expires_at FROM made
