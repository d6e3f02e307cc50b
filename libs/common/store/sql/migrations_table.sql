-- several statements: what has been applied; the lock is held until the session ends or unlocks it
SELECT pg_advisory_lock(hashtextextended('skafu migrations', 0));
CREATE TABLE IF NOT EXISTS public.skafu_migrations (
    version int4 PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
