-- note the aggregates of selected events, each once, for a replay to a view: $1 id, $2 aggregate type, $3 partition,
-- $4 after this position, $5 up to this one; NULL takes all of: $6 aggregate id, $7 event type, $8 since this time, $9 before
-- this one. Gives the state: only a running one was worked on.
WITH held AS MATERIALIZED (
    SELECT replay_id, state FROM replay.replays WHERE replay_id = $1 FOR UPDATE
),
listed AS (
    INSERT INTO replay.aggregates (replay_id, aggregate_id, partition, position)
    SELECT held.replay_id, e.aggregate_id, $3::int4, min(e.position)
    FROM held, event_store.events AS e
    WHERE held.state = 'running'
        AND e.aggregate_type = $2 AND e.partition = $3 AND e.position > $4 AND e.position <= $5
        AND ($6::text IS NULL OR e.aggregate_id = $6) AND ($7::text IS NULL OR e.event_type = $7)
        AND ($8::timestamptz IS NULL OR e.stored_at >= $8) AND ($9::timestamptz IS NULL OR e.stored_at < $9)
    GROUP BY held.replay_id, e.aggregate_id
    ON CONFLICT DO NOTHING
    RETURNING 1
),
moved AS (
    UPDATE replay.partitions AS p SET position = $5 FROM held
    WHERE p.replay_id = held.replay_id AND p.partition = $3 AND held.state = 'running'
),
counted AS (
    UPDATE replay.replays AS r SET aggregates = r.aggregates + (SELECT count(*) FROM listed) FROM held
    WHERE r.replay_id = held.replay_id AND held.state = 'running'
)
SELECT state FROM held
