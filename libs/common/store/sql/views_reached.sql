-- $1 views, $2 aggregate type, $3 partition, $4 position: whether all of the views that the type feeds are there
SELECT NOT EXISTS (
    SELECT
    FROM (SELECT DISTINCT view FROM read.checkpoint WHERE view = ANY ($1::text[]) AND aggregate_type = $2) v
    LEFT JOIN read.checkpoint c ON c.view = v.view AND c.aggregate_type = $2 AND c.partition = $3
    WHERE c.position IS NULL OR c.position < $4
)
