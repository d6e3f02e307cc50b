-- one instance at a time makes views
SELECT pg_advisory_xact_lock(hashtextextended('skafu view registry', 0))
