-- how often rows of live views were looked for: what sessions have told of it, which they do about once a second
SELECT coalesce(sum(coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0)), 0)::int8
FROM projection.views AS v
JOIN pg_stat_user_tables AS s ON s.schemaname = v.schema_name AND s.relname = v.view
WHERE v.live
