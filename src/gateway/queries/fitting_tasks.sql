-- The first of some tasks, newest first, whose params are together not larger than a limit; always one of them.
-- $1 ids, $2 bytes.
SELECT array_agg(id ORDER BY id DESC)
FROM (
    SELECT id, sum(octet_length(params::text)) OVER (ORDER BY id DESC) - octet_length(params::text) AS bytes_before
    FROM task
    WHERE id = ANY($1::uuid[])
) AS sized
WHERE bytes_before <= $2
