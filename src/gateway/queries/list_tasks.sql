-- The newest tasks that match a filter, after a cursor: their number, their ids, and where the walk stopped if it did before its end.
-- It walks an index in the order of the list and looks at 10,000 tasks at most; so no filter costs more than that, however few tasks match. There
-- is one such statement for each index, and gateway.task_list chooses. Rows are compared and sorted as the index has them, so that the planner
-- cannot prefer another, which might lead through everybody's tasks; and the number is written out, so that it knows it.
-- $1 tenant, $2 only smaller ids, $3 no smaller id than this, $4 how many, $5 whether to give their ids. The filter, each null for any: $6 state,
-- $7 kind, $8 tag, $9 text in the kind, a tag or the name of an input file.
WITH fitting AS (
    SELECT id
    FROM (
        SELECT tenant, id, state, kind, tags
        FROM task
        WHERE (tenant, id) < ($1, $2) AND (tenant, id) >= ($1, $3)
        ORDER BY tenant DESC, id DESC
        LIMIT 10000
    ) AS walked
    WHERE ($6::task_state IS NULL OR state = $6) AND ($7::text IS NULL OR kind = $7) AND ($8::text IS NULL OR $8 = ANY (tags))
          AND ($9::text IS NULL OR strpos(lower(kind), lower($9)) > 0 OR strpos(lower(array_to_string(tags, E'\n')), lower($9)) > 0
               OR (SELECT bool_or(strpos(lower(filename), lower($9)) > 0) FROM task_input WHERE task_input.task = walked.id))
    ORDER BY tenant DESC, id DESC
    LIMIT $4
)
SELECT count(*) AS found, array_agg(id) FILTER (WHERE $5) AS ids,
       CASE WHEN count(*) < $4 THEN (
           SELECT id
           FROM task
           WHERE (tenant, id) < ($1, $2) AND (tenant, id) >= ($1, $3)
           ORDER BY tenant DESC, id DESC
           OFFSET 9999 LIMIT 1
       ) END AS stopped_at
FROM fitting
