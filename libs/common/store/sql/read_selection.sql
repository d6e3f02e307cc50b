-- events of a log partition that a selection takes, in order, from the next $5 positions: $1 aggregate type, $2 partition,
-- $3 after this position, $4 up to this one, $5 positions to look at, $6 at most so many events; NULL takes all of:
-- $7 aggregate id, $8 event type, $9 since this time, $10 before this one
SELECT event_id, event_type, event_version, aggregate_id, event_sequence, event_data, metadata, correlation_id,
    stored_at, partition, position
FROM event_store.events
WHERE aggregate_type = $1 AND partition = $2 AND position > $3 AND position <= least($4, $3 + $5)
    AND ($7::text IS NULL OR aggregate_id = $7) AND ($8::text IS NULL OR event_type = $8)
    AND ($9::timestamptz IS NULL OR stored_at >= $9) AND ($10::timestamptz IS NULL OR stored_at < $10)
ORDER BY position
LIMIT $6
