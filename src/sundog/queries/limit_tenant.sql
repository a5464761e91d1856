-- Gives a tenant limits of its own; null leaves one as it is, a number below 0 takes it away.
-- $1 name, $2 datasets, $3 bytes in them, $4 waiting tasks, $5 id of the audit's entry.
WITH limited AS (
    INSERT INTO tenant AS known (name, most_datasets, most_stored_bytes, most_queued)
    VALUES ($1, nullif(greatest($2::integer, -1), -1), nullif(greatest($3::bigint, -1), -1), nullif(greatest($4::integer, -1), -1))
    ON CONFLICT (name) DO UPDATE
    SET most_datasets = CASE WHEN $2 IS NULL THEN known.most_datasets ELSE excluded.most_datasets END,
        most_stored_bytes = CASE WHEN $3 IS NULL THEN known.most_stored_bytes ELSE excluded.most_stored_bytes END,
        most_queued = CASE WHEN $4 IS NULL THEN known.most_queued ELSE excluded.most_queued END
    RETURNING name, most_datasets, most_stored_bytes, most_queued
),
noted AS (
    INSERT INTO audit (id, tenant, action, object, detail) SELECT $5, name, 'tenant.limit', name, to_json(limited) FROM limited
)
SELECT name, most_datasets, most_stored_bytes, most_queued FROM limited
