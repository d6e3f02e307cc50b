#!/usr/bin/env bash
# Stop what ./dev up started: services first, then Kafka, then PostgreSQL. The data stays.
set -euo pipefail
# shellcheck source=scripts/lib/services.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/services.sh"

[ $# -eq 0 ] || fail "down takes no argument"
[ -d "$run" ] || {
    say "nothing runs"
    exit 0
}

# A ./dev up in the foreground stops its own children.
if pid=$(process_pid "$state/up.pid"); then
    say "stopping ./dev up (pid $pid)"
    process_stop "$state/up.pid" 180
fi
exec 9> "$state/lock"
flock -n 9 || fail "another ./dev up or down is at work in this checkout: wait for it"
if [ -n "$(parts_running "${parts[@]}")" ]; then
    parts_stop "${parts[@]}"
else
    parts_stop "${parts[@]}" > /dev/null
    [ -n "$pid" ] || say "nothing runs"
fi
