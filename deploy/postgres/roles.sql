-- Passwords of the services' roles, from the environment; run with psql after the migrations.
\getenv command_password SKAFU_COMMAND_PASSWORD
\getenv projector_password SKAFU_PROJECTOR_PASSWORD
\getenv query_password SKAFU_QUERY_PASSWORD
ALTER ROLE skafu_command PASSWORD :'command_password';
ALTER ROLE skafu_projector PASSWORD :'projector_password';
ALTER ROLE skafu_query PASSWORD :'query_password';
