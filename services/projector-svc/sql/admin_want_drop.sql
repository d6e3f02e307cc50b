-- ask to leave out the event at which an aggregate is parked: $1 view, $2 version (NULL: the live one), $3 aggregate type,
-- $4 aggregate id, $5 by, $6 event id. Gives the wish (NULL: it is another event by now), and the event (NULL: the aggregate
-- is not parked).
WITH version (n) AS (
    SELECT coalesce($2::int4, (SELECT v.version FROM projection.views v WHERE v.view = $1 AND v.live))
),
asked AS (
    UPDATE projection.parked p SET wanted = 'drop', wanted_by = $5, wanted_at = now()
    FROM version
    WHERE p.view = $1 AND p.version = version.n AND p.aggregate_type = $3 AND p.aggregate_id = $4 AND p.event_id = $6
    RETURNING json_build_object(
        'view', p.view, 'version', p.version, 'aggregateType', p.aggregate_type, 'aggregateId', p.aggregate_id,
        'eventId', p.event_id, 'wanted', p.wanted) AS wish
)
SELECT (SELECT wish FROM asked), (
    SELECT p.event_id FROM projection.parked p, version
    WHERE p.view = $1 AND p.version = version.n AND p.aggregate_type = $3 AND p.aggregate_id = $4)
