-- what is wanted of a parked aggregate, which stays as it is until the transaction ends: $1 view, $2 version,
-- $3 aggregate type, $4 aggregate id. Gives wanted, event sequence, tries.
SELECT wanted, event_sequence, tries
FROM projection.parked
WHERE view = $1 AND version = $2 AND aggregate_type = $3 AND aggregate_id = $4 AND wanted IS NOT NULL
FOR UPDATE
