-- Sundog's database: the contract between the gateway and the processors.
--
-- THE MODEL
--
-- A caller hands in bytes (`dataset`) and asks for one analysis of them (`task`). A task waits in the queue until a processor claims it.
-- A claim is the only thing that raises the task's `lease`, a number that from then on stands on everything the processor writes about
-- the task: heartbeat, progress, event, result. Each such write matches (id, state = 'running', lease). If no row matches, somebody else
-- has the task by now, and the writer drops its work. So a processor that was asleep, cut off or slow can never overwrite a newer run.
--
-- Each claim opens an `attempt`, a row of its own that is closed with an outcome. A task has at most one open attempt, and exactly one
-- while it runs. The task's own state is the sum: it goes back to 'queued' between attempts.
--
-- What a watcher is told is the task's feed: its `event` rows, numbered 1..last_seq without a gap. The number is given out while the task's row
-- is locked, so that the order of numbers is the order of commits, and "everything after n" can never skip a row that commits late. (A
-- sequence or a timestamp would: both are visible out of order.) `progress` is no part of the story: it is the present, one row a task,
-- overwritten in place; it carries the lease that wrote it, and is shown only while that lease holds.
--
--                    claim                    settle: succeeded | failed | cancelled
--        ┌────────┐ ─────────► ┌─────────┐ ────────────────────────────────────────► ┌───────────┐
--   ──►  │ queued │            │ running │                                           │ final     │
--        └────────┘ ◄───────── └─────────┘ ────────────────────────────────────────► └───────────┘
--           │  ▲  settle: retry, hand back;   the same, where somebody asked to cancel  ▲     │
--           │  │  rescue: lease ran out       while it ran: cancelled                   │     │
--           └──┼─────────────────────────── cancel ─────────────────────────────────────┘     │
--              └─────────── retry by hand, of a task that failed or was cancelled ────────────┘
--
-- A task that is retried by hand goes on in the same feed, with the same lease, and counts its failures and crashes anew.
--
-- A caller who does not know whether a request arrived sends it again: with the id that it chose for the task, or with a key that names the
-- request (`idempotency_key`). Either leads to the task that is there. That is decided by a unique index, so two at once make one task.
--
-- Nothing is kept for ever (processor/retention.py). A task goes some time after its end with all that belongs to it; its feed may go before,
-- but for the last event. A dataset goes when it was not handed in for long and no task refers to it. Bytes go when nothing refers to their digest.
--
-- Nothing here notifies anybody. NOTIFY inside a transaction that writes holds a cluster-wide lock through its commit; the services send
-- hints after their commits instead (see docs/architecture.md). Time is the database's clock, so that the clocks of processors do not matter.
--
-- This file is what a new database gets. A deployed one moves by the numbered files in migrations/. Needs PostgreSQL 15 or later.

