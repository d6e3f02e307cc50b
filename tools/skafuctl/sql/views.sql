-- the versions of every view, and how many events of all that feed it a live one has applied
SELECT v.view, v.version, v.state, v.schema_name AS "schema",
       to_char(v.created_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "createdAt",
       to_char(v.live_since, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "liveSince",
       CASE WHEN v.live THEN (SELECT sum(c.position) FROM read.checkpoint AS c WHERE c.view = v.view) END AS "eventsApplied"
FROM projection.views AS v
ORDER BY v.view, v.version
