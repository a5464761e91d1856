-- Whether anybody could prove who they are.
SELECT EXISTS (SELECT FROM api_key WHERE revoked_at IS NULL AND coalesce(expires_at > now(), true))
