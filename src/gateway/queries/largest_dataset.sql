-- The bytes of the largest dataset that a tenant has under a name, 0 if it has none: handing that in again takes no room.
-- $1 tenant, $2 name.
SELECT coalesce(max(bytes), 0)::bigint FROM dataset WHERE tenant = $1 AND name = $2
