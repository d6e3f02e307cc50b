-- become the publisher of a view's changes, until the session ends: $1 view
SELECT pg_try_advisory_lock(hashtextextended('skafu change publisher ' || $1, 0))