CREATE TABLE schema_version (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE schema_version IS 'One row for each version this database has had; each release states the range that it can work with.';
INSERT INTO schema_version (version, name) VALUES (1, 'initial'), (2, 'let_the_gateway_remove_datasets'),
    (3, 'let_claims_note_the_version'), (4, 'keys'), (5, 'describe_results'),
    (6, 'find_where_tasks_are_due'), (7, 'know_sizes');

-- TYPES

CREATE TYPE task_state AS ENUM (
    'queued',     -- waits for its run_at and a free slot          → running (claim), cancelled (cancel)
    'running',    -- a processor holds its lease                    → succeeded, failed, cancelled, queued (settle, rescue)
    'succeeded',  -- final: its result is there
    'failed',     -- final: its error says why                      → queued (retry by hand)
    'cancelled'   -- final: somebody asked for it                   → queued (retry by hand)
);

CREATE TYPE attempt_outcome AS ENUM (
    'succeeded',
    'failed',         -- the analysis said why; the error tells whether trying again can help
    'cancelled',      -- somebody asked for it while it ran
    'timed_out',      -- needed more than timeout_s
    'out_of_memory',  -- needed more than memory_mb
    'out_of_disk',    -- wrote more than its scratch quota
    'crashed',        -- the child ended by a signal or without a result
    'lost',           -- the processor stopped renewing the lease
    'interrupted'     -- handed back by a processor that was told to stop; counts against nothing
);

CREATE TYPE event_type AS ENUM (
    'queued',     -- the task was recorded, or asked for again by hand
    'started',    -- a processor claimed it
    'log',        -- a line from the analysis or from the processor
    'partial',    -- a partial result, perhaps an estimate
    'retrying',   -- an attempt ended and another will follow
    'succeeded',  -- the end
    'failed',     -- the end
    'cancelled'   -- the end
);

-- WHO DOES THE WORK

CREATE TABLE processor (
    id           uuid PRIMARY KEY,
    name         text NOT NULL,
    version      text NOT NULL,
    slots        smallint NOT NULL,
    kinds        text[] NOT NULL,
    confinement  text[] NOT NULL DEFAULT '{}',
    started_at   timestamptz NOT NULL DEFAULT now(),
    heartbeat_at timestamptz NOT NULL DEFAULT now(),
    stopping     boolean NOT NULL DEFAULT false,
    CONSTRAINT processor_has_slots CHECK (slots > 0)
);
COMMENT ON TABLE processor IS 'The living processors: a row at start, a heartbeat while alive, gone at the end. Dead rows are pruned.';
COMMENT ON COLUMN processor.confinement IS 'The walls around its children that are active on its machine, for example landlock.';

CREATE TABLE kind (
    name          text NOT NULL,
    version       text NOT NULL,
    title         text NOT NULL,
    summary       text NOT NULL,
    inputs        json NOT NULL,
    example       json NOT NULL,
    params_schema json NOT NULL,
    announced_at  timestamptz NOT NULL DEFAULT now(),
    result_schema json,                                          -- null: announced by a release that told none
    PRIMARY KEY (name, version),
    CONSTRAINT kind_name_is_a_word CHECK (name ~ '^[a-z][a-z0-9_-]{0,62}$')
);
COMMENT ON TABLE kind IS 'What processors have announced that they can do; on offer while a living processor lists the name.';

-- WHAT WAS HANDED IN

CREATE TABLE dataset (
    id         uuid PRIMARY KEY,
    tenant     text NOT NULL,
    name       text NOT NULL,
    sha256     text NOT NULL,
    bytes      bigint NOT NULL,
    media_type text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    handed_in_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT dataset_sha256_is_a_digest CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT dataset_bytes_not_negative CHECK (bytes >= 0),
    -- Handing in the same bytes under the same name again finds the row that is there.
    CONSTRAINT dataset_handed_in_once UNIQUE (tenant, name, sha256)
);
COMMENT ON COLUMN dataset.sha256 IS 'Digest of the bytes, and their place in the storage: the same bytes are stored once.';
COMMENT ON COLUMN dataset.handed_in_at IS 'When it was last handed in: that is how long it is kept if no task refers to it.';
-- Serves list_datasets.sql.
CREATE INDEX dataset_listed ON dataset (tenant, id DESC);
-- Serves select_unreferenced.sql.
CREATE INDEX dataset_bytes ON dataset (sha256);

-- WHAT WAS ASKED

CREATE TABLE task (
    -- The hot part: what a claim, a heartbeat and an append touch.
    id                  uuid PRIMARY KEY,                        -- version 7: sorts by time of creation
    state               task_state NOT NULL DEFAULT 'queued',
    priority            smallint NOT NULL DEFAULT 0,             -- higher goes first
    run_at              timestamptz NOT NULL DEFAULT now(),      -- not before
    lease               bigint NOT NULL DEFAULT 0,               -- the fencing token; raised by claims only
    lease_until         timestamptz,
    processor           uuid,
    attempts            smallint NOT NULL DEFAULT 0,             -- attempts made, the number of the last one
    failures            smallint NOT NULL DEFAULT 0,             -- attempts that count against max_attempts
    crashes             smallint NOT NULL DEFAULT 0,             -- crashed and lost ones: too many end in quarantine
    last_seq            integer NOT NULL DEFAULT 0,              -- the feed's last number
    version             integer NOT NULL DEFAULT 1,              -- grows with every change that a caller can see
    cancel_requested_at timestamptz,
    feed_trimmed        boolean NOT NULL DEFAULT false,          -- only the last event of its feed is kept
    -- What was asked. Params, limits and priority may be changed by a retry by hand, the rest is written once.
    tenant              text NOT NULL,
    kind                text NOT NULL,
    params              json NOT NULL DEFAULT '{}',
    timeout_s           integer NOT NULL,
    memory_mb           integer NOT NULL,
    max_attempts        smallint NOT NULL,
    tags                text[] NOT NULL DEFAULT '{}',
    traceparent         text,
    kind_version        text,                                    -- of the kind: as announced when it was asked for; once claimed, as it runs
    digest              bytea,                                   -- of the question: kind, params, and the names and digests of the inputs
    request_digest      bytea,                                   -- of the request, if it chose the id
    -- The story in short.
    error               json,
    created_at          timestamptz NOT NULL DEFAULT now(),
    started_at          timestamptz,
    finished_at         timestamptz,
    params_bytes        integer,                                 -- null: written by a release that did not count
    CONSTRAINT task_running_has_a_lease CHECK ((state = 'running') = (lease_until IS NOT NULL AND processor IS NOT NULL)),
    CONSTRAINT task_final_has_an_end CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT task_failed_has_an_error CHECK (state <> 'failed' OR error IS NOT NULL),
    CONSTRAINT task_limits_positive CHECK (timeout_s > 0 AND memory_mb > 0 AND max_attempts > 0),
    CONSTRAINT task_counts_in_step CHECK (failures <= attempts AND crashes <= attempts AND last_seq >= 0),
    CONSTRAINT task_digests_are_sha256 CHECK (octet_length(digest) = 32 AND octet_length(request_digest) = 32)
) WITH (fillfactor = 80);  -- room on the page for heartbeats and appends, which touch no index (HOT)
COMMENT ON TABLE task IS 'One requested analysis.';
-- Serve claim_tasks.sql. By the first it hops from one (tenant, kind) to the next, and sees whether anything is due there; by the second then
-- from priority to priority, and takes the first due tasks of each. So its cost grows with neither finished tasks, nor a backlog, nor tasks
-- that are due later, nor those of kinds that the claimer does not have. The first also serves seconds_until_due.sql and count_backlog.sql.
CREATE INDEX task_due ON task (tenant, kind, run_at) WHERE state = 'queued';
CREATE INDEX task_claimable ON task (tenant, kind, priority, run_at, id) WHERE state = 'queued';
-- Serves the caps, rescue_tasks.sql and release_orphans.sql; holds only what runs. No lease_until in it: a heartbeat must stay HOT.
CREATE INDEX task_running ON task (tenant, kind) WHERE state = 'running';
-- Serve list_tasks.sql, list_tasks_in_state.sql and list_tasks_of_kind.sql, which walk them backwards.
CREATE INDEX task_listed ON task (tenant, id);
CREATE INDEX task_listed_by_state ON task (tenant, state, id);
CREATE INDEX task_listed_by_kind ON task (tenant, kind, id);
-- Serves the look for an earlier result in record_tasks.sql.
CREATE INDEX task_reusable ON task (digest) WHERE state = 'succeeded';
-- Serves trim_feeds.sql and remove_tasks.sql: what ended first, of those whose feed is whole, and of those whose feed was trimmed.
CREATE INDEX task_ended ON task (feed_trimmed, finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE task_tag (
    task   uuid NOT NULL REFERENCES task ON DELETE CASCADE,
    tenant text NOT NULL,
    tag    text NOT NULL,
    PRIMARY KEY (task, tag)
);
COMMENT ON TABLE task_tag IS 'A row for each of a task''s tags, to find tasks by them in the order of a list.';
-- Serves list_tasks_with_tag.sql.
CREATE INDEX task_tag_listed ON task_tag (tenant, tag, task);

CREATE TABLE idempotency_key (
    tenant     text NOT NULL,
    key        text NOT NULL,
    request    bytea NOT NULL,                                   -- digest of the request that came with the key first
    tasks      uuid[] NOT NULL,                                  -- what it was answered with, in the order of the request
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, key)
);
COMMENT ON TABLE idempotency_key IS 'The names that callers gave to their requests: the same request again is answered with the same tasks.';
-- Serves sweep_idempotency_keys.sql.
CREATE INDEX idempotency_key_expiring ON idempotency_key (expires_at);

CREATE TABLE turn (
    tenant    text PRIMARY KEY,
    served_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
COMMENT ON TABLE turn IS 'When each tenant''s tasks were last claimed, so that tenants take turns. A hint: claims never wait for it.';

CREATE TABLE cap (
    tenant      text,
    kind        text,
    max_running integer NOT NULL,
    CONSTRAINT cap_not_negative CHECK (max_running >= 0),
    CONSTRAINT cap_stated_once UNIQUE NULLS NOT DISTINCT (tenant, kind)
);
COMMENT ON TABLE cap IS 'How many tasks may run at once: of a tenant, of a kind, of a tenant''s kind; both null: of each tenant that has no row.';

CREATE TABLE task_input (
    task     uuid NOT NULL REFERENCES task ON DELETE CASCADE,
    name     text NOT NULL,
    dataset  uuid REFERENCES dataset ON DELETE SET NULL,
    filename text NOT NULL,
    sha256   text NOT NULL,
    bytes    bigint NOT NULL,
    PRIMARY KEY (task, name)
);
COMMENT ON TABLE task_input IS 'The datasets a task works on, by the kind''s input names; keeps what they were after the dataset is gone.';
-- Serves the ON DELETE of dataset, the question whether a task still needs it, and list_tasks_of_dataset.sql.
CREATE INDEX task_input_dataset ON task_input (dataset, task);
-- Serves select_unreferenced.sql: bytes that a task still needs though its dataset is gone. Nearly always empty.
CREATE INDEX task_input_bytes ON task_input (sha256) WHERE dataset IS NULL;

-- WHAT HAPPENED
-- attempt and event have no foreign key to task: they are only ever written by a statement that holds the task's row, and retention removes
-- them together with it. Checking the reference again for each row would cost more than the row.

CREATE TABLE attempt (
    task              uuid NOT NULL,
    number            smallint NOT NULL,
    lease             bigint NOT NULL,
    processor         uuid NOT NULL,
    processor_name    text NOT NULL,
    started_at        timestamptz NOT NULL DEFAULT now(),
    finished_at       timestamptz,
    outcome           attempt_outcome,
    error             json,
    peak_memory_bytes bigint,
    cpu_seconds       double precision,
    PRIMARY KEY (task, number),
    CONSTRAINT attempt_closed_with_an_outcome CHECK ((outcome IS NULL) = (finished_at IS NULL))
) WITH (fillfactor = 80);
COMMENT ON TABLE attempt IS 'One run of a task.';
-- The invariant: a task has at most one open attempt.
CREATE UNIQUE INDEX attempt_open ON attempt (task) WHERE outcome IS NULL;

CREATE TABLE event (
    task    uuid NOT NULL,
    seq     integer NOT NULL,
    type    event_type NOT NULL,
    attempt smallint,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    data    json NOT NULL DEFAULT '{}',
    PRIMARY KEY (task, seq),
    CONSTRAINT event_seq_from_one CHECK (seq > 0)
);
COMMENT ON TABLE event IS 'The story of each task, append-only, seq 1..n without a gap.';
-- Serves changed_tasks.sql (what changed while a dashboard was away). Events are appended in time, so a block range index of some pages is enough.
CREATE INDEX event_recent ON event USING brin (at) WITH (pages_per_range = 16);

CREATE TABLE progress (
    task  uuid PRIMARY KEY,
    lease bigint NOT NULL,
    rev   bigint NOT NULL DEFAULT 1,
    at    timestamptz NOT NULL DEFAULT now(),
    data  json NOT NULL
) WITH (fillfactor = 50);  -- updated in place many times: every update HOT
COMMENT ON TABLE progress IS 'The present progress of a task; shown only while its lease is the task''s.';

CREATE TABLE result (
    task       uuid PRIMARY KEY,
    lease      bigint NOT NULL,
    body       json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    bytes      integer                                           -- of the body; null: written by a release that did not count
);
COMMENT ON TABLE result IS 'The envelope of a succeeded task''s result.';

CREATE TABLE artifact (
    task       uuid NOT NULL,
    name       text NOT NULL,
    sha256     text NOT NULL,
    bytes      bigint NOT NULL,
    media_type text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (task, name),
    CONSTRAINT artifact_sha256_is_a_digest CHECK (sha256 ~ '^[0-9a-f]{64}$')
);
COMMENT ON TABLE artifact IS 'Bytes that an analysis made, stored under their digest like datasets.';
-- Serves select_unreferenced.sql.
CREATE INDEX artifact_bytes ON artifact (sha256);

-- WHO MAY ASK
-- Whose things are whose is the text `tenant` on each of them; a row here gives a tenant limits of its own, and keys.

CREATE TYPE key_role AS ENUM (
    'read',    -- sees what the tenant has
    'submit',  -- and hands in, asks, cancels and retries
    'admin'    -- and removes, and reads the audit
);

CREATE TABLE tenant (
    name              text PRIMARY KEY,
    created_at        timestamptz NOT NULL DEFAULT now(),
    most_datasets     integer,
    most_stored_bytes bigint,
    most_queued       integer,
    CONSTRAINT tenant_name_is_a_word CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    CONSTRAINT tenant_limits_not_negative CHECK (most_datasets >= 0 AND most_stored_bytes >= 0 AND most_queued >= 0)
);
COMMENT ON TABLE tenant IS 'Who may have keys, and how much each may have; null: what the gateways'' settings say. How much may run is in cap.';

CREATE TABLE api_key (
    id             text PRIMARY KEY,
    tenant         text NOT NULL REFERENCES tenant,
    role           key_role NOT NULL,
    name           text NOT NULL,
    hash           bytea NOT NULL,
    requests_per_s integer,
    created_at     timestamptz NOT NULL DEFAULT now(),
    expires_at     timestamptz,
    revoked_at     timestamptz,
    last_used_at   timestamptz,
    CONSTRAINT api_key_id_is_a_word CHECK (id ~ '^[a-z0-9]{12}$'),
    CONSTRAINT api_key_hash_is_sha256 CHECK (octet_length(hash) = 32),
    CONSTRAINT api_key_rate_positive CHECK (requests_per_s > 0)
);
COMMENT ON TABLE api_key IS 'How callers prove who they are. The key itself is nowhere.';
COMMENT ON COLUMN api_key.id IS 'The part of the key that is no secret: what it is looked up and recognised by.';
COMMENT ON COLUMN api_key.hash IS 'SHA-256 of the secret part. That has 256 random bits, so that a slow hash would protect nothing more.';
COMMENT ON COLUMN api_key.requests_per_s IS 'Null: what the gateways'' settings say.';
COMMENT ON COLUMN api_key.last_used_at IS 'Written in batches: late by some seconds.';
-- Serves list_keys.sql.
CREATE INDEX api_key_listed ON api_key (tenant, created_at);

CREATE TABLE session (
    id         text PRIMARY KEY,
    hash       bytea NOT NULL,
    key        text NOT NULL REFERENCES api_key ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT session_hash_is_sha256 CHECK (octet_length(hash) = 32)
);
COMMENT ON TABLE session IS 'Browsers that somebody logged in with a key; each ends with its key at the latest.';
-- Serves the ON DELETE of api_key.
CREATE INDEX session_key ON session (key);
-- Serves open_session.sql, which removes those that have expired.
CREATE INDEX session_expiring ON session (expires_at);

CREATE UNLOGGED TABLE bucket (
    key    text PRIMARY KEY REFERENCES api_key ON DELETE CASCADE,
    tokens double precision NOT NULL,
    taken  double precision NOT NULL,                            -- by who came last
    at     timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE bucket IS 'The requests that a key may still send, shared by all gateways. Full again after a crash, which is no harm.';

CREATE TABLE audit (
    id      uuid PRIMARY KEY,                                    -- version 7: sorts by time
    at      timestamptz NOT NULL DEFAULT now(),
    tenant  text,                                                -- null: of nobody that is known
    actor   text,                                                -- id of a key; null: nobody that is known, or the operator
    name    text,                                                -- of the key, as it was then
    action  text NOT NULL,
    object  text,
    request text,
    address text,
    detail  json NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE audit IS 'Who did what to which object. Append-only: a trigger keeps everybody from changing it, the owner too.';
-- Serves list_audit.sql.
CREATE INDEX audit_listed ON audit (tenant, id);
-- Serves prune_audit.
CREATE INDEX audit_old ON audit (at);

-- WHO MAY DO WHAT
-- Two login roles. They have no password until `sundog migrate` is given one, so nobody can enter as them by accident.

DO $$
BEGIN
    CREATE ROLE sundog_gateway LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- roles belong to the cluster: another database made it
END $$;
DO $$
BEGIN
    CREATE ROLE sundog_processor LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$;

GRANT USAGE ON SCHEMA public TO sundog_gateway, sundog_processor;
GRANT SELECT ON schema_version, processor, kind, dataset, task, task_tag, task_input, attempt, event, progress, result, artifact, idempotency_key
    TO sundog_gateway;
GRANT INSERT ON dataset, task_tag, task_input, event, idempotency_key TO sundog_gateway;
GRANT INSERT (id, tenant, kind, params, priority, run_at, timeout_s, memory_mb, max_attempts, tags, traceparent, kind_version, digest,
              request_digest, last_seq, params_bytes)
    ON task TO sundog_gateway;
GRANT UPDATE (handed_in_at), DELETE ON dataset TO sundog_gateway;
GRANT UPDATE (state, run_at, last_seq, version, cancel_requested_at, error, finished_at) ON task TO sundog_gateway;
-- What a retry by hand changes.
GRANT UPDATE (failures, crashes, params, priority, timeout_s, memory_mb, max_attempts, kind_version, digest, feed_trimmed, params_bytes)
    ON task TO sundog_gateway;
-- A key that has expired is free again before it is swept.
GRANT UPDATE (request, tasks, expires_at) ON idempotency_key TO sundog_gateway;

GRANT SELECT ON schema_version, processor, kind, turn, cap, dataset, task, task_input, attempt, event, progress, result, artifact
    TO sundog_processor;
GRANT INSERT ON processor, kind, turn, attempt, event, progress, result, artifact TO sundog_processor;
GRANT UPDATE ON processor, kind, turn, attempt, progress, result, artifact TO sundog_processor;
GRANT UPDATE (state, run_at, lease, lease_until, processor, attempts, failures, crashes, last_seq, version, error, started_at, finished_at,
              feed_trimmed, kind_version)
    ON task TO sundog_processor;
GRANT DELETE ON processor, kind, idempotency_key TO sundog_processor;
-- What retention removes.
GRANT DELETE ON dataset, task, attempt, event, progress, result, artifact TO sundog_processor;
GRANT UPDATE (handed_in_at) ON dataset TO sundog_processor;  -- to lock what it removes
GRANT SELECT (tenant, key, expires_at), UPDATE (expires_at) ON idempotency_key TO sundog_processor;  -- to lock what it sweeps

-- Keys are made and revoked by the owner (`sundog keys`). The gateway reads them, and writes when each was used last. The processor sees nothing
-- of who may ask.
GRANT SELECT ON tenant, api_key, session, bucket, audit TO sundog_gateway;
GRANT UPDATE (last_used_at) ON api_key TO sundog_gateway;
GRANT INSERT, DELETE ON session TO sundog_gateway;
GRANT INSERT, UPDATE (tokens, taken, at) ON bucket TO sundog_gateway;
GRANT INSERT ON audit TO sundog_gateway;

CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at < now() - interval '1 day' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = 'the audit is append-only';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();

-- What retention may do to the audit, with the owner's rights: a processor can neither read it nor remove what is younger than a day.
CREATE FUNCTION prune_audit(older_than timestamptz, at_most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH old AS (
        SELECT id
        FROM public.audit
        WHERE at < least(older_than, now() - interval '1 day')
        ORDER BY at
        LIMIT at_most
        FOR UPDATE SKIP LOCKED
    ),
    removed AS (
        DELETE FROM public.audit WHERE id = ANY (ARRAY(SELECT id FROM old)) RETURNING id
    )
    SELECT count(*)::integer FROM removed
$$;
REVOKE EXECUTE ON FUNCTION prune_audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prune_audit TO sundog_processor;

-- The gateway may put a task into the queue, take it out by cancelling, and put it back by a retry after it failed or was cancelled; only a
-- processor can start or finish one. A trigger, not row-level security: that would keep the planner from using what it knows about states, and
-- make claims read the whole table.
CREATE FUNCTION refuse_change_of_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = format('only a processor can move a task from %s to %s', OLD.state, NEW.state);
END $$;
CREATE TRIGGER task_worked_on_by_processors BEFORE UPDATE OF state ON task
    FOR EACH ROW WHEN (
        NEW.state <> OLD.state
        AND (OLD.state, NEW.state) NOT IN (('queued', 'cancelled'), ('failed', 'queued'), ('cancelled', 'queued'))
        AND NOT pg_has_role(current_user, 'sundog_processor', 'USAGE')
    )
    EXECUTE FUNCTION refuse_change_of_state();
