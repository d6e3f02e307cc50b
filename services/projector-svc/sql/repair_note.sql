-- aggregates of a replay to a view are done: $1 replay id, $2 aggregate ids, $3 why each is left out (NULL: its rows are right
-- now), $4 rows that were changed. Gives the replay's state; nothing when nobody wants it any more. The rate is an average: what
-- a busy or resting worker has missed of the last two seconds may be made up for.
WITH these AS MATERIALIZED (
    SELECT t.aggregate_id, t.problem FROM unnest($2::text[], $3::text[]) AS t (aggregate_id, problem)
),
sums AS MATERIALIZED (
    SELECT count(*) AS n, count(problem) AS left_out FROM these
),
noted AS (
    UPDATE replay.replays AS r
    SET repaired = r.repaired + s.n - s.left_out, left_out = r.left_out + s.left_out,
        changed_rows = r.changed_rows + $4::int8,
        next_at = CASE WHEN r.rate > 0 THEN
            greatest(coalesce(r.next_at, clock_timestamp()), clock_timestamp() - interval '2 seconds')
                + s.n * interval '1 second' / r.rate
        END,
        state = CASE WHEN r.repaired + r.left_out + s.n = r.aggregates THEN 'done' ELSE r.state END,
        ended_at = CASE WHEN r.repaired + r.left_out + s.n = r.aggregates THEN now() END
    FROM sums AS s
    WHERE r.replay_id = $1 AND r.state = 'running'
    RETURNING r.replay_id, r.state
),
repaired AS (
    DELETE FROM replay.aggregates AS a USING noted, these
    WHERE a.replay_id = noted.replay_id AND a.aggregate_id = these.aggregate_id AND these.problem IS NULL
),
left_out AS (
    UPDATE replay.aggregates AS a SET problem = these.problem FROM noted, these
    WHERE a.replay_id = noted.replay_id AND a.aggregate_id = these.aggregate_id AND these.problem IS NOT NULL
)
SELECT state FROM noted
