-- $1 view: the events that its live version was told to leave out
SELECT d.aggregate_type, d.partition, d.position
FROM projection.dropped d
JOIN projection.views v USING (view, version)
WHERE d.view = $1 AND v.live
ORDER BY d.aggregate_type, d.partition, d.position
