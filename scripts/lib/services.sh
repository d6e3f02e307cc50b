# shellcheck shell=bash
# services.sh — the parts of a checkout's system (its settings: settings.sh), in the order they start.

lib=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=scripts/lib/settings.sh
. "$lib/settings.sh"
# shellcheck source=scripts/lib/kafka.sh
. "$lib/kafka.sh"
# shellcheck source=scripts/lib/database.sh
. "$lib/database.sh"

services=(command-svc projector-svc query-svc)
# shellcheck disable=SC2034
parts=(postgres kafka "${services[@]}")

# part_port NAME: its port in the settings.
part_port() {
    local port
    case $1 in
        postgres) port=pg_port ;;
        *) port=${1%-svc}_port ;;
    esac
    printf '%s' "${!port}"
}

# part_variable NAME: the environment variable that sets that port.
part_variable() {
    case $1 in
        postgres) printf 'SKAFU_PG_PORT' ;;
        *) printf 'SKAFU_%s_PORT' "$(printf '%s' "${1%-svc}" | tr '[:lower:]' '[:upper:]')" ;;
    esac
}

part_runs() {
    process_runs "$run/$1.pid"
}

# parts_running NAME…: those that run, one a line.
parts_running() {
    local name
    for name in "$@"; do
        ! part_runs "$name" || printf '%s\n' "$name"
    done
}

# service_start NAME: start it as its own database role; it is ready later, see service_await.
service_start() {
    local name=$1 password=pg_${1%-svc}_password
    local -x SKAFU_PG_URL SKAFU_HTTP_PORT SKAFU_KAFKA_BROKERS=127.0.0.1:$kafka_port
    local -x SKAFU_JWT_HS256_SECRET=$jwt_secret SKAFU_API_KEYS_FILE=$state/api-keys
    local -x SKAFU_SCHEMA_FILE=$root/domain/schema.graphql
    SKAFU_PG_URL=$(database_url "$(readlink -f "$state/pg")" "$pg_port" "skafu_${name%-svc}" "${!password}" socket)
    SKAFU_HTTP_PORT=$(part_port "$name")
    log_rotate "$name"
    process_start "$run/$name.pid" "$logs/$name.log" "$build/services/$name/$name"
}

service_ready() {
    curl -fsS -m 2 "http://127.0.0.1:$(part_port "$1")/readyz"
}

service_await() {
    process_await "$run/$1.pid" "$logs/$1.log" 60 service_ready "$1"
}

# Whether the program was built again since its process started.
service_outdated() {
    local pid
    pid=$(process_pid "$run/$1.pid") || return 1
    [[ $(readlink "/proc/$pid/exe") == *' (deleted)' ]]
}

part_stop() {
    case $1 in
        postgres) postgres_stop "$run/postgres.pid" ;;
        kafka) kafka_stop "$(kafka_cache "$root")" "$state/kafka" "$run/kafka.pid" ;;
        *) process_stop "$run/$1.pid" 20 ;;
    esac
}

# parts_stop NAME…: stop those that run, the last first. The services are asked all at once, for each
# finishes its own work; the servers below them go when they are gone.
parts_stop() {
    local i name pid since running=no
    since=$(now_ms)
    for name in "$@"; do
        if [[ $name == *-svc ]] && pid=$(process_pid "$run/$name.pid"); then
            kill -TERM "$pid" 2> /dev/null || true
        fi
    done
    for ((i = $#; i > 0; i--)); do
        name=${!i}
        [[ $name == *-svc ]] || since=$(now_ms)
        running=no
        ! part_runs "$name" && [ ! -e "$run/$name.pid" ] || running=yes
        part_stop "$name"
        [ "$running" = no ] || step "$name" "stopped in $(elapsed "$since")"
    done
}
