-- a replay goes into another state: $1 id, $2 the state, $3 the states it may come from, $4 what went wrong (NULL: nothing)
UPDATE replay.replays
SET state = $2, error = $4,
    started_at = CASE WHEN $2 = 'running' THEN coalesce(started_at, now()) ELSE started_at END,
    ended_at = CASE WHEN $2 IN ('done', 'cancelled', 'failed') THEN now() END
WHERE replay_id = $1 AND state = ANY ($3::text[])
RETURNING state
