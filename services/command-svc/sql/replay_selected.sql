-- all aggregates of a replay to a view are listed, the view's owners go on: $1 id
UPDATE replay.replays
SET selected_at = now(), state = CASE WHEN aggregates = 0 THEN 'done' ELSE state END,
    ended_at = CASE WHEN aggregates = 0 THEN now() END
WHERE replay_id = $1 AND state = 'running'
