-- The ids of one page of tasks, newest first, after a cursor. Apart from list_tasks_in_state.sql, so that each walks an index that has its order.
-- $1 tenant, $2 kind (null: any), $3 the last id of the page before (null: the first page), $4 how many.
SELECT id
FROM task
WHERE tenant = $1 AND ($2::text IS NULL OR kind = $2) AND id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
ORDER BY id DESC
LIMIT $4
