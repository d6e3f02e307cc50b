-- events of an aggregate that a view version was told to leave out: $1 view, $2 version, $3 aggregate type, $4 partition,
-- $5 aggregate id, $6 up to this sequence. Gives their sequences.
SELECT event_sequence
FROM projection.dropped
WHERE view = $1 AND version = $2 AND aggregate_type = $3 AND partition = $4 AND aggregate_id = $5
    AND event_sequence <= $6
