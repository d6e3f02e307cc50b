-- events of a log partition that a selection takes, in order, from the next $5 positions: $1 aggregate type, $2 partition,
-- $3 after this position, $4 up to this one, $5 positions to look at, $6 at most so many events, $7 and those that begin within so
-- many bytes; NULL takes all of: $8 aggregate id, $9 event type, $10 since this time, $11 before this one
SELECT event_id, event_type, event_version, aggregate_id, event_sequence, event_data, metadata, correlation_id,
    stored_at, partition, position
FROM (
    SELECT *, sum(octet_length(event_data) + octet_length(metadata)) OVER (
            ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
    FROM (
        SELECT * FROM event_store.events
        WHERE aggregate_type = $1 AND partition = $2 AND position > $3 AND position <= least($4, $3 + $5)
            AND ($8::text IS NULL OR aggregate_id = $8) AND ($9::text IS NULL OR event_type = $9)
            AND ($10::timestamptz IS NULL OR stored_at >= $10) AND ($11::timestamptz IS NULL OR stored_at < $11)
        ORDER BY position
        LIMIT $6
    ) AS next
) AS counted
WHERE bytes_before IS NULL OR bytes_before < $7
ORDER BY position
