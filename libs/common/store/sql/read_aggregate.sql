-- an aggregate's snapshot and the events after it: $1 aggregate type, $2 aggregate id, $3 after this sequence, $4 state version that
-- can be read (0: no snapshot is wanted), $5 at most so many events, $6 and those that begin within so many bytes.
-- The snapshot is the first row, its event_id NULL: event_version is its state_version, event_data its state, and
-- partition NULL when it is ahead of the stream. The events are those after it if it can be used, else those after $3.
WITH snapshot AS MATERIALIZED (
    SELECT s.version, s.state_version, s.state, (
        -- not a join: before the tables have statistics that would read the whole log
        SELECT e.partition FROM event_store.events AS e
        WHERE e.aggregate_id = $2 AND e.aggregate_type = $1 AND e.event_sequence = s.version) AS partition
    FROM event_store.snapshots AS s
    WHERE s.aggregate_type = $1 AND s.aggregate_id = $2 AND s.version > $3 AND $4 > 0
)
SELECT * FROM (
    SELECT NULL::uuid AS event_id, NULL AS event_type, state_version AS event_version, $2::text AS aggregate_id,
        version AS event_sequence, state AS event_data, '{}' AS metadata, '' AS correlation_id, NULL::timestamptz AS stored_at,
        partition, 0::int8 AS position
    FROM snapshot
    UNION ALL
    SELECT event_id, event_type, event_version, aggregate_id, event_sequence, event_data, metadata, correlation_id, stored_at,
        partition, position
    FROM (
        SELECT *, sum(octet_length(event_data) + octet_length(metadata)) OVER (
                ORDER BY event_sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
        FROM (
            SELECT * FROM event_store.events
            WHERE aggregate_type = $1 AND aggregate_id = $2 AND event_sequence > coalesce(
                (SELECT version FROM snapshot WHERE state_version = $4 AND partition IS NOT NULL), $3)
            ORDER BY event_sequence
            LIMIT $5
        ) AS next
    ) AS counted
    WHERE bytes_before IS NULL OR bytes_before < $6
) AS page
ORDER BY event_id IS NOT NULL, event_sequence
