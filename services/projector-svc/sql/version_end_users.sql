-- the sessions of projectors that hold a lock on a table of a version end: builders, a comparison, the making of indexes. $1 schema.
-- Not while others hold one too: then the version stays, and what works on it as well.
WITH users AS MATERIALIZED (
    SELECT DISTINCT l.pid, a.usename = current_user AS ours
    FROM pg_locks AS l
    JOIN pg_class AS c ON c.oid = l.relation
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE n.nspname = $1 AND l.granted AND l.pid <> pg_backend_pid() AND a.usename IS NOT NULL
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
)
SELECT pg_terminate_backend(u.pid) FROM users AS u WHERE u.ours AND NOT EXISTS (SELECT FROM users AS o WHERE NOT o.ours)
