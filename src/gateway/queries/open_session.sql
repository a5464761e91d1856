-- Lets a browser in until a time, or until its key expires, and forgets sessions that have expired.
-- $1 id, $2 hash, $3 key, $4 how long.
WITH expired AS (
    DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_at < now() ORDER BY expires_at LIMIT 100)
)
INSERT INTO session (id, hash, key, expires_at) VALUES ($1, $2, $3, now() + $4::interval)
