-- what a rebuild does now: $1 id, $2 phase, $3 what there is to say, or NULL
UPDATE projection.rebuilds
SET phase = $2, note = $3,
    caught_up_at = CASE WHEN $2 = 'building' THEN caught_up_at ELSE coalesce(caught_up_at, now()) END,
    finished_at = CASE WHEN $2 IN ('switched', 'cancelled') THEN now() END
WHERE id = $1 AND finished_at IS NULL
