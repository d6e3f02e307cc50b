-- aggregates whose rows operators want repaired, of log partitions that have come to them: $1 view, $2 aggregate types,
-- $3 partitions, $4 their positions, $5 at most so many of each replay and partition, and no more than its rate allows now.
-- Gives replay id, aggregate type, partition, aggregate id; the oldest replay first, by partition.
SELECT r.replay_id, r.aggregate_type, a.partition, a.aggregate_id
FROM replay.replays AS r
JOIN unnest($2::text[], $3::int4[], $4::int8[]) AS u (aggregate_type, partition, position)
    ON u.aggregate_type = r.aggregate_type
CROSS JOIN LATERAL (
    SELECT q.partition, q.position, q.aggregate_id
    FROM replay.aggregates AS q
    WHERE q.replay_id = r.replay_id AND q.partition = u.partition AND q.position <= u.position AND q.problem IS NULL
    ORDER BY q.position
    LIMIT CASE WHEN r.rate = 0 THEN $5::int8
        ELSE least($5, greatest(0, 1 + floor(extract(epoch FROM clock_timestamp() - coalesce(r.next_at, now())) * r.rate)))
        END
) AS a
WHERE r.view = $1 AND r.state = 'running' AND r.selected_at IS NOT NULL
ORDER BY r.requested_at, r.replay_id, a.partition, a.position
