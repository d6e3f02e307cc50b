-- $1 view, $2 version: the events that it was told to leave out
SELECT aggregate_type, partition, position
FROM projection.dropped
WHERE view = $1 AND version = $2
ORDER BY aggregate_type, partition, position
