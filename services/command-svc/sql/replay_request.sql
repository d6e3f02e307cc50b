-- a new replay and its log partitions, whose ends are where the log ends now: $1 id, $2 name, $3 by whom, $4 topic,
-- $5 aggregate type, $6 aggregate id, $7 event type, $8 since, $9 before, $10 first position, $11 last position, $12 rate,
-- $13 partition; NULL takes everything; $14 view (NULL: to the topic). Gives the number of partitions: none means that
-- nothing was requested; and whether the view has a live version
WITH chosen AS (
    SELECT l.partition, greatest(coalesce($10::int8, 1), 1) AS first,
           least(coalesce($11::int8, l.last_position), l.last_position) AS last
    FROM event_store.logs AS l
    WHERE l.aggregate_type = $5 AND ($13::int4 IS NULL OR l.partition = $13)
        AND ($14::text IS NULL OR EXISTS (SELECT FROM projection.views AS v WHERE v.view = $14 AND v.live))
),
requested AS (
    INSERT INTO replay.replays (replay_id, name, requested_by, topic, aggregate_type, aggregate_id, event_type, since,
                                before, rate, view)
    SELECT $1::uuid, $2, $3, $4, $5, $6, $7, $8::timestamptz, $9::timestamptz, $12::int4, $14
    WHERE EXISTS (SELECT FROM chosen)
),
placed AS (
    INSERT INTO replay.partitions (replay_id, partition, first_position, position, last_position)
    SELECT $1::uuid, partition, first, first - 1, greatest(last, first - 1) FROM chosen
    RETURNING 1
)
SELECT (SELECT count(*) FROM placed),
    $14::text IS NULL OR EXISTS (SELECT FROM projection.views AS v WHERE v.view = $14 AND v.live)
