-- Kinds announce what their results look like, too. Only adds: a processor of the release before announces none.
ALTER TABLE kind ADD COLUMN result_schema json;
