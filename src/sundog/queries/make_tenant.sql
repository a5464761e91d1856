-- A tenant, if it is new. $1 name.
INSERT INTO tenant (name) VALUES ($1) ON CONFLICT (name) DO NOTHING
