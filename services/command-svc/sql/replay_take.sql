-- the oldest replay that is to go on and that no instance works on; it is ours until the session ends or unlocks it. Those to
-- a view are not ours any more when their aggregates are listed
SELECT r.replay_id, r.name, r.topic, r.aggregate_type, r.aggregate_id, r.event_type, r.since, r.before, r.rate,
    r.view
FROM (SELECT * FROM replay.replays WHERE state IN ('waiting', 'running') AND selected_at IS NULL
      ORDER BY requested_at OFFSET 0) AS r
WHERE pg_try_advisory_lock(hashtextextended('skafu replay/' || r.replay_id, 0))
LIMIT 1
