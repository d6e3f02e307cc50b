-- the last event of a command, and whether it is published: $1 aggregate type, $2 aggregate id, $3 its sequence
SELECT e.partition, e.position, e.correlation_id, coalesce(p.published >= e.position, false), (
    SELECT m.marked_at
    FROM event_store.publication_marks m
    WHERE m.aggregate_type = e.aggregate_type AND m.partition = e.partition AND m.position >= e.position
    ORDER BY m.position
    LIMIT 1
)
FROM event_store.events e
LEFT JOIN event_store.publications p ON p.aggregate_type = e.aggregate_type AND p.partition = e.partition
WHERE e.aggregate_type = $1 AND e.aggregate_id = $2 AND e.event_sequence = $3
