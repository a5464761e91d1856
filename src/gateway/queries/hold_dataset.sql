-- Takes hold of a dataset that is to be removed, so that no task can begin to need it while it is decided whether any does.
-- $1 id, $2 tenant.
SELECT id FROM dataset WHERE id = $1 AND tenant = $2 FOR UPDATE
