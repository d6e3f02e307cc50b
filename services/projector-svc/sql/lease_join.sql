-- this connection shares the log partitions of a view version with others: $1 schema of the version
SELECT pg_advisory_lock_shared(hashtextextended($1 || '/members', 0))
