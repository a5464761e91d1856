-- The body of one result, as bytes: as a text it would be in memory twice.
-- $1 id, $2 lease.
SELECT convert_to(body::text, 'UTF8') FROM result WHERE task = $1 AND lease = $2
