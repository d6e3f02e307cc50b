-- events that a view was told to leave out, the newest first, an object each: $1 view, $2 version (NULL: all of them),
-- $3 behind this cursor, $4 at most
SELECT json_build_object(
        'view', d.view, 'version', d.version, 'aggregateType', d.aggregate_type, 'aggregateId', d.aggregate_id,
        'partition', d.partition, 'position', d.position, 'eventSequence', d.event_sequence, 'eventId', d.event_id,
        'eventType', d.event_type, 'error', d.error, 'tries', d.tries,
        'parkedAt', to_char(d.parked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'droppedAt', to_char(d.dropped_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'droppedBy', d.dropped_by),
    json_build_object('at', d.dropped_at::text, 'version', d.version, 'type', d.aggregate_type,
        'partition', d.partition, 'position', d.position)
FROM projection.dropped d
WHERE d.view = $1 AND ($2::int4 IS NULL OR d.version = $2::int4)
    AND ($3::jsonb IS NULL OR (d.dropped_at, d.version, d.aggregate_type, d.partition, d.position) < (
        ($3::jsonb->>'at')::timestamptz, ($3::jsonb->>'version')::int4, $3::jsonb->>'type',
        ($3::jsonb->>'partition')::int4, ($3::jsonb->>'position')::int8))
ORDER BY d.dropped_at DESC, d.version DESC, d.aggregate_type DESC, d.partition DESC, d.position DESC
LIMIT $4
