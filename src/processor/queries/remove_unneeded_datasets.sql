-- Removes those of some datasets that no task refers to. The caller holds them (lock_old_datasets.sql), and this statement's snapshot is taken
-- after that, so a task that began to refer to one before it was held is seen.
-- $1 datasets.
DELETE FROM dataset
WHERE id = ANY ($1::uuid[]) AND NOT EXISTS (SELECT FROM task_input WHERE task_input.dataset = dataset.id)
RETURNING id
