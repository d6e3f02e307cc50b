-- one instance at a time ends a rebuild: $1 view
SELECT pg_try_advisory_lock(hashtextextended('skafu rebuild ' || $1, 0))
