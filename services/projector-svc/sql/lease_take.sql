-- lock log partitions that nobody has: $1 schema of the view version, $2 aggregate types, $3 partitions, $4 at
-- most so many. Gives the numbers, from 1, of those that are ours now. The locks end with the session.
SELECT u.n
FROM unnest($2::text[], $3::int4[]) WITH ORDINALITY AS u (aggregate_type, partition, n)
WHERE pg_try_advisory_lock(hashtextextended($1 || '/' || u.aggregate_type || '/' || u.partition, 0))
LIMIT $4
