-- Removes the rows of processors that died without a word. $1 seconds without a heartbeat.
DELETE FROM processor WHERE heartbeat_at < now() - make_interval(secs => $1::float8) RETURNING id
