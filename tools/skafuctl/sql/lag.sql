-- how far topics and views are behind the event store, by log partition: in events, and in seconds since the first event
-- that is missing was stored
WITH consumer AS (
    SELECT 'topic' AS consumer, aggregate_type, partition, published AS position FROM event_store.publications
    UNION ALL
    SELECT 'view ' || f.view, l.aggregate_type, l.partition, coalesce(c.position, 0)
    FROM (SELECT DISTINCT view, aggregate_type FROM read.checkpoint) AS f
    JOIN event_store.logs AS l ON l.aggregate_type = f.aggregate_type
    LEFT JOIN read.checkpoint AS c -- a partition that was added has none until a projector takes it
        ON c.view = f.view AND c.aggregate_type = l.aggregate_type AND c.partition = l.partition
)
SELECT c.consumer, c.aggregate_type AS "aggregateType", c.partition, l.last_position AS "lastPosition", c.position,
       greatest(l.last_position - c.position, 0) AS "lagEvents",
       coalesce(round(extract(epoch FROM greatest(clock_timestamp() - e.stored_at, '0'))::numeric, 3), 0) AS "lagSeconds"
FROM consumer AS c
JOIN event_store.logs AS l USING (aggregate_type, partition)
LEFT JOIN event_store.events AS e
    ON e.aggregate_type = c.aggregate_type AND e.partition = c.partition AND e.position = c.position + 1
WHERE $1::text IS NULL OR c.consumer = 'view ' || $1
ORDER BY c.consumer, c.aggregate_type, c.partition
