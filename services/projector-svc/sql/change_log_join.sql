-- until the session ends, nobody may write the rows of a view in the other way: $1 view, $2 with or without their
-- changes. Gives whether nobody does now. Theirs is looked at, not taken for a moment: sessions that join at the same time
-- would take each other for somebody of the other kind.
WITH ours AS MATERIALIZED (
    SELECT pg_try_advisory_lock_shared(hashtextextended('skafu rows of ' || $1 || CASE WHEN $2 THEN ' with changes' ELSE ' alone' END, 0)) AS held
), theirs AS MATERIALIZED (
    SELECT hashtextextended('skafu rows of ' || $1 || CASE WHEN $2 THEN ' alone' ELSE ' with changes' END, 0) AS key
    FROM ours WHERE held
)
SELECT NOT EXISTS (
    SELECT FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.classid = ((key >> 32) & 4294967295)::oid AND l.objid = (key & 4294967295)::oid)
FROM theirs
