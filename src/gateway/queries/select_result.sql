-- The result of a task, and how the task stands where there is none. The body stays text: nobody here needs to understand it.
-- $1 id, $2 tenant.
SELECT task.state, task.error, result.lease, result.body
FROM task
LEFT JOIN result ON result.task = task.id AND task.state = 'succeeded'
WHERE task.id = $1 AND task.tenant = $2
