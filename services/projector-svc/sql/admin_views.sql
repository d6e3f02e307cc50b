-- versions that still have tables, with the rebuild that made each: $1 view, or NULL for all, $2 version, or NULL for all
SELECT v.view, v.version, v.state,
    to_char(v.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    to_char(v.live_since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    CASE WHEN r.finished_at IS NULL AND NOT r.paused THEN r.events_per_second END,
    CASE WHEN r.id IS NOT NULL THEN json_build_object(
        'id', r.id, 'reason', r.reason, 'requestedBy', r.requested_by,
        'requestedAt', to_char(r.requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'from', r.source, 'rate', r.rate, 'switch', CASE WHEN r.switches_by_itself THEN 'auto' ELSE 'manual' END,
        'ignoreDifferences', r.ignore_differences, 'paused', r.paused, 'phase', r.phase, 'note', r.note,
        'caughtUpAt', to_char(r.caught_up_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'comparedAt', to_char(r.compared_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'finishedAt', to_char(r.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'differences', r.differences, 'actions', r.actions) END
FROM projection.views v
LEFT JOIN LATERAL (
    SELECT * FROM projection.rebuilds r WHERE r.view = v.view AND r.version = v.version ORDER BY r.id DESC LIMIT 1
) r ON true
WHERE v.state <> 'dropped' AND v.view = coalesce($1, v.view) AND v.version = coalesce($2, v.version)
ORDER BY v.view, v.version
