-- What a tenant's datasets take, each counted with all its bytes: whether others have the same bytes changes nothing and shows nowhere.
-- $1 tenant, $2 and $3 the most datasets and bytes of a tenant that has no numbers of its own.
SELECT coalesce(max(tenant.most_datasets), $2::integer) AS most_datasets, coalesce(max(tenant.most_stored_bytes), $3::bigint) AS most_bytes,
       count(dataset.id) AS datasets, coalesce(sum(dataset.bytes), 0)::bigint AS bytes
FROM (SELECT $1::text AS name) AS asked
LEFT JOIN tenant ON tenant.name = asked.name
LEFT JOIN dataset ON dataset.tenant = asked.name
