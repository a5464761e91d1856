-- The tenants that were made, with what they may have; null: what the gateways' settings say.
SELECT name, most_datasets, most_stored_bytes, most_queued,
       (SELECT max_running FROM cap WHERE cap.tenant = tenant.name AND cap.kind IS NULL) AS most_running,
       (SELECT count(*) FROM api_key WHERE api_key.tenant = tenant.name AND revoked_at IS NULL AND coalesce(expires_at > now(), true)) AS keys
FROM tenant
ORDER BY name
