-- parked aggregates of log partitions of which an operator wants something, the oldest wish first: $1 view, $2 version,
-- $3 aggregate types, $4 partitions, $5 at most. Gives aggregate type, partition, aggregate id.
SELECT p.aggregate_type, p.partition, p.aggregate_id
FROM projection.parked p
JOIN unnest($3::text[], $4::int4[]) AS u (aggregate_type, partition) USING (aggregate_type, partition)
WHERE p.view = $1 AND p.version = $2 AND p.wanted IS NOT NULL
ORDER BY p.wanted_at, p.aggregate_type, p.aggregate_id
LIMIT $5
