-- ask for a retry of all parked aggregates: $1 view, $2 version (NULL: the live one), $3 by. Gives how many.
WITH asked AS (
    UPDATE projection.parked p SET wanted = 'retry', wanted_by = $3, wanted_at = now()
    WHERE p.view = $1
        AND p.version = coalesce($2::int4, (SELECT v.version FROM projection.views v WHERE v.view = $1 AND v.live))
        AND p.wanted IS NULL
    RETURNING 1
)
SELECT json_build_object('aggregates', count(*), 'wanted', 'retry') FROM asked
