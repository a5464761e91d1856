-- Ends a session. $1 id.
DELETE FROM session WHERE id = $1
