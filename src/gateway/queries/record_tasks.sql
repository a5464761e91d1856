-- Records the tasks of one request, with their inputs, their tags and the first event of each feed: all of them or none.
-- Or ($20) those of many requests with one task each, so that they share a commit: then each is recorded or not by itself. One statement, so that there is never a task without its inputs or its feed. Gives one row for each task that is asked for, in their order;
-- `recorded` is the number of tasks that this statement made, `earlier` the task whose result will do instead. If none was made where some
-- should, then `missing` names inputs whose dataset the tenant does not have, or the request's key is taken, or there is a task with the id
-- that the request chose.
-- In step: $1 ids, $2 kinds, $3 versions of the kinds, $4 params, $5 priorities, $6 run_at (null: now), $7 timeout_s, $8 memory_mb,
-- $9 max_attempts, $10 tags (JSON lists), $11 inputs (JSON objects, name: dataset), $12 digests of kind and params, $13 whether an earlier
-- result will do. Of the request: $14 tenant, $15 traceparent, $16 digest if it chose the id, $17 key, $18 digest if it has a key, $19 how long
-- the key is kept.
-- No step joins the rows of one step with those of another: whatever the planner believes about their number, the cost only grows with it.
WITH asked AS MATERIALIZED (
    SELECT asked.*, inputs.*, ARRAY(SELECT json_array_elements_text(asked.tag_list::json)) AS tags,
           sha256(asked.question || convert_to(coalesce(inputs.contents, ''), 'UTF8')) AS digest
    FROM (
        -- OFFSET hides the length of the lists, so that one plan is as good as another and is kept: planning takes longer than running.
        SELECT $1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::timestamptz[], $7::integer[], $8::integer[],
               $9::smallint[], $10::text[], $11::text[], $12::bytea[], $13::boolean[], $14::text[], $15::text[]
        OFFSET 0
    ) AS list (id, kind, kind_version, params, priority, run_at, timeout_s, memory_mb, max_attempts, tags, inputs, question, reuse, tenant,
               traceparent)
    CROSS JOIN LATERAL unnest(
        list.id, list.kind, list.kind_version, list.params, list.priority, list.run_at, list.timeout_s, list.memory_mb, list.max_attempts,
        list.tags, list.inputs, list.question, list.reuse, list.tenant, list.traceparent
    ) WITH ORDINALITY AS asked (
        id, kind, kind_version, params, priority, run_at, timeout_s, memory_mb, max_attempts, tag_list, input_list, question, reuse, tenant,
        traceparent, place
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
    -- Who comes second waits here until the first has committed, and then finds the key taken.
    INSERT INTO idempotency_key (tenant, key, request, tasks, expires_at)
    SELECT min(tenant), $17, $18, array_agg(coalesce(earlier, id) ORDER BY place), now() + $19::interval
    FROM judged
    WHERE $17::text IS NOT NULL
    HAVING count(*) > 0 AND count(missing) = 0
    ON CONFLICT (tenant, key) DO UPDATE
    SET request = excluded.request, tasks = excluded.tasks, expires_at = excluded.expires_at
    WHERE idempotency_key.expires_at <= now()
    RETURNING key
),
recorded AS (
    INSERT INTO task (id, tenant, kind, params, priority, run_at, timeout_s, memory_mb, max_attempts, tags, traceparent, kind_version, digest,
                      request_digest, last_seq)
    SELECT id, tenant, kind, params::json, priority, coalesce(run_at, now()), timeout_s, memory_mb, max_attempts, tags, traceparent,
           kind_version, digest, $16::bytea, 1
    FROM judged
    WHERE earlier IS NULL AND missing IS NULL
          AND ($20::boolean OR NOT EXISTS (SELECT FROM judged WHERE missing IS NOT NULL))
          AND ($17::text IS NULL OR EXISTS (SELECT FROM claimed))
    ORDER BY place
    ON CONFLICT (id) DO NOTHING
    RETURNING id
),
inputs AS (
    INSERT INTO task_input (task, name, dataset, filename, sha256, bytes)
    SELECT judged.id, input.*
    FROM judged CROSS JOIN LATERAL unnest(names, datasets, filenames, sha256s, sizes) AS input
    WHERE judged.earlier IS NULL AND judged.missing IS NULL AND EXISTS (SELECT FROM recorded)
),
tags AS (
    INSERT INTO task_tag (task, tenant, tag)
    SELECT judged.id, judged.tenant, tag
    FROM judged CROSS JOIN LATERAL unnest(judged.tags) AS tag
    WHERE judged.earlier IS NULL AND judged.missing IS NULL AND EXISTS (SELECT FROM recorded)
),
story AS (
    INSERT INTO event (task, seq, type) SELECT id, 1, 'queued' FROM recorded
)
SELECT id, earlier, missing, shown AS inputs, now() AS created_at, (SELECT count(*) FROM recorded) AS recorded
FROM judged
ORDER BY place
