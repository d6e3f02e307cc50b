-- every log partition: what its head says, what is there, and which position was its end ($1) when verifying began
SELECT l.aggregate_type, l.partition, l.last_position,
    count(e.position), coalesce(min(e.position), 0), coalesce(max(e.position), 0), coalesce(h.position, 0)
FROM event_store.logs l
LEFT JOIN json_to_recordset($1::json) AS h (type text, partition int4, position int8)
    ON h.type = l.aggregate_type AND h.partition = l.partition
LEFT JOIN event_store.events e ON e.aggregate_type = l.aggregate_type AND e.partition = l.partition
GROUP BY l.aggregate_type, l.partition, l.last_position, h.position
ORDER BY l.aggregate_type, l.partition
