-- Tells the gateways what a kind is; the newest announcement of a version wins.
INSERT INTO kind (name, version, title, summary, inputs, example, params_schema, result_schema)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (name, version) DO UPDATE
SET title = excluded.title, summary = excluded.summary, inputs = excluded.inputs, example = excluded.example,
    params_schema = excluded.params_schema, result_schema = excluded.result_schema, announced_at = now()
