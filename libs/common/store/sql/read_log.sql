-- events of a log partition in order: $1 aggregate type, $2 partition, $3 after this position, $4 at most
SELECT event_id, event_type, event_version, aggregate_id, event_sequence, event_data, metadata, correlation_id,
    stored_at, partition, position
FROM event_store.events
WHERE aggregate_type = $1 AND partition = $2 AND position > $3
ORDER BY position
LIMIT $4
