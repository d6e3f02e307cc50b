-- $1 view, $2 version: what it has parked, with the first event of each that is held
SELECT aggregate_type, aggregate_id, event_sequence
FROM projection.parked
WHERE view = $1 AND version = $2
ORDER BY aggregate_type, aggregate_id
