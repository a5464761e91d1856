-- The living processors, each with the number of a tenant's tasks that it runs.
-- $1 how old a heartbeat may be, $2 tenant.
SELECT processor.id, processor.name, processor.version, processor.slots, processor.kinds, processor.confinement,
       processor.started_at, processor.heartbeat_at, processor.stopping,
       (SELECT count(*) FROM task WHERE task.processor = processor.id AND task.tenant = $2 AND task.state = 'running') AS running
FROM processor
WHERE processor.heartbeat_at > now() - $1::interval
ORDER BY processor.name, processor.id
