-- a replay goes into another state: $1 id, $2 the state, $3 the states it may come from, $4 what went wrong (NULL: nothing).
-- One whose aggregates are all listed waits for nobody; those of one that is cancelled are forgotten.
WITH moved AS (
    UPDATE replay.replays
    SET state = CASE WHEN $2 = 'waiting' AND selected_at IS NOT NULL THEN 'running' ELSE $2 END, error = $4,
        started_at = CASE WHEN $2 = 'running' THEN coalesce(started_at, now()) ELSE started_at END,
        ended_at = CASE WHEN $2 IN ('done', 'cancelled', 'failed') THEN now() END
    WHERE replay_id = $1 AND state = ANY ($3::text[])
    RETURNING replay_id, state
),
forgotten AS (
    DELETE FROM replay.aggregates AS a USING moved
    WHERE a.replay_id = moved.replay_id AND moved.state = 'cancelled' AND a.problem IS NULL
)
SELECT state FROM moved
