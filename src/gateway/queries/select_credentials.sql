-- Keys and sessions as the gateway needs them to know a caller. How long each still holds is told by the
-- database's clock.
-- $1 ids of keys, $2 ids of sessions.
SELECT false AS is_session, api_key.id, api_key.hash, api_key.id AS key, api_key.name, api_key.tenant, api_key.role, api_key.requests_per_s,
       api_key.revoked_at IS NOT NULL AS is_revoked, extract(epoch FROM api_key.expires_at - now())::float8 AS ends_in_s
FROM api_key
WHERE api_key.id = ANY ($1::text[])
UNION ALL
SELECT true, session.id, session.hash, api_key.id, api_key.name, api_key.tenant, api_key.role, api_key.requests_per_s,
       api_key.revoked_at IS NOT NULL, extract(epoch FROM least(session.expires_at, api_key.expires_at) - now())::float8
FROM session
JOIN api_key ON api_key.id = session.key
WHERE session.id = ANY ($2::text[])
