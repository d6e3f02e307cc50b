-- until the session ends, nobody may write the rows of a view in the other way: $1 view, $2 with or without their
-- changes. Gives whether nobody does now.
WITH ours AS MATERIALIZED (
    SELECT pg_try_advisory_lock_shared(hashtextextended('skafu rows of ' || $1 || CASE WHEN $2 THEN ' with changes' ELSE ' alone' END, 0)) AS held
), theirs AS MATERIALIZED (
    SELECT hashtextextended('skafu rows of ' || $1 || CASE WHEN $2 THEN ' alone' ELSE ' with changes' END, 0) AS key
    FROM ours WHERE held
)
SELECT pg_try_advisory_lock(key) AND pg_advisory_unlock(key) FROM theirs
