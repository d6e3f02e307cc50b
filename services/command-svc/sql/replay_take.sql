-- the oldest replay that is to go on and that no instance works on; it is ours until the session ends or unlocks it
SELECT r.replay_id, r.name, r.topic, r.aggregate_type, r.aggregate_id, r.event_type, r.since, r.before, r.rate
FROM (SELECT * FROM replay.replays WHERE state IN ('waiting', 'running') ORDER BY requested_at OFFSET 0) AS r
WHERE pg_try_advisory_lock(hashtextextended('skafu replay/' || r.replay_id, 0))
LIMIT 1
