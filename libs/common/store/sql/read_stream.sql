-- events of an aggregate in order: $1 aggregate type, $2 aggregate id, $3 after this sequence, $4 at most
SELECT event_id, event_type, event_version, aggregate_id, event_sequence, event_data, metadata, correlation_id,
    stored_at, partition, position
FROM event_store.events
WHERE aggregate_type = $1 AND aggregate_id = $2 AND event_sequence > $3
ORDER BY event_sequence
LIMIT $4
