-- Keys and sessions as the gateway needs them to know a caller, with what is granted to their tenants. How long each still holds is told by the
-- database's clock.
-- $1 ids of keys, $2 ids of sessions.
SELECT false AS is_session, api_key.id, api_key.hash, api_key.id AS key, api_key.name, api_key.tenant, api_key.role, api_key.requests_per_s,
       api_key.revoked_at IS NOT NULL AS is_revoked, extract(epoch FROM api_key.expires_at - now())::float8 AS ends_in_s,
       tenant.most_datasets, tenant.most_stored_bytes, tenant.most_queued
FROM api_key
JOIN tenant ON tenant.name = api_key.tenant
WHERE api_key.id = ANY ($1::text[])
UNION ALL
SELECT true, session.id, session.hash, api_key.id, api_key.name, api_key.tenant, api_key.role, api_key.requests_per_s,
       api_key.revoked_at IS NOT NULL, extract(epoch FROM least(session.expires_at, api_key.expires_at) - now())::float8,
       tenant.most_datasets, tenant.most_stored_bytes, tenant.most_queued
FROM session
JOIN api_key ON api_key.id = session.key
JOIN tenant ON tenant.name = api_key.tenant
WHERE session.id = ANY ($2::text[])
