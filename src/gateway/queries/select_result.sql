-- The result of a task, and how the task stands where there is none. The body stays text: nobody here needs to understand
-- it. It is only read if it is wanted; its size is known without reading it, but for those of a release that did not count.
-- $1 id, $2 tenant, $3 bytes: a larger body is left out.
SELECT task.state, task.error, result.lease, coalesce(result.bytes, octet_length(result.body::text)) AS bytes,
       CASE WHEN coalesce(result.bytes, octet_length(result.body::text)) <= $3 THEN result.body END AS body
FROM task
LEFT JOIN result ON result.task = task.id AND task.state = 'succeeded'
WHERE task.id = $1 AND task.tenant = $2
