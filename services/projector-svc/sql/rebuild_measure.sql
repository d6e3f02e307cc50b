-- how fast a rebuild is: $1 id, $2 events done. Every instance tells it, one a second counts.
UPDATE projection.rebuilds
SET events_per_second = CASE
        WHEN $2::int8 < measured_events THEN 0
        ELSE 0.6 * events_per_second
            + 0.4 * ($2::int8 - measured_events) / extract(epoch FROM clock_timestamp() - measured_at)::float8
    END,
    measured_events = $2, measured_at = clock_timestamp()
WHERE id = $1 AND finished_at IS NULL AND NOT paused AND measured_at < clock_timestamp() - interval '1 second'
