-- Whether tasks were asked for by these requests, in the order in which they are looked for; null: the tenant has no such task.
-- $1 ids, $2 digests of the requests, $3 tenants, in step.
SELECT found.is_same
FROM unnest($1::uuid[], $2::bytea[], $3::text[]) WITH ORDINALITY AS asked (id, digest, tenant, place)
-- LIMIT keeps this a look-up of each by its id.
LEFT JOIN LATERAL (
    SELECT coalesce(task.request_digest = asked.digest, false) AS is_same
    FROM task
    WHERE task.id = asked.id AND task.tenant = asked.tenant
    LIMIT 1
) AS found ON true
ORDER BY asked.place
