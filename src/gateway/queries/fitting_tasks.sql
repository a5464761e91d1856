-- The first of some tasks, newest first, whose params are together not larger than a limit, and how large these are; always
-- one of them. Params of a release that did not count are counted here.
-- $1 ids, $2 bytes.
SELECT array_agg(id ORDER BY id DESC) AS ids, sum(bytes) AS bytes
FROM (
    SELECT id, bytes, sum(bytes) OVER (ORDER BY id DESC) - bytes AS bytes_before
    FROM (
        SELECT id, coalesce(params_bytes, octet_length(params::text)) AS bytes
        FROM task
        WHERE id = ANY($1::uuid[])
    ) AS counted
) AS sized
WHERE bytes_before <= $2
