-- what is remembered of a command: $1 command id
SELECT digest, command_type, aggregate_type, aggregate_id, version, event_count, status, problem,
    received_at, stored_at, validated_us, decided_us, actor
FROM event_store.commands
WHERE command_id = $1
