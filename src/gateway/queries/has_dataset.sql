-- Whether a tenant has these bytes under a name: handing them in again takes no room.
-- $1 tenant, $2 name, $3 sha256.
SELECT EXISTS (SELECT FROM dataset WHERE tenant = $1 AND name = $2 AND sha256 = $3)
