-- The newest events of several feeds, each after its cursor, in order. A feed that has more than are given here goes on
-- with those, and a watcher that lacks the ones before reads them by itself (read_events.sql): so a task with a long
-- story, or with large partial results, holds up nobody who watches another.
-- $1 tasks, $2 cursors, in step; $3 how many of each at most, $4 the bytes that all but the last event of each may have
-- as they are stored.
SELECT tail.task, tail.seq, tail.type, tail.attempt, tail.at, tail.data
FROM unnest($1::uuid[], $2::integer[]) AS watched (task, seq)
CROSS JOIN LATERAL (
    SELECT task, seq, type, attempt, at, data, row_number() OVER newest_first AS place,
        sum(pg_column_size(data)) OVER newest_first AS size
    FROM (
        SELECT task, seq, type, attempt, at, data
        FROM event
        WHERE event.task = watched.task AND event.seq > watched.seq
        ORDER BY event.seq DESC
        LIMIT $3
    ) AS newest
    WINDOW newest_first AS (ORDER BY seq DESC ROWS UNBOUNDED PRECEDING)
) AS tail
WHERE tail.place = 1 OR tail.size <= $4
ORDER BY tail.task, tail.seq
