-- Sends many hints in one transaction that writes nothing else, so that its commit does not wait for a flush.
-- $1 channels, $2 payloads, in step.
SELECT pg_notify(hint.channel, hint.payload)
FROM unnest($1::text[], $2::text[]) AS hint (channel, payload)
