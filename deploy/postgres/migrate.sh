#!/bin/sh
# Bring the database up to date and set the roles' passwords. Safe to run again.
set -eu
skafuctl migrate --pg-url "$SKAFU_PG_URL"
psql -XAtq -v ON_ERROR_STOP=1 -f /usr/local/lib/skafu/roles.sql "$SKAFU_PG_URL"
