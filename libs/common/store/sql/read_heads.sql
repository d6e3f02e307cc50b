-- the heads of an aggregate type's log partitions: $1 aggregate type
SELECT l.partition, l.last_position, coalesce(p.published, 0)
FROM event_store.logs l
LEFT JOIN event_store.publications p ON p.aggregate_type = l.aggregate_type AND p.partition = l.partition
WHERE l.aggregate_type = $1
ORDER BY l.partition
