-- Claims up to $3 tasks for processor $1: raises their lease, opens an attempt and tells the feed, in one statement.
-- $1 processor, $2 its name, $3 how many, $4 kinds, $5 seconds of lease, $6 the time (null: now), $7 the kinds' versions, in step with $4.
--
-- Three steps:
-- 1. Which tasks are due, and may run? From road to road, that is (tenant, kind), to see where anything is due; there from lane to lane, that
--    is a priority, downwards, until enough of them have something due; and of each lane the first due tasks (road, running, room, lane, due).
-- 2. Which of them go first? Priority first; among equals the tenant that has the fewest running, then the one that was served longest ago;
--    within a tenant who was due first. Never more than the caps leave room for (ranked, allowed).
-- 3. Take those that nobody else takes at this moment, and write it down (free, claimed; opened, told, noted, seen).
--
-- Caps are exact only if the caller holds the claim lock (lock_claims.sql) while it runs this; it needs to only if there are caps. Since it
-- may have waited for that lock, what begins now begins by the clock, not with the transaction.
WITH RECURSIVE road (tenant, kind, first_at) AS (
    -- One row for each (tenant, kind) with queued tasks, by hopping over an index: never a look at the tasks between.
    (SELECT tenant, kind, run_at FROM task WHERE state = 'queued' ORDER BY tenant, kind, run_at LIMIT 1)
    UNION ALL
    SELECT next.tenant, next.kind, next.run_at
    FROM road CROSS JOIN LATERAL (
        SELECT tenant, kind, run_at FROM task
        WHERE state = 'queued' AND (tenant, kind) > (road.tenant, road.kind)
        ORDER BY tenant, kind, run_at LIMIT 1
    ) AS next
), running AS MATERIALIZED (
    SELECT tenant, kind, count(*) AS tasks FROM task WHERE state = 'running' GROUP BY tenant, kind
), room AS MATERIALIZED (
    -- For each road of ours in which something is due: who runs already, and how many more may.
    SELECT road.tenant, road.kind, turn.served_at, coalesce(of_tenant.tasks, 0) AS tenant_runs,
        coalesce(tenant_cap.max_running, each_cap.max_running, 2147483647) - coalesce(of_tenant.tasks, 0) AS tenant_room,
        coalesce(kind_cap.max_running, 2147483647) - coalesce(of_kind.tasks, 0) AS kind_room,
        coalesce(both_cap.max_running, 2147483647) - coalesce(of_both.tasks, 0) AS both_room
    FROM road
    LEFT JOIN turn ON turn.tenant = road.tenant
    LEFT JOIN (SELECT tenant, sum(tasks) AS tasks FROM running GROUP BY tenant) AS of_tenant ON of_tenant.tenant = road.tenant
    LEFT JOIN (SELECT kind, sum(tasks) AS tasks FROM running GROUP BY kind) AS of_kind ON of_kind.kind = road.kind
    LEFT JOIN running AS of_both ON of_both.tenant = road.tenant AND of_both.kind = road.kind
    LEFT JOIN cap AS tenant_cap ON tenant_cap.tenant = road.tenant AND tenant_cap.kind IS NULL
    LEFT JOIN cap AS each_cap ON each_cap.tenant IS NULL AND each_cap.kind IS NULL
    LEFT JOIN cap AS kind_cap ON kind_cap.tenant IS NULL AND kind_cap.kind = road.kind
    LEFT JOIN cap AS both_cap ON both_cap.tenant = road.tenant AND both_cap.kind = road.kind
    WHERE road.kind = ANY ($4::text[]) AND road.first_at <= coalesce($6::timestamptz, statement_timestamp())
), lane (tenant, kind, priority, first_at, due) AS (
    -- One row for each priority on a road that has room, in the same way, from the highest down; no more than so many where something is due,
    -- since each of them has a task that goes before all below.
    SELECT room.tenant, room.kind, top.priority, first.run_at, (first.run_at <= coalesce($6::timestamptz, statement_timestamp()))::integer
    FROM room CROSS JOIN LATERAL (
        SELECT priority FROM task
        WHERE state = 'queued' AND tenant = room.tenant AND kind = room.kind
        ORDER BY priority DESC LIMIT 1
    ) AS top CROSS JOIN LATERAL (
        SELECT run_at FROM task
        WHERE state = 'queued' AND tenant = room.tenant AND kind = room.kind AND priority = top.priority
        ORDER BY run_at LIMIT 1
    ) AS first
    WHERE room.tenant_room > 0 AND room.kind_room > 0 AND room.both_room > 0
    UNION ALL
    SELECT lane.tenant, lane.kind, next.priority, first.run_at,
        lane.due + (first.run_at <= coalesce($6::timestamptz, statement_timestamp()))::integer
    FROM lane CROSS JOIN LATERAL (
        SELECT priority FROM task
        WHERE state = 'queued' AND tenant = lane.tenant AND kind = lane.kind AND priority < lane.priority
        ORDER BY priority DESC LIMIT 1
    ) AS next CROSS JOIN LATERAL (
        SELECT run_at FROM task
        WHERE state = 'queued' AND tenant = lane.tenant AND kind = lane.kind AND priority = next.priority
        ORDER BY run_at LIMIT 1
    ) AS first
    WHERE lane.due < $3 + 8
), due AS (
    -- A few more than asked for, since another processor may hold the first ones at this moment.
    SELECT task.id, task.run_at, lane.priority, room.*,
        row_number() OVER (PARTITION BY room.tenant ORDER BY lane.priority DESC, task.run_at, task.id) AS of_tenant,
        row_number() OVER (PARTITION BY room.tenant, room.kind ORDER BY lane.priority DESC, task.run_at, task.id) AS of_both
    FROM lane JOIN room ON room.tenant = lane.tenant AND room.kind = lane.kind CROSS JOIN LATERAL (
        SELECT id, run_at FROM task
        WHERE state = 'queued' AND tenant = lane.tenant AND kind = lane.kind AND priority = lane.priority
            AND run_at <= coalesce($6::timestamptz, statement_timestamp())
        ORDER BY run_at, id LIMIT $3 + 8
    ) AS task
    WHERE lane.first_at <= coalesce($6::timestamptz, statement_timestamp())
), ranked AS (
    SELECT due.*, row_number() OVER (PARTITION BY kind ORDER BY priority DESC, tenant_runs + of_tenant, served_at NULLS FIRST, run_at, id)
        AS of_kind
    FROM due
    WHERE of_tenant <= tenant_room AND of_both <= both_room
), allowed AS (
    SELECT array_agg(id ORDER BY priority DESC, tenant_runs + of_tenant, served_at NULLS FIRST, run_at, id) AS ids
    FROM ranked
    WHERE of_kind <= kind_room
), free AS MATERIALIZED (
    -- Arrays instead of joins: whatever the planner believes about numbers, these rows are found by their primary key.
    SELECT id
    FROM task
    WHERE id = ANY ((SELECT ids[:$3 + 8] FROM allowed)::uuid[]) AND state = 'queued'
    ORDER BY array_position((SELECT ids FROM allowed), id)
    LIMIT $3
    FOR NO KEY UPDATE SKIP LOCKED
), claimed AS (
    UPDATE task
    SET state = 'running', lease = lease + 1,
        lease_until = coalesce($6::timestamptz, clock_timestamp()) + make_interval(secs => $5::float8),
        processor = $1::uuid, attempts = attempts + 1, last_seq = last_seq + 1, version = version + 1,
        kind_version = ($7::text[])[array_position($4::text[], kind)], error = NULL, started_at = coalesce(started_at, $6::timestamptz, clock_timestamp())
    WHERE id = ANY (ARRAY(SELECT id FROM free))
    RETURNING *
), opened AS (
    INSERT INTO attempt (task, number, lease, processor, processor_name, started_at)
    SELECT id, attempts, lease, $1, $2, coalesce($6, clock_timestamp()) FROM claimed
), told AS (
    INSERT INTO event (task, seq, type, attempt, at, data)
    SELECT id, last_seq, 'started', attempts, coalesce($6, clock_timestamp()),
        ('{"processor":' || to_json($2::text)::text || '}')::json
    FROM claimed
), noted AS (
    -- Only where tenants compete, and never waiting: whoever holds the row notes the same.
    UPDATE turn SET served_at = clock_timestamp()
    FROM (
        SELECT turn.tenant FROM turn WHERE tenant IN (SELECT tenant FROM claimed)
        AND (SELECT count(DISTINCT tenant) FROM road) > 1 FOR NO KEY UPDATE OF turn SKIP LOCKED
    ) AS mine
    WHERE turn.tenant = mine.tenant
), seen AS (
    INSERT INTO turn (tenant)
    SELECT DISTINCT tenant FROM claimed WHERE NOT EXISTS (SELECT FROM turn WHERE turn.tenant = claimed.tenant)
    ON CONFLICT DO NOTHING
)
SELECT id, lease, attempts, last_seq, failures, crashes, tenant, kind, params, timeout_s, memory_mb, max_attempts, traceparent,
    (SELECT coalesce(json_agg(given), '[]')
     FROM (SELECT name, filename, sha256, bytes FROM task_input WHERE task_input.task = claimed.id) AS given) AS inputs,
    -- An attempt since the last retry by hand ran out of memory, whatever came between. The feed, which tells of that retry, is looked at only
    -- if one ever did.
    failures > 0 AND EXISTS (
        SELECT FROM attempt
        WHERE attempt.task = claimed.id AND attempt.outcome = 'out_of_memory'
            AND attempt.started_at > (SELECT at FROM event WHERE event.task = claimed.id AND type = 'queued' ORDER BY seq DESC LIMIT 1)
    ) AS low_memory
FROM claimed
ORDER BY priority DESC, run_at, id
