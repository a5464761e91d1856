-- What keys stand for while they are kept, in the order in which they are asked for; nulls for what is not known.
-- $1 tenants and $2 keys, in step.
SELECT kept.request, kept.tasks
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (tenant, key, place)
LEFT JOIN idempotency_key AS kept
    ON kept.tenant = asked.tenant AND kept.key = asked.key AND kept.expires_at > now()
ORDER BY asked.place
