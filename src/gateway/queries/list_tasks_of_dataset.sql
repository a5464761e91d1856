-- As list_tasks.sql, of those that work on one dataset, $10; each has it as one input or as several.
WITH fitting AS (
    SELECT id
    FROM (
        SELECT using_it.dataset, using_it.task AS id, found.*
        FROM (
            SELECT DISTINCT dataset, task
            FROM task_input
            WHERE (dataset, task) < ($10, $2) AND (dataset, task) >= ($10, $3)
            ORDER BY dataset DESC, task DESC
            LIMIT 10000
        ) AS using_it
        -- LIMIT keeps this a look-up of each by its id, in their order.
        CROSS JOIN LATERAL (SELECT state, kind, tags FROM task WHERE id = using_it.task AND tenant = $1 LIMIT 1) AS found
        ORDER BY using_it.dataset DESC, using_it.task DESC
    ) AS walked
    WHERE ($6::task_state IS NULL OR state = $6) AND ($7::text IS NULL OR kind = $7) AND ($8::text IS NULL OR $8 = ANY (tags))
          AND ($9::text IS NULL OR strpos(lower(kind), lower($9)) > 0 OR strpos(lower(array_to_string(tags, E'\n')), lower($9)) > 0
               OR (SELECT bool_or(strpos(lower(filename), lower($9)) > 0) FROM task_input WHERE task_input.task = walked.id))
    ORDER BY dataset DESC, id DESC
    LIMIT $4
)
SELECT count(*) AS found, array_agg(id) FILTER (WHERE $5) AS ids,
       CASE WHEN count(*) < $4 THEN (
           SELECT task
           FROM (
               SELECT DISTINCT dataset, task
               FROM task_input
               WHERE (dataset, task) < ($10, $2) AND (dataset, task) >= ($10, $3)
               ORDER BY dataset DESC, task DESC
               OFFSET 9999 LIMIT 1
           ) AS last
       ) END AS stopped_at
FROM fitting
