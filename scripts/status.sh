#!/usr/bin/env bash
# What runs, and whether it is ready. Exits 0 when everything is ready, 1 otherwise.
set -euo pipefail
# shellcheck source=scripts/lib/services.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/services.sh"

[ $# -eq 0 ] || fail "status takes no argument"
settings_recall || true

# part_state NAME: "ready", or what is wrong with it.
part_state() {
    local answer=''
    if ! part_runs "$1"; then
        printf 'stopped'
        return
    fi
    case $1 in
        postgres) "$(postgres_bin)/pg_isready" -q -h 127.0.0.1 -p "$pg_port" || answer='does not answer' ;;
        kafka) kafka_answers "$kafka_port" > /dev/null 2>&1 || answer='does not answer' ;;
        *)
            answer=$(curl -sS -m 2 -w '\n%{http_code}' "http://127.0.0.1:$(part_port "$1")/readyz" 2>&1) || true
            [ "${answer##*$'\n'}" != 200 ] || answer=''
            answer=${answer:+not ready: ${answer%$'\n'*}}
            ;;
    esac
    printf '%s' "${answer:-ready}"
}

status=0
printf '%-14s %-8s %-6s %s\n' part pid port state
for name in "${parts[@]}"; do
    shown=$(part_state "$name")
    [ "$shown" = ready ] || status=1
    printf '%-14s %-8s %-6s %s\n' "$name" "$(process_pid "$run/$name.pid" || printf -- '-')" "$(part_port "$name")" "$shown"
done
exit "$status"
