-- As list_tasks.sql, of one state.
WITH fitting AS (
    SELECT id
    FROM (
        SELECT tenant, state, id, kind, tags
        FROM task
        WHERE (tenant, state, id) < ($1, $6, $2) AND (tenant, state, id) >= ($1, $6, $3)
        ORDER BY tenant DESC, state DESC, id DESC
        LIMIT 10000
    ) AS walked
    WHERE ($6::task_state IS NULL OR state = $6) AND ($7::text IS NULL OR kind = $7) AND ($8::text IS NULL OR $8 = ANY (tags))
          AND ($9::text IS NULL OR strpos(lower(kind), lower($9)) > 0 OR strpos(lower(array_to_string(tags, E'\n')), lower($9)) > 0
               OR (SELECT bool_or(strpos(lower(filename), lower($9)) > 0) FROM task_input WHERE task_input.task = walked.id))
    ORDER BY tenant DESC, state DESC, id DESC
    LIMIT $4
)
SELECT count(*) AS found, array_agg(id) FILTER (WHERE $5) AS ids,
       CASE WHEN count(*) < $4 THEN (
           SELECT id
           FROM task
           WHERE (tenant, state, id) < ($1, $6, $2) AND (tenant, state, id) >= ($1, $6, $3)
           ORDER BY tenant DESC, state DESC, id DESC
           OFFSET 9999 LIMIT 1
       ) END AS stopped_at
FROM fitting
