-- the last try of a command that failed: $1 command id, $2 its actor or NULL for anybody
SELECT actor, command_type, aggregate_type, aggregate_id, correlation_id, step, status, problem, received_at,
    validated_us, decided_us, failed_us
FROM event_store.failures
WHERE command_id = $1 AND ($2::text IS NULL OR actor = $2)
ORDER BY received_at DESC
LIMIT 1
