-- the schema.graphql that a view version was made from: $1 view, $2 version
SELECT schema_text FROM projection.views WHERE view = $1 AND version = $2
