-- Of a tenant's requests that hand something in, one at a time is recorded: so each counts all that was recorded before it. Held to the end of
-- the transaction. Nobody else takes it, so it stands in the way of no task; tenants whose names have the same hash wait for each other.
-- $1 tenant.
SELECT pg_advisory_xact_lock(7236014, hashtext($1))
