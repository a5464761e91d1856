-- Notes that keys were used, for all requests since the last time, and not more often than several gateways together need.
-- $1 ids.
UPDATE api_key
SET last_used_at = now()
WHERE id = ANY ($1::text[]) AND coalesce(last_used_at < now() - interval '5 seconds', true)
