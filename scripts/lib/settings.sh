# shellcheck shell=bash
# shellcheck disable=SC2034
# settings.sh — where a checkout keeps its running system, and on which ports. All of it can be set in
# the environment, so that two systems run side by side.

# shellcheck source=scripts/lib/console.sh
. "$(dirname "${BASH_SOURCE[0]}")/console.sh"

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
state=${SKAFU_STATE:-$root/.dev}
build=${SKAFU_BUILD:-$root/build}
run=$state/run
logs=$state/log

broker=kafka
command_port=${SKAFU_COMMAND_PORT:-8081}
query_port=${SKAFU_QUERY_PORT:-8082}
projector_port=${SKAFU_PROJECTOR_PORT:-8083}
pg_port=${SKAFU_PG_PORT:-54321}
kafka_port=${SKAFU_KAFKA_PORT:-19092}
kafka_controller_port=${SKAFU_KAFKA_CONTROLLER_PORT:-19093}

settings_line() {
    printf 'broker=%s command_port=%s query_port=%s projector_port=%s pg_port=%s kafka_port=%s kafka_controller_port=%s' \
        "$broker" "$command_port" "$query_port" "$projector_port" "$pg_port" "$kafka_port" "$kafka_controller_port"
}

# What the running system was started with.
settings_save() {
    settings_line > "$state/settings"
}

# settings_recall: take those over; status 1 when there are none.
settings_recall() {
    local line
    line=$(cat "$state/settings" 2> /dev/null) || return 1
    eval "$line"
}

# log_rotate NAME: a log that has grown past 16 MiB makes room, once, for a new one.
log_rotate() {
    if [ "$(stat -c %s "$logs/$1.log" 2> /dev/null || printf 0)" -gt $((16 << 20)) ]; then
        mv "$logs/$1.log" "$logs/$1.log.1"
    fi
}
