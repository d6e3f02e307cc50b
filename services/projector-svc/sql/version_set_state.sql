-- a view version becomes something else: $1 view, $2 version, $3 state. Without tables nothing is parked.
WITH forgotten AS (
    DELETE FROM projection.parked WHERE view = $1 AND version = $2 AND $3 = 'dropped'
)
UPDATE projection.views
SET state = $3, live_since = CASE WHEN $3 = 'live' THEN now() ELSE live_since END,
    schema_text = CASE WHEN $3 <> 'dropped' THEN schema_text END
WHERE view = $1 AND version = $2
