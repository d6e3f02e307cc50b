-- which views show an event: $1 views, $2 aggregate type, $3 partition, $4 position, $5 aggregate id, $6 event sequence;
-- in the order of the views: applied, parked, dropped, when
SELECT coalesce(c.position >= $4, false), EXISTS (
    SELECT
    FROM projection.parked p
    WHERE p.view = v.view AND p.version = l.version AND p.aggregate_type = $2 AND p.aggregate_id = $5
        AND p.event_sequence <= $6
), EXISTS (
    SELECT
    FROM projection.dropped d
    WHERE d.view = v.view AND d.version = l.version AND d.aggregate_type = $2 AND d.partition = $3 AND d.position = $4
), (
    SELECT m.marked_at
    FROM projection.marks m
    WHERE m.view = v.view AND m.aggregate_type = $2 AND m.partition = $3 AND m.position >= $4
    ORDER BY m.position
    LIMIT 1
)
FROM unnest($1::text[]) WITH ORDINALITY AS v (view, number)
LEFT JOIN projection.views l ON l.view = v.view AND l.live
LEFT JOIN read.checkpoint c ON c.view = v.view AND c.aggregate_type = $2 AND c.partition = $3
ORDER BY v.number
