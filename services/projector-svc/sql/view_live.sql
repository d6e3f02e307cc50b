-- the live version of a view, and whether its tables are there: $1 view
SELECT version, fingerprint, to_regclass(format('%I.%I', schema_name, view)) IS NOT NULL
FROM projection.views
WHERE view = $1 AND live
