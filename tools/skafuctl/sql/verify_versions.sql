-- which versions of views to verify: $1 view (null: every one), $2 version (null: see $3), $3 whether all of them or the live ones
SELECT view, version, live FROM projection.views
WHERE state <> 'dropped' AND ($1::text IS NULL OR view = $1)
    AND CASE WHEN $2::int4 IS NULL THEN $3::bool OR live ELSE version = $2 END
ORDER BY view, version
