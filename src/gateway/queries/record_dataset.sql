-- Records bytes that were handed in, or finds the row of the same bytes under the same name and notes that they were handed in again: so
-- retention, which may just be about to remove them, leaves them.
-- No row: another request recorded them after this statement began, or retention has removed them; then it must be run again.
-- $1 id, $2 tenant, $3 name, $4 sha256, $5 bytes, $6 media type.
WITH recorded AS (
    INSERT INTO dataset (id, tenant, name, sha256, bytes, media_type)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT ON CONSTRAINT dataset_handed_in_once DO NOTHING
    RETURNING id, name, sha256, bytes, media_type, created_at
),
again AS (
    UPDATE dataset
    SET handed_in_at = now()
    WHERE tenant = $2 AND name = $3 AND sha256 = $4 AND NOT EXISTS (SELECT FROM recorded)
    RETURNING id, name, sha256, bytes, media_type, created_at
)
SELECT id, name, sha256, bytes, media_type, created_at, true AS is_new FROM recorded
UNION ALL
SELECT id, name, sha256, bytes, media_type, created_at, false AS is_new FROM again
