-- How large results and params are, so that nobody reads megabytes to count them. Null in what a release before has written, which did not
-- count: then they are counted when they are asked for, until retention removes them. No generated columns, which would write every result anew
-- while nobody can read any. Only adds: what runs of the release before goes on as it did; a retry with other
-- params there leaves the count as it was, and pages with it may be larger than they say.
-- The task first, as those who read both tables take them: in the other order they would wait for one another.
ALTER TABLE task ADD COLUMN params_bytes integer;
ALTER TABLE result ADD COLUMN bytes integer;
GRANT INSERT (params_bytes), UPDATE (params_bytes) ON task TO sundog_gateway;
