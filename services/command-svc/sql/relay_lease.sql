-- lease log partitions to this connection: $1 aggregate types, $2 partitions; answers the indexes (from 1) that were free
SELECT log.index
FROM unnest($1::text[], $2::int4[]) WITH ORDINALITY AS log (aggregate_type, partition, index)
WHERE pg_try_advisory_lock(hashtextextended('skafu relay ' || log.aggregate_type || ' ' || log.partition, 0))
