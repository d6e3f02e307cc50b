-- of the events up to $1, where the logs ended: how many are not yet published, and per view how many it has not applied
WITH head AS (
    SELECT * FROM json_to_recordset($1::json) AS h (type text, partition int4, position int8)
)
SELECT 'topics', coalesce(sum(greatest(h.position - coalesce(p.published, 0), 0)), 0)
FROM head AS h
LEFT JOIN event_store.publications AS p ON p.aggregate_type = h.type AND p.partition = h.partition
UNION ALL
SELECT 'view ' || f.view, sum(greatest(h.position - coalesce(c.position, 0), 0))
FROM (SELECT DISTINCT view, aggregate_type FROM read.checkpoint) AS f
JOIN head AS h ON h.type = f.aggregate_type
LEFT JOIN read.checkpoint AS c -- a partition that was added has none until a projector takes it
    ON c.view = f.view AND c.aggregate_type = h.type AND c.partition = h.partition
WHERE $2::text IS NULL OR f.view = $2
GROUP BY f.view
