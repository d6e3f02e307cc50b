-- note that the first held event of an aggregate is left out: $1 view, $2 version, $3 aggregate type, $4 aggregate id
INSERT INTO projection.dropped (view, version, aggregate_type, aggregate_id, partition, position, event_sequence, event_id,
    event_type, error, tries, parked_at, dropped_by)
SELECT view, version, aggregate_type, aggregate_id, partition, position, event_sequence, event_id, event_type, error, tries,
    parked_at, wanted_by
FROM projection.parked
WHERE view = $1 AND version = $2 AND aggregate_type = $3 AND aggregate_id = $4
