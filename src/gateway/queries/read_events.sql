-- The next events of one feed after a cursor, for a watcher that is further behind than the feed in memory reaches.
-- Since seqs are given out under the task's row lock, whatever is committed is without a gap, and nothing can appear
-- later before a seq that was read.
-- $1 task, $2 cursor, $3 how many at most, $4 the bytes that all but the first of them may have as they are stored (so
-- that large ones are not even unpacked to be measured).
SELECT task, seq, type, attempt, at, data
FROM (
    SELECT task, seq, type, attempt, at, data, row_number() OVER in_order AS place,
        sum(pg_column_size(data)) OVER in_order AS size
    FROM (
        SELECT task, seq, type, attempt, at, data
        FROM event
        WHERE task = $1 AND seq > $2
        ORDER BY seq
        LIMIT $3
    ) AS following
    WINDOW in_order AS (ORDER BY seq ROWS UNBOUNDED PRECEDING)
) AS measured
WHERE place = 1 OR size <= $4
ORDER BY seq
