-- The newest announcement of each kind, with the number of living processors that offer it; 0 if it was announced once and nobody offers it now.
-- $1 how old a heartbeat may be.
SELECT DISTINCT ON (kind.name)
       kind.name, kind.version, kind.title, kind.summary, kind.inputs, kind.example, kind.params_schema,
       kind.result_schema,
       (SELECT count(*)
        FROM processor
        WHERE kind.name = ANY(processor.kinds) AND processor.heartbeat_at > now() - $1::interval) AS processors
FROM kind
ORDER BY kind.name, kind.announced_at DESC, kind.version DESC
