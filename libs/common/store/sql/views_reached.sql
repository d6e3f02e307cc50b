-- $1 views, $2 aggregate type, $3 partition, $4 position: whether all of the views show the event there; one that has not
-- begun does not, and one that holds back the aggregate does not either
SELECT NOT EXISTS (
    SELECT
    FROM unnest($1::text[]) AS v (view)
    LEFT JOIN read.checkpoint c ON c.view = v.view AND c.aggregate_type = $2 AND c.partition = $3
    WHERE c.position IS NULL OR c.position < $4
) AND NOT EXISTS (
    SELECT
    FROM read.parked p
    JOIN event_store.events e ON e.aggregate_type = $2 AND e.partition = $3 AND e.position = $4
    WHERE p.view = ANY ($1::text[]) AND p.aggregate_type = $2 AND p.partition = $3
        AND p.aggregate_id = e.aggregate_id AND p.event_sequence <= e.event_sequence
)
