-- Removes entries of the audit that were kept long enough, by a function of the owner: a processor can neither read the audit nor remove what is
-- younger than a day. $1 what is older than this, $2 how many at most.
SELECT prune_audit($1, $2)
