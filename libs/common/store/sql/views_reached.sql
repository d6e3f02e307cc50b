-- $1 views, $2 aggregate type, $3 partition, $4 position: whether all of the views are there; one that has not begun is not
SELECT NOT EXISTS (
    SELECT
    FROM unnest($1::text[]) AS v (view)
    LEFT JOIN read.checkpoint c ON c.view = v.view AND c.aggregate_type = $2 AND c.partition = $3
    WHERE c.position IS NULL OR c.position < $4
)
