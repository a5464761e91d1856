-- Takes hold of datasets that were handed in long ago, so that no task can begin to need one while it is decided whether any does. Those that
-- somebody else holds are left out: they are about to be needed.
-- $1 the time before which one must have been handed in, $2 the last id that was looked at (null: begin with the first), $3 how many at most.
SELECT id
FROM dataset
WHERE handed_in_at < $1 AND id > coalesce($2, '00000000-0000-0000-0000-000000000000'::uuid)
ORDER BY id
LIMIT $3
FOR UPDATE SKIP LOCKED
