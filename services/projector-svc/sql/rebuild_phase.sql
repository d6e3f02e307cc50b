-- what a rebuild does now: $1 id, $2 phase, $3 what there is to say, or NULL. It goes on at once when what it would wait for was
-- asked for meanwhile.
UPDATE projection.rebuilds
SET phase = CASE WHEN $2 = 'waiting' AND switches_by_itself OR $2 = 'different' AND ignore_differences THEN 'building' ELSE $2 END,
    note = $3,
    caught_up_at = CASE WHEN $2 = 'building' THEN caught_up_at ELSE coalesce(caught_up_at, now()) END,
    finished_at = CASE WHEN $2 IN ('switched', 'cancelled') THEN now() END
WHERE id = $1 AND finished_at IS NULL
