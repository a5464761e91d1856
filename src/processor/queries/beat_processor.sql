-- Says that a processor lives, and what it offers. An upsert: a processor that was thought dead and pruned comes back by itself.
INSERT INTO processor (id, name, version, slots, kinds, confinement, stopping)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET heartbeat_at = now(), stopping = excluded.stopping
