-- Gives a tenant limits of its own; null leaves one as it is, a number below 0 takes it away.
-- $1 name, $2 datasets, $3 bytes in them, $4 waiting tasks, $5 running tasks (its row in cap), $6 id of the audit's entry.
WITH limited AS (
    INSERT INTO tenant AS known (name, most_datasets, most_stored_bytes, most_queued)
    VALUES ($1, nullif(greatest($2::integer, -1), -1), nullif(greatest($3::bigint, -1), -1), nullif(greatest($4::integer, -1), -1))
    ON CONFLICT (name) DO UPDATE
    SET most_datasets = CASE WHEN $2 IS NULL THEN known.most_datasets ELSE excluded.most_datasets END,
        most_stored_bytes = CASE WHEN $3 IS NULL THEN known.most_stored_bytes ELSE excluded.most_stored_bytes END,
        most_queued = CASE WHEN $4 IS NULL THEN known.most_queued ELSE excluded.most_queued END
    RETURNING name, most_datasets, most_stored_bytes, most_queued
),
uncapped AS (
    DELETE FROM cap WHERE tenant = $1 AND kind IS NULL AND $5::integer < 0
),
capped AS (
    INSERT INTO cap (tenant, kind, max_running)
    SELECT $1, NULL, $5 WHERE $5 >= 0
    ON CONFLICT ON CONSTRAINT cap_stated_once DO UPDATE SET max_running = excluded.max_running
),
shown AS (
    SELECT limited.*,
           CASE WHEN $5 >= 0 THEN $5 WHEN $5 IS NULL THEN cap.max_running END AS most_running
    FROM limited
    LEFT JOIN cap ON cap.tenant = name AND cap.kind IS NULL
),
noted AS (
    INSERT INTO audit (id, tenant, action, object, detail) SELECT $6, name, 'tenant.limit', name, to_json(shown) FROM shown
)
SELECT * FROM shown
