-- Whether a processor of host $1 has said within $2 seconds that it lives. A processor is named host:pid.
SELECT EXISTS (
    SELECT FROM processor
    WHERE starts_with(name, $1 || ':') AND heartbeat_at > now() - make_interval(secs => $2::float8)
)
