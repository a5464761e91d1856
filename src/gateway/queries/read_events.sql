-- The next events of several feeds, each after its cursor. Since seqs are given out under the task's row lock, whatever is
-- committed is without a gap, and nothing can appear later before a seq that was read.
-- $1 tasks, $2 cursors, in step; $3 how many of each at most.
SELECT event.task, event.seq, event.type, event.attempt, event.at, event.data
FROM unnest($1::uuid[], $2::integer[]) AS watched (task, seq)
CROSS JOIN LATERAL (
    SELECT task, seq, type, attempt, at, data
    FROM event
    WHERE event.task = watched.task AND event.seq > watched.seq
    ORDER BY event.seq
    LIMIT $3
) AS event
