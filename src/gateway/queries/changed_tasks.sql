-- The tasks of which something was told since a moment, and those that run (their progress moves without an event).
-- For a dashboard that was away; duplicates are harmless, since rows are state. Uses the block range index event_recent.
-- $1 since when (null: only those that run), $2 how many at most, the newest.
SELECT id
FROM (
    SELECT task AS id FROM event WHERE at >= $1
    UNION
    SELECT id FROM task WHERE state = 'running'
) AS changed
ORDER BY id DESC
LIMIT $2
