-- events of a log partition in order: $1 aggregate type, $2 partition, $3 after this position, $4 at most so many, $5 and those that
-- begin within so many bytes
SELECT event_id, event_type, event_version, aggregate_id, event_sequence, event_data, metadata, correlation_id,
    stored_at, partition, position
FROM (
    SELECT *, sum(octet_length(event_data) + octet_length(metadata)) OVER (
            ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
    FROM (
        SELECT * FROM event_store.events
        WHERE aggregate_type = $1 AND partition = $2 AND position > $3
        ORDER BY position
        LIMIT $4
    ) AS next
) AS counted
WHERE bytes_before IS NULL OR bytes_before < $5
ORDER BY position
