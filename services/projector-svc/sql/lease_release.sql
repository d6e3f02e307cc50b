-- unlock a log partition: $1 schema of the view version, $2 aggregate type, $3 partition
SELECT pg_advisory_unlock(hashtextextended($1 || '/' || $2 || '/' || $3::int4, 0))
