-- The database's time, which is the only one that counts.
SELECT clock_timestamp()
