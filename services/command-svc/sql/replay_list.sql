-- replays as JSON, the newest first, and the keys of the next page: $1 this one (NULL: all), $2 behind this cursor (NULL: from
-- the newest on), $3 at most
SELECT json_build_object(
    'replayId', r.replay_id, 'name', r.name, 'state', r.state, 'requestedBy', r.requested_by,
    'requestedAt', to_char(r.requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'startedAt', to_char(r.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'endedAt', to_char(r.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'topic', r.topic, 'view', r.view, 'aggregateType', r.aggregate_type, 'aggregateId', r.aggregate_id, 'eventType', r.event_type,
    'since', to_char(r.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'before', to_char(r.before AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'rate', r.rate, 'published', CASE WHEN r.view IS NULL THEN r.published END,
    'aggregates', CASE WHEN r.view IS NOT NULL THEN r.aggregates END,
    'repaired', CASE WHEN r.view IS NOT NULL THEN r.repaired END,
    'leftOut', CASE WHEN r.view IS NOT NULL THEN r.left_out END,
    'changedRows', CASE WHEN r.view IS NOT NULL THEN r.changed_rows END,
    'selectedAt', to_char(r.selected_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'positionsDone', p.done, 'positionsTotal', p.total, 'error', r.error,
    'partitions', p.partitions, 'problems', coalesce(a.problems, '[]')),
    json_build_object('at', r.requested_at::text, 'id', r.replay_id)
FROM replay.replays AS r
CROSS JOIN LATERAL (
    SELECT sum(q.position - q.first_position + 1) AS done, sum(q.last_position - q.first_position + 1) AS total,
           json_agg(json_build_object('partition', q.partition, 'firstPosition', q.first_position,
                                      'position', q.position, 'lastPosition', q.last_position)
                    ORDER BY q.partition) AS partitions
    FROM replay.partitions AS q WHERE q.replay_id = r.replay_id
) AS p
CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object('aggregateId', o.aggregate_id, 'problem', o.problem) ORDER BY o.aggregate_id) AS problems
    FROM (
        SELECT q.aggregate_id, q.problem FROM replay.aggregates AS q
        WHERE q.replay_id = r.replay_id AND q.problem IS NOT NULL AND r.left_out > 0
        ORDER BY q.aggregate_id LIMIT 100
    ) AS o
) AS a
WHERE ($1::uuid IS NULL OR r.replay_id = $1)
    AND ($2::jsonb IS NULL OR (r.requested_at, r.replay_id) < (($2::jsonb->>'at')::timestamptz, ($2::jsonb->>'id')::uuid))
ORDER BY r.requested_at DESC, r.replay_id DESC
LIMIT $3
