-- how many sessions share the log partitions of a view version: $1 schema of the version
SELECT count(DISTINCT l.pid)
FROM pg_locks l, hashtextextended($1 || '/members', 0) AS key
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.mode = 'ShareLock' AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.classid = ((key >> 32) & 4294967295)::oid AND l.objid = (key & 4294967295)::oid
