-- The tasks of which something was told since a moment, and those that run (their progress moves without an event), with
-- what tells whether that is news. For dashboards; duplicates are harmless, since rows are state. Uses the block range
-- index event_recent, if its caller forbids to read the whole table (see BY_INDEX in common/database.py).
-- $1 since when, $2 how many at most, the newest.
SELECT task.id, task.version, coalesce(progress.rev, 0) AS rev
FROM (
    SELECT task AS id FROM event WHERE at >= $1
    UNION
    SELECT id FROM task WHERE state = 'running'
) AS changed
JOIN task ON task.id = changed.id
LEFT JOIN progress ON progress.task = task.id AND progress.lease = task.lease
ORDER BY task.id DESC
LIMIT $2
