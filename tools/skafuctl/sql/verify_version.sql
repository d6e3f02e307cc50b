-- one version of a view: $1 view, $2 version; no row when its tables are gone
SELECT view, version, state, live, schema_name, schema_text FROM projection.views
WHERE view = $1 AND version = $2 AND state <> 'dropped'
