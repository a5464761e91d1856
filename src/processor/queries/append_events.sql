-- Appends events to the feeds of running tasks.
-- $1 task, $2 lease, $3 seq, $4 type, $5 data; in step, the seqs of each task without a gap.
-- While a processor holds the lease it is the only one that numbers the feed, so it gives the numbers itself, and the task's row
-- must stand between them. That makes a repetition harmless, also one that has grown meanwhile: if the answer to a commit was lost,
-- last_seq tells which events are there already, and only the others are appended.
-- Returns the attempts whose feeds have the events now; the others' leases are lost and their events are dropped.
WITH given AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::integer[], $4::text[], $5::text[])
        AS given (task, lease, seq, type, data)
), batch AS (
    SELECT task, lease, min(seq) - 1 AS seq_before, max(seq) AS seq_after FROM given GROUP BY task, lease
), held AS MATERIALIZED (
    SELECT task.id, task.lease, task.attempts, task.last_seq, batch.seq_after
    FROM task JOIN batch ON task.id = batch.task AND task.state = 'running' AND task.lease = batch.lease
        AND task.last_seq BETWEEN batch.seq_before AND batch.seq_after
    ORDER BY task.id
    FOR NO KEY UPDATE OF task
), moved AS (
    UPDATE task
    SET last_seq = held.seq_after, version = task.version + 1
    FROM held
    WHERE task.id = held.id AND held.last_seq < held.seq_after
), appended AS (
    INSERT INTO event (task, seq, type, attempt, data)
    SELECT held.id, given.seq, given.type::event_type, held.attempts, given.data::json
    FROM held JOIN given ON given.task = held.id AND given.lease = held.lease AND given.seq > held.last_seq
)
SELECT id, lease FROM held
