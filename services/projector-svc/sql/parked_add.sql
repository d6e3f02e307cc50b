-- park an aggregate: $1 view, $2 version, $3 aggregate type, $4 aggregate id, $5 partition, $6 position, $7 event
-- sequence, $8 event id, $9 event type, $10 error, $11 tries; not when the version has $12 of them already
INSERT INTO projection.parked (view, version, aggregate_type, aggregate_id, partition, position, event_sequence, event_id,
    event_type, error, tries)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
WHERE (SELECT count(*) FROM projection.parked WHERE view = $1 AND version = $2) < $12
