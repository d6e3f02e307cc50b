-- a new version of a view: $1 view, $2 version, $3 schema, $4 fingerprint, $5 schema.graphql, $6 state
INSERT INTO projection.views (view, version, schema_name, fingerprint, schema_text, state, live_since)
VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $6 = 'live' THEN now() END)
