-- events that are not yet published, and per view the events it has not applied
SELECT 'topics', coalesce(sum(l.last_position - coalesce(p.published, 0)), 0)
FROM event_store.logs l
LEFT JOIN event_store.publications p USING (aggregate_type, partition)
UNION ALL
SELECT 'view ' || c.view, sum(greatest(l.last_position - c.position, 0))
FROM read.checkpoint c
JOIN event_store.logs l USING (aggregate_type, partition)
GROUP BY c.view
