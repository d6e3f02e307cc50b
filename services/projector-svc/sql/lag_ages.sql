-- how long ago the next event was stored, in microseconds, in the order of the arguments; null: there is none. $1 aggregate types,
-- $2 partitions, $3 positions that are applied. Not a join: before the tables have statistics that would read whole logs.
SELECT (
    SELECT (extract(epoch FROM clock_timestamp() - e.stored_at) * 1000000)::int8 FROM event_store.events AS e
    WHERE e.aggregate_type = u.aggregate_type AND e.partition = u.partition AND e.position = u.position + 1)
FROM unnest($1::text[], $2::int4[], $3::int8[]) WITH ORDINALITY AS u (aggregate_type, partition, position, n)
ORDER BY u.n
