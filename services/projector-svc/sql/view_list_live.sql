-- all live views, for read.checkpoint
SELECT view, schema_name FROM projection.views WHERE live ORDER BY view
