-- somebody asks for something: $1 view, $2 action, $3 who. Gives the version when there is a rebuild to change.
UPDATE projection.rebuilds
SET actions = actions || jsonb_build_object('action', $2::text, 'by', $3::text, 'at', to_json(now())),
    paused = CASE $2 WHEN 'pause' THEN true WHEN 'resume' THEN false ELSE paused END,
    measured_at = CASE WHEN $2 = 'resume' THEN clock_timestamp() ELSE measured_at END,
    switches_by_itself = switches_by_itself OR $2 IN ('switch', 'switch-anyway'),
    ignore_differences = ignore_differences OR $2 = 'switch-anyway',
    phase = CASE WHEN $2 IN ('switch', 'switch-anyway') AND phase IN ('waiting', 'different') THEN 'building' ELSE phase END
WHERE view = $1 AND finished_at IS NULL
RETURNING version, reason
