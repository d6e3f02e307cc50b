-- what a view version is now, and whether its tables are there: $1 view, $2 version
SELECT state, to_regclass(format('%I.%I', schema_name, view)) IS NOT NULL
FROM projection.views
WHERE view = $1 AND version = $2
