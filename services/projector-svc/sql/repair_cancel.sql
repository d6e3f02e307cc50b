-- replays that repair the rows of a view end, because it is dropped, and what they wait for is forgotten: $1 view
WITH cancelled AS (
    UPDATE replay.replays SET state = 'cancelled', ended_at = now()
    WHERE view = $1 AND state IN ('waiting', 'running', 'paused')
    RETURNING replay_id
)
DELETE FROM replay.aggregates AS a USING cancelled AS c
WHERE a.replay_id = c.replay_id AND a.problem IS NULL
