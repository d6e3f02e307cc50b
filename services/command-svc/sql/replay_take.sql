-- the oldest replay that is to go on and that no instance works on; it is ours until the session ends or unlocks it. Those to
-- a view are not ours any more when their aggregates are listed. $1 one that could not go on: the younger ones come first, then
-- all from the oldest on
SELECT r.replay_id, r.name, r.topic, r.aggregate_type, r.aggregate_id, r.event_type, r.since, r.before, r.rate,
    r.view
FROM (SELECT o.* FROM replay.replays AS o LEFT JOIN replay.replays AS i ON i.replay_id = $1
      WHERE o.state IN ('waiting', 'running') AND o.selected_at IS NULL
      ORDER BY coalesce((o.requested_at, o.replay_id) <= (i.requested_at, i.replay_id), false), o.requested_at, o.replay_id
      OFFSET 0) AS r
WHERE pg_try_advisory_lock(hashtextextended('skafu replay/' || r.replay_id, 0))
LIMIT 1
