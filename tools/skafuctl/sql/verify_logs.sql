-- every log partition: what its head says and what is there
SELECT l.aggregate_type, l.partition, l.last_position,
    count(e.position), coalesce(min(e.position), 0), coalesce(max(e.position), 0)
FROM event_store.logs l
LEFT JOIN event_store.events e ON e.aggregate_type = l.aggregate_type AND e.partition = l.partition
GROUP BY l.aggregate_type, l.partition, l.last_position
ORDER BY l.aggregate_type, l.partition
