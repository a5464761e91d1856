-- Makes claims wait for each other until this transaction ends, so that each counts what the one before claimed. A statement of its own:
-- the claim's snapshot must be taken after the lock is held. Only needed while there are caps.
SELECT pg_advisory_xact_lock(7236013)
