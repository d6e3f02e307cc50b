-- streams that are not 1…version, in one partition; the first hundred
SELECT coalesce(s.aggregate_type, e.aggregate_type), coalesce(s.aggregate_id, e.aggregate_id)
FROM event_store.streams s
FULL JOIN (
    SELECT aggregate_type, aggregate_id, count(*) AS events, min(event_sequence) AS first,
        max(event_sequence) AS last, min(partition) AS low, max(partition) AS high
    FROM event_store.events
    GROUP BY aggregate_type, aggregate_id
) e ON e.aggregate_type = s.aggregate_type AND e.aggregate_id = s.aggregate_id
WHERE s.version IS DISTINCT FROM e.events OR e.first <> 1 OR e.last <> e.events
    OR e.low <> e.high OR s.partition IS DISTINCT FROM e.low
LIMIT 100
