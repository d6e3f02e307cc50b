-- a view version that is live from now on: $1 view, $2 version, $3 schema, $4 fingerprint
INSERT INTO projection.views (view, version, schema_name, fingerprint, state, live_since)
VALUES ($1, $2, $3, $4, 'live', now())
