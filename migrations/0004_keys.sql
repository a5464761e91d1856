-- Keys, sessions, limits of tenants, and the audit. Only adds: a gateway of the release before goes on as it did.

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
