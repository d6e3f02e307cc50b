-- ask for a retry of a parked aggregate: $1 view, $2 version (NULL: the live one), $3 aggregate type, $4 aggregate id, $5 by
UPDATE projection.parked p SET wanted = 'retry', wanted_by = $5, wanted_at = now()
WHERE p.view = $1
    AND p.version = coalesce($2::int4, (SELECT v.version FROM projection.views v WHERE v.view = $1 AND v.live))
    AND p.aggregate_type = $3 AND p.aggregate_id = $4
RETURNING json_build_object(
    'view', p.view, 'version', p.version, 'aggregateType', p.aggregate_type, 'aggregateId', p.aggregate_id,
    'eventId', p.event_id, 'wanted', p.wanted)
