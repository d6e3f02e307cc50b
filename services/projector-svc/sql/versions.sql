-- every version of every view that ever was, with the rebuild that runs for it
SELECT v.view, v.version, v.schema_name, v.fingerprint, v.state, r.id, r.source, r.rate, r.paused, r.phase,
    r.switches_by_itself, r.ignore_differences, r.compared_at IS NOT NULL
FROM projection.views v
LEFT JOIN projection.rebuilds r ON r.view = v.view AND r.version = v.version AND r.finished_at IS NULL
ORDER BY v.view, v.version
