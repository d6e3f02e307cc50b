-- every version of every view, an object each
SELECT json_build_object(
    'view', view, 'version', version, 'state', state,
    'createdAt', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'liveSince', to_char(live_since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
FROM projection.views
ORDER BY view, version
