-- Removes a dataset, unless a task that waits or runs needs it. The caller holds it (hold_dataset.sql), and this statement's snapshot is taken
-- after that, so a task that began to refer to it before it was held is seen.
-- $1 id.
DELETE FROM dataset
WHERE id = $1
      AND NOT EXISTS (
          SELECT FROM task_input JOIN task ON task.id = task_input.task
          WHERE task_input.dataset = $1 AND task.state IN ('queued', 'running')
      )
RETURNING id
