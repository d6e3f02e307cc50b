-- $1 view, $2 aggregate type: each log partition, and how far the view is in it (null: not begun)
SELECT l.partition, c.position, l.last_position
FROM event_store.logs l
LEFT JOIN read.checkpoint c ON c.view = $1 AND c.aggregate_type = l.aggregate_type AND c.partition = l.partition
WHERE l.aggregate_type = $2
ORDER BY l.partition
