-- How large results and params are, so that nobody reads megabytes to count them. Null in what a release before has written, which did not
-- count: then they are counted when they are asked for, until retention removes them. No generated columns, which would write every result anew
-- while nobody can read any. Only adds: the release before goes on as it did.
ALTER TABLE result ADD COLUMN bytes integer;
ALTER TABLE task ADD COLUMN params_bytes integer;
GRANT INSERT (params_bytes), UPDATE (params_bytes) ON task TO sundog_gateway;
