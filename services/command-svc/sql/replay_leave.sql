-- somebody else may go on with a replay: $1 id
SELECT pg_advisory_unlock(hashtextextended('skafu replay/' || $1::uuid, 0))
