-- Writes entries of the audit. One that is there was written before by a statement of which nobody knew that it had ended: that is no fault, and must
-- not keep the others of its batch out.
-- In step: $1 ids, $2 times, $3 tenants, $4 ids of the keys, $5 names of the keys, $6 actions, $7 objects, $8 ids of requests, $9 addresses, $10 details.
INSERT INTO audit (id, at, tenant, actor, name, action, object, request, address, detail)
SELECT *
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::json[])
ON CONFLICT DO NOTHING
