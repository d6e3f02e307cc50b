-- events that are not yet published, and per view the events it has not applied
SELECT 'topics', coalesce(sum(l.last_position - coalesce(p.published, 0)), 0)
FROM event_store.logs l
LEFT JOIN event_store.publications p USING (aggregate_type, partition)
UNION ALL
SELECT 'view ' || f.view, sum(greatest(l.last_position - coalesce(c.position, 0), 0))
FROM (SELECT DISTINCT view, aggregate_type FROM read.checkpoint) f
JOIN event_store.logs l ON l.aggregate_type = f.aggregate_type
LEFT JOIN read.checkpoint c -- a partition that was added has none until a projector takes it
    ON c.view = f.view AND c.aggregate_type = l.aggregate_type AND c.partition = l.partition
GROUP BY f.view
