-- How many tasks of a tenant wait, counted a little past the most that may, and how many that is.
-- $1 tenant, $2 the most of a tenant that has no number of its own.
SELECT asked.most, (SELECT count(*)
                    FROM (SELECT FROM task WHERE state = 'queued' AND tenant = $1 LIMIT asked.most + 1) AS waiting) AS used
FROM (SELECT coalesce((SELECT most_queued FROM tenant WHERE name = $1), $2::integer) AS most) AS asked
