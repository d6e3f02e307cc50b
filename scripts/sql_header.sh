#!/bin/sh
# Turn one .sql file into a C header: "event_load.sql" becomes `static const char sql_event_load[]`.
# usage: sql_header.sh INPUT OUTPUT
set -eu
stem=$(basename "$1" .sql)
{
    printf '#pragma once\n\n/* generated from %s.sql; do not edit */\n' "$stem"
    printf '__attribute__((__unused__)) static const char sql_%s[] =\n' "$stem"
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/        "/' -e 's/$/\\n"/' "$1"
    printf '        ;\n'
} > "$2"
