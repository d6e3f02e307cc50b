-- parked aggregates, an object each: $1 view, $2 version (NULL: the live one), $3 aggregate type and $4 id (NULL: all of
-- them), $5 behind this cursor, $6 at most
SELECT json_build_object(
        'view', p.view, 'version', p.version, 'aggregateType', p.aggregate_type, 'aggregateId', p.aggregate_id,
        'partition', p.partition, 'position', p.position, 'eventSequence', p.event_sequence, 'eventId', p.event_id,
        'eventType', p.event_type, 'error', p.error, 'tries', p.tries,
        'heldEvents', (
            SELECT e.event_sequence FROM event_store.events e
            WHERE e.aggregate_type = p.aggregate_type AND e.aggregate_id = p.aggregate_id
            ORDER BY e.event_sequence DESC LIMIT 1) - p.event_sequence + 1,
        'parkedAt', to_char(p.parked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'triedAt', to_char(p.tried_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'wanted', p.wanted, 'wantedBy', p.wanted_by,
        'wantedAt', to_char(p.wanted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
    json_build_object('type', p.aggregate_type, 'id', p.aggregate_id)
FROM projection.parked p
WHERE p.view = $1
    AND p.version = coalesce($2::int4, (SELECT v.version FROM projection.views v WHERE v.view = $1 AND v.live))
    AND ($3::text IS NULL OR p.aggregate_type = $3) AND ($4::text IS NULL OR p.aggregate_id = $4)
    AND ($5::jsonb IS NULL OR (p.aggregate_type, p.aggregate_id) > ($5::jsonb->>'type', $5::jsonb->>'id'))
ORDER BY p.aggregate_type, p.aggregate_id
LIMIT $6
