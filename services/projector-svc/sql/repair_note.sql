-- an aggregate of a replay to a view is done: $1 replay id, $2 aggregate id, $3 rows that were changed, $4 why it is left out
-- (NULL: its rows are right now). Gives the replay's state; nothing when nobody wants it any more. The rate is an average: what
-- a busy or resting worker has missed of the last two seconds may be made up for.
WITH noted AS (
    UPDATE replay.replays
    SET repaired = repaired + CASE WHEN $4::text IS NULL THEN 1 ELSE 0 END,
        left_out = left_out + CASE WHEN $4::text IS NULL THEN 0 ELSE 1 END,
        changed_rows = changed_rows + $3::int8,
        next_at = CASE WHEN rate > 0 THEN
            greatest(coalesce(next_at, clock_timestamp()), clock_timestamp() - interval '2 seconds')
                + interval '1 second' / rate
        END,
        state = CASE WHEN repaired + left_out + 1 = aggregates THEN 'done' ELSE state END,
        ended_at = CASE WHEN repaired + left_out + 1 = aggregates THEN now() END
    WHERE replay_id = $1 AND state = 'running'
    RETURNING replay_id, state
),
repaired AS (
    DELETE FROM replay.aggregates AS a USING noted
    WHERE a.replay_id = noted.replay_id AND a.aggregate_id = $2 AND $4::text IS NULL
),
left_out AS (
    UPDATE replay.aggregates AS a SET problem = $4 FROM noted
    WHERE a.replay_id = noted.replay_id AND a.aggregate_id = $2 AND $4::text IS NOT NULL
)
SELECT state FROM noted
