-- A processor that stopped in order is gone.
DELETE FROM processor WHERE id = $1
