-- What a key stands for while it is kept. $1 tenant, $2 key.
SELECT request, tasks FROM idempotency_key WHERE tenant = $1 AND key = $2 AND expires_at > now()
