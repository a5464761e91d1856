-- Forgets keys of requests that have expired, the oldest first; every processor runs this, SKIP LOCKED shares the work.
-- $1 how many at most, $2 the time (null: now).
WITH expired AS MATERIALIZED (
    SELECT tenant, key
    FROM idempotency_key
    WHERE expires_at <= coalesce($2::timestamptz, now())
    ORDER BY expires_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED
)
DELETE FROM idempotency_key USING expired WHERE idempotency_key.tenant = expired.tenant AND idempotency_key.key = expired.key
