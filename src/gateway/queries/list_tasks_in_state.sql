-- As list_tasks.sql, of one state.
-- $1 tenant, $2 kind (null: any), $3 the last id of the page before (null: the first page), $4 how many, $5 state.
SELECT id
FROM task
WHERE tenant = $1 AND state = $5::task_state AND ($2::text IS NULL OR kind = $2)
      AND id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
ORDER BY id DESC
LIMIT $4
