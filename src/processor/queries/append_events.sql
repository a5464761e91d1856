-- Appends events to the feeds of running tasks, numbered on from each task's last_seq while its row is locked.
-- $1 task, $2 lease, $3 place among the task's events in this batch (1..), $4 type, $5 data; all in step.
-- Returns the tasks that took them; the others' leases are lost and their events are dropped.
WITH given AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::integer[], $4::text[], $5::text[])
        AS given (task, lease, place, type, data)
), batch AS (
    SELECT task, lease, count(*)::integer AS events FROM given GROUP BY task, lease
), held AS MATERIALIZED (
    SELECT task.id, batch.events
    FROM task JOIN batch ON task.id = batch.task AND task.state = 'running' AND task.lease = batch.lease
    ORDER BY task.id
    FOR NO KEY UPDATE OF task
), numbered AS (
    UPDATE task
    SET last_seq = task.last_seq + held.events, version = task.version + 1
    FROM held
    WHERE task.id = held.id
    RETURNING task.id, task.lease, task.attempts, task.last_seq - held.events AS seq_before
), appended AS (
    INSERT INTO event (task, seq, type, attempt, data)
    SELECT numbered.id, numbered.seq_before + given.place, given.type::event_type, numbered.attempts, given.data::json
    FROM numbered JOIN given ON given.task = numbered.id AND given.lease = numbered.lease
)
SELECT id FROM numbered
