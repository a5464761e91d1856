-- Records a task with its inputs and the first event of its feed, or nothing, if one of its datasets is not there.
-- One statement, so that there is never a task without its inputs or its feed. It always gives one row: `missing` names the inputs whose
-- dataset the tenant does not have; where it is null the task was recorded.
-- $1 id, $2 tenant, $3 kind, $4 params, $5 priority, $6 run_at (null: now), $7 timeout_s, $8 memory_mb, $9 max_attempts, $10 tags,
-- $11 traceparent, $12 input names and $13 their datasets, in step.
WITH wanted AS (
    SELECT input.name, input.dataset FROM unnest($12::text[], $13::uuid[]) AS input (name, dataset)
),
found AS (
    SELECT wanted.name, dataset.id AS dataset, dataset.name AS filename, dataset.sha256, dataset.bytes
    FROM wanted
    JOIN dataset ON dataset.id = wanted.dataset AND dataset.tenant = $2
),
missing AS (
    SELECT array_agg(name ORDER BY name) AS names FROM wanted WHERE name NOT IN (SELECT name FROM found)
),
recorded AS (
    INSERT INTO task (id, tenant, kind, params, priority, run_at, timeout_s, memory_mb, max_attempts, tags, traceparent, last_seq)
    SELECT $1::uuid, $2::text, $3::text, $4::json, $5::smallint, coalesce($6, now()), $7::integer, $8::integer, $9::smallint,
           $10::text[], $11::text, 1
    FROM missing
    WHERE missing.names IS NULL
    RETURNING id, run_at, created_at, version
),
inputs AS (
    INSERT INTO task_input (task, name, dataset, filename, sha256, bytes)
    SELECT recorded.id, found.name, found.dataset, found.filename, found.sha256, found.bytes FROM recorded CROSS JOIN found
),
story AS (
    INSERT INTO event (task, seq, type) SELECT recorded.id, 1, 'queued' FROM recorded
)
SELECT missing.names AS missing, recorded.run_at, recorded.created_at, recorded.version,
       (SELECT json_object_agg(
                   found.name,
                   json_build_object('id', found.dataset, 'name', found.filename, 'bytes', found.bytes) ORDER BY found.name
               )
        FROM found) AS inputs
FROM missing
LEFT JOIN recorded ON true
