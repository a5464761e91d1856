-- Records the tasks of some requests, with their inputs, their tags and the first event of each feed: all of a request or none, whatever becomes
-- of the other requests. One statement, so that there is never a task without its inputs or its feed, and one commit for all. Gives one row for
-- each task that is asked for, in their order: `missing` names inputs whose dataset the tenant does not have, `earlier` is the task whose result
-- will do instead, `is_done` says whether that one will do or the task was made. If neither, and no task of the request misses anything, then
-- the request's key is taken, or there is a task with the id that the request chose, or there is no room for what it needs.
-- In step: $1 numbers of the requests, $2 ids, $3 kinds, $4 versions of the kinds, $5 params, $6 priorities, $7 run_at (null: now), $8 timeout_s,
-- $9 memory_mb, $10 max_attempts, $11 tags (JSON lists), $12 inputs (JSON objects, name: dataset), $13 digests of kind and params, $14 whether an
-- earlier result will do; of the task's request: $15 tenant, $16 traceparent, $17 digest if it chose the id, $18 key, $19 digest if it has a
-- key, $20 how long the key is kept, $21 whether there is room in the queue: if not, earlier results will do for all of its tasks, or none is
-- recorded. No two requests of a statement have the same key or chose the same id.
-- Who comes second with a key or an id waits until the first has committed, and then finds it taken. So that statements never wait for each
-- other in a circle, each takes its keys first, in their order, and then its ids, in theirs: `recorded` sorts, so it has read `free` to the end
-- before its first row, and `free` all of `claimed`.
-- No step joins the rows of one step with those of another, they are looked up in a hash (`… IN (SELECT …) AS is_…`): whatever the planner
-- believes about their number, the cost only grows with it.
WITH asked AS MATERIALIZED (
    SELECT asked.*, inputs.*, ARRAY(SELECT json_array_elements_text(asked.tag_list::json)) AS tags,
           sha256(asked.question || convert_to(coalesce(inputs.contents, ''), 'UTF8')) AS digest
    FROM unnest(
        $1::integer[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::timestamptz[], $8::integer[], $9::integer[],
        $10::smallint[], $11::text[], $12::text[], $13::bytea[], $14::boolean[], $15::text[], $16::text[], $17::bytea[], $18::text[],
        $19::bytea[], $20::interval[], $21::boolean[]
    ) WITH ORDINALITY AS asked (
        request, id, kind, kind_version, params, priority, run_at, timeout_s, memory_mb, max_attempts, tag_list, input_list, question, reuse,
        tenant, traceparent, request_digest, key, key_digest, kept, has_room, place
    )
    CROSS JOIN LATERAL (
        SELECT array_agg(input.key ORDER BY input.key) FILTER (WHERE found.id IS NULL) AS missing,
               array_agg(input.key) AS names, array_agg(found.id) AS datasets, array_agg(found.name) AS filenames,
               array_agg(found.sha256) AS sha256s, array_agg(found.bytes) AS sizes,
               string_agg(found.sha256 || ' ' || input.key, E'\n' ORDER BY input.key COLLATE "C") AS contents,
               json_object_agg(
                   input.key, json_build_object('id', found.id, 'name', found.name, 'bytes', found.bytes) ORDER BY input.key
               ) AS shown
        FROM json_each_text(asked.input_list::json) AS input
        -- LIMIT keeps this a look-up of each by its id.
        LEFT JOIN LATERAL (
            SELECT id, name, sha256, bytes FROM dataset WHERE id = input.value::uuid AND tenant = asked.tenant LIMIT 1
        ) AS found ON true
    ) AS inputs
),
judged AS MATERIALIZED (
    SELECT asked.*, earlier.id AS earlier
    FROM asked LEFT JOIN LATERAL (
        SELECT task.id
        FROM task
        WHERE asked.reuse AND task.digest = asked.digest AND task.state = 'succeeded' AND task.tenant = asked.tenant
              AND task.kind_version = asked.kind_version AND EXISTS (SELECT FROM result WHERE result.task = task.id)
        ORDER BY task.id DESC
        LIMIT 1
    ) AS earlier ON true
),
claimed AS (
    INSERT INTO idempotency_key (tenant, key, request, tasks, expires_at)
    SELECT tenant, key, key_digest, array_agg(coalesce(earlier, id) ORDER BY place), now() + kept
    FROM judged
    WHERE key IS NOT NULL
    GROUP BY tenant, key, key_digest, kept
    HAVING count(missing) = 0 AND bool_and(has_room OR earlier IS NOT NULL)
    ORDER BY tenant, key
    ON CONFLICT (tenant, key) DO UPDATE
    SET request = excluded.request, tasks = excluded.tasks, expires_at = excluded.expires_at
    WHERE idempotency_key.expires_at <= now()
    RETURNING tenant, key
),
free AS MATERIALIZED (
    SELECT judged.*,
           request NOT IN (SELECT request FROM judged WHERE missing IS NOT NULL OR NOT (has_room OR earlier IS NOT NULL))
           AND (key IS NULL OR (tenant, key) IN (SELECT tenant, key FROM claimed)) AS is_free
    FROM judged
),
recorded AS (
    INSERT INTO task (id, tenant, kind, params, priority, run_at, timeout_s, memory_mb, max_attempts, tags, traceparent, kind_version, digest,
                      request_digest, last_seq, params_bytes)
    SELECT id, tenant, kind, params::json, priority, coalesce(run_at, now()), timeout_s, memory_mb, max_attempts, tags, traceparent,
           kind_version, digest, request_digest, 1, octet_length(params)
    FROM free
    WHERE is_free AND earlier IS NULL
    ORDER BY id
    ON CONFLICT (id) DO NOTHING
    RETURNING id
),
told AS MATERIALIZED (
    SELECT free.*, id IN (SELECT id FROM recorded) AS is_recorded FROM free
),
inputs AS (
    INSERT INTO task_input (task, name, dataset, filename, sha256, bytes)
    SELECT told.id, input.*
    FROM told CROSS JOIN LATERAL unnest(names, datasets, filenames, sha256s, sizes) AS input
    WHERE is_recorded
),
tags AS (
    INSERT INTO task_tag (task, tenant, tag)
    SELECT told.id, told.tenant, tag
    FROM told CROSS JOIN LATERAL unnest(told.tags) AS tag
    WHERE is_recorded
),
story AS (
    INSERT INTO event (task, seq, type) SELECT id, 1, 'queued' FROM recorded
)
SELECT id, missing, earlier, is_recorded OR (is_free AND earlier IS NOT NULL) AS is_done, shown AS inputs, now() AS created_at
FROM told
ORDER BY place
