-- Takes some of the requests that a key may still send; they come back with time, up to the size of its bucket. Gives how many were taken, perhaps 0.
-- Several gateways at once wait for each other here, so that together they never take more than there are.
-- $1 key, $2 how many are wanted, $3 how many come back a second, $4 size of the bucket, $5 the time (null: now).
INSERT INTO bucket (key, tokens, taken, at)
VALUES ($1, $4::float8 - least($2::float8, $4), least($2::float8, $4), coalesce($5, clock_timestamp()))
ON CONFLICT (key) DO UPDATE
SET (tokens, taken, at) = (
    SELECT filled.tokens - floor(least($2::float8, filled.tokens)), floor(least($2::float8, filled.tokens)), greatest(bucket.at, excluded.at)
    FROM (
        SELECT least($4::float8, bucket.tokens + $3::float8 * greatest(0, extract(epoch FROM excluded.at - bucket.at)::float8)) AS tokens
    ) AS filled
)
RETURNING taken
