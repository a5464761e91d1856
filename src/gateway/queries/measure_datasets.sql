-- What a tenant's datasets take, each counted with all its bytes: whether others have the same bytes changes nothing and shows nowhere.
-- No join: of a tenant with very many datasets the count is all that this costs.
-- $1 tenant, $2 and $3 the most datasets and bytes of a tenant that has no numbers of its own.
SELECT coalesce((SELECT most_datasets FROM tenant WHERE name = $1), $2::integer) AS most_datasets,
       coalesce((SELECT most_stored_bytes FROM tenant WHERE name = $1), $3::bigint) AS most_bytes,
       count(*) AS datasets, coalesce(sum(bytes), 0)::bigint AS bytes
FROM dataset
WHERE tenant = $1
