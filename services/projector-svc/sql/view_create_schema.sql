-- the schema of a view version: $1 view, $2 version
SELECT projection.create_schema($1, $2)
