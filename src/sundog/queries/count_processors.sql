-- The processors that announced themselves since a moment: those of an earlier run may have left their rows.
SELECT count(*) FROM processor WHERE started_at >= $1 AND NOT stopping
