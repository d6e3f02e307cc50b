-- the migrations that were applied, in order
SELECT version, name, sha256 FROM public.skafu_migrations ORDER BY version
