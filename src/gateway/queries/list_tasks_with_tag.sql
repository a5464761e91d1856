-- As list_tasks.sql, with one tag.
WITH fitting AS (
    SELECT id
    FROM (
        SELECT tagged.tenant, tagged.tag, tagged.task AS id, found.*
        FROM (
            SELECT tenant, tag, task
            FROM task_tag
            WHERE (tenant, tag, task) < ($1, $8, $2) AND (tenant, tag, task) >= ($1, $8, $3)
            ORDER BY tenant DESC, tag DESC, task DESC
            LIMIT 10000
        ) AS tagged
        -- LIMIT keeps this a look-up of each by its id, in their order.
        CROSS JOIN LATERAL (SELECT state, kind, tags FROM task WHERE id = tagged.task LIMIT 1) AS found
        ORDER BY tagged.tenant DESC, tagged.tag DESC, tagged.task DESC
    ) AS walked
    WHERE ($6::task_state IS NULL OR state = $6) AND ($7::text IS NULL OR kind = $7) AND ($8::text IS NULL OR $8 = ANY (tags))
          AND ($9::text IS NULL OR strpos(lower(kind), lower($9)) > 0 OR strpos(lower(array_to_string(tags, E'\n')), lower($9)) > 0
               OR (SELECT bool_or(strpos(lower(filename), lower($9)) > 0) FROM task_input WHERE task_input.task = walked.id))
    ORDER BY tenant DESC, tag DESC, id DESC
    LIMIT $4
)
SELECT count(*) AS found, array_agg(id) FILTER (WHERE $5) AS ids,
       CASE WHEN count(*) < $4 THEN (
           SELECT task
           FROM task_tag
           WHERE (tenant, tag, task) < ($1, $8, $2) AND (tenant, tag, task) >= ($1, $8, $3)
           ORDER BY tenant DESC, tag DESC, task DESC
           OFFSET 9999 LIMIT 1
       ) END AS stopped_at
FROM fitting
