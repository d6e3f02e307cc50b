-- the first event of a parked aggregate that is not applied is another one now: $1 view, $2 version, $3 aggregate type,
-- $4 aggregate id, $5 position, $6 event sequence, $7 event id, $8 event type, $9 error (NULL: it has not been tried, a
-- retry is still wanted), $10 tries
UPDATE projection.parked
SET position = $5, event_sequence = $6, event_id = $7, event_type = $8, error = coalesce($9::text, ''), tries = $10,
    tried_at = CASE WHEN $9 IS NULL THEN tried_at ELSE now() END,
    wanted = CASE WHEN $9 IS NULL THEN 'retry' END,
    wanted_by = CASE WHEN $9 IS NULL THEN wanted_by END,
    wanted_at = CASE WHEN $9 IS NULL THEN wanted_at END
WHERE view = $1 AND version = $2 AND aggregate_type = $3 AND aggregate_id = $4
