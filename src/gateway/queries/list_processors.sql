-- The living processors, each with the number of tasks that it runs.
-- $1 how old a heartbeat may be.
SELECT processor.id, processor.name, processor.version, processor.slots, processor.kinds, processor.confinement,
       processor.started_at, processor.heartbeat_at, processor.stopping,
       (SELECT count(*) FROM task WHERE task.processor = processor.id AND task.state = 'running') AS running
FROM processor
WHERE processor.heartbeat_at > now() - $1::interval
ORDER BY processor.name, processor.id
