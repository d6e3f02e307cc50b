#!/usr/bin/env bash
# Install what is missing, build, and start PostgreSQL, Kafka and the services; see ./dev help.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=scripts/lib/packages.sh
. "$here/lib/packages.sh"
# shellcheck source=scripts/lib/ports.sh
. "$here/lib/ports.sh"
# shellcheck source=scripts/lib/services.sh
. "$here/lib/services.sh"

detach=no
while [ $# -gt 0 ]; do
    case $1 in
        --detach) detach=yes ;;
        --broker)
            [ $# -gt 1 ] || fail "--broker needs a value: kafka or embedded"
            broker=$2
            shift
            ;;
        --broker=*) broker=${1#*=} ;;
        *) fail "up does not know \"$1\"; usage: ./dev up [--detach] [--broker kafka|embedded]" ;;
    esac
    shift
done
[ "$broker" = kafka ] || [ "$broker" = embedded ] || fail "there is no broker \"$broker\": kafka or embedded"

begin=$(now_ms)
kafka_since=$begin
started=()
env_file=${state#"$PWD/"}/env

# Leave nothing behind: what this run started goes when it fails, is interrupted, or is told to stop.
finish() {
    local status=$?
    trap '' INT TERM HUP
    trap - EXIT
    parts_stop "${started[@]}"
    [ "$(process_pid "$state/up.pid")" != $$ ] || process_forget "$state/up.pid"
    exit "$status"
}

install_packages() {
    local wanted=("${packages_build[@]}" "${packages_run[@]}")
    [ "${SKAFU_SKIP_PACKAGES:-}" != 1 ] || return 0
    [ "$broker" = embedded ] || wanted+=("${packages_broker[@]}")
    packages_need "$logs/packages.log" "${wanted[@]}"
}

# Parts that run keep the settings they were started with.
check_settings() {
    local wanted
    wanted=$(settings_line)
    if [ -n "$(parts_running "${parts[@]}")" ] && settings_recall && [ "$(settings_line)" != "$wanted" ]; then
        fail "it runs with other settings ($(settings_line)): ./dev down stops it"
    fi
    settings_save
}

# All of them first, so that nothing starts in vain.
check_ports() {
    local name
    for name in "${parts[@]}"; do
        part_runs "$name" || port_need "$(part_port "$name")" "$name" "$(part_variable "$name")"
    done
    part_runs kafka || [ "$broker" = embedded ] ||
        port_need "$kafka_controller_port" "kafka's controller" SKAFU_KAFKA_CONTROLLER_PORT
}

# The programs only; ./dev test builds the tests.
build() {
    local since name targets=(tools/skafuctl/skafuctl tools/embedded-broker/embedded-broker)
    since=$(now_ms)
    for name in "${services[@]}"; do
        targets+=("services/$name/$name")
    done
    [ -f "$build/build.ninja" ] ||
        quietly "$logs/build.log" "meson setup" meson setup "$build" "$root"
    quietly "$logs/build.log" "the build" ninja -C "$build" "${targets[@]}"
    step build "done in $(elapsed "$since")"
}

# The broker starts here and is waited for later: PostgreSQL gets ready meanwhile.
launch_kafka() {
    local cache
    part_runs kafka && return 0
    log_rotate kafka
    kafka_since=$(now_ms)
    if [ "$broker" = embedded ]; then
        started+=(kafka)
        process_start "$run/kafka.pid" "$logs/kafka.log" \
            "$build/tools/embedded-broker/embedded-broker" --port "$kafka_port"
        return 0
    fi
    cache=$(kafka_cache "$root")
    kafka_fetch "$root" "$logs/kafka-fetch.log"
    kafka_since=$(now_ms)
    [ -f "$state/kafka/meta.properties" ] || kafka_format "$cache" "$state/kafka" "$logs/kafka-format.log"
    started+=(kafka)
    kafka_launch "$cache" "$state/kafka" "$kafka_port" "$kafka_controller_port" "$run/kafka.pid" "$logs/kafka.log"
}

await_kafka() {
    local note=''
    if [[ " ${started[*]} " != *' kafka '* ]]; then
        step kafka "runs already on port $kafka_port"
        return 0
    fi
    kafka_await "$kafka_port" "$run/kafka.pid" "$logs/kafka.log"
    [ "$broker" = kafka ] || note=' (embedded: it forgets everything when it stops)'
    step kafka "ready on port $kafka_port in $(elapsed "$kafka_since")$note"
}

start_postgres() {
    local since data
    if part_runs postgres; then
        step postgres "runs already on port $pg_port"
        return 0
    fi
    [ -e "$state/pg" ] || database_create_cluster "$state" "$logs/initdb.log"
    since=$(now_ms)
    data=$(readlink -f "$state/pg")
    postgres_check "$data"
    log_rotate postgres
    started=(postgres "${started[@]}")
    postgres_start "$data" "$pg_port" "$run/postgres.pid" "$logs/postgres.log"
    step postgres "ready on port $pg_port in $(elapsed "$since")"
}

prepare_database() {
    local since
    since=$(now_ms)
    database_check_password "$state" "$1"
    database_prepare "$1" "$logs/migrate.log" "$build/tools/skafuctl/skafuctl" migrate
    step migrate "done in $(elapsed "$since")"
}

start_services() {
    local name since fresh=()
    since=$(now_ms)
    for name in "${services[@]}"; do
        if service_outdated "$name"; then
            step "$name" "was built again: restarting"
            part_stop "$name"
        elif part_runs "$name"; then
            step "$name" "runs already on port $(part_port "$name")"
            continue
        fi
        started+=("$name")
        fresh+=("$name")
        service_start "$name"
    done
    for name in "${fresh[@]}"; do
        service_await "$name"
        step "$name" "ready on port $(part_port "$name") in $(elapsed "$since")"
    done
}

write_env() {
    local year=$((365 * 86400))
    cat > "$state/env.new" << EOF
export SKAFU_COMMAND_URL='http://127.0.0.1:$command_port'
export SKAFU_QUERY_URL='http://127.0.0.1:$query_port'
export SKAFU_PROJECTOR_URL='http://127.0.0.1:$projector_port'
export SKAFU_PG_URL='$1'
export SKAFU_KAFKA_BROKERS='127.0.0.1:$kafka_port'
export SKAFU_TOKEN_ADMIN='$(token_mint "$jwt_secret" $year admin Admin)'
export SKAFU_TOKEN_DEVELOPER='$(token_mint "$jwt_secret" $year developer Developer)'
export SKAFU_TOKEN_ALICE='$(token_mint "$jwt_secret" $year alice)'
export SKAFU_TOKEN_BOB='$(token_mint "$jwt_secret" $year bob)'
export SKAFU_API_KEY='$api_key'
EOF
    mv "$state/env.new" "$state/env"
}

# The project's id is a new one each time, so that the first command never meets its own result.
print_hints() {
    sed -e "s/PROJECT/p$(date +%s)/g" -e "s|ENV|$env_file|" << 'EOF'

Three commands to try in another shell, after   . ENV

curl -s --json '{"projectId":"PROJECT","name":"My first project"}' -H "Authorization: Bearer $SKAFU_TOKEN_ALICE" "$SKAFU_COMMAND_URL/v1/commands/CreateProject"
curl -s --json '{"projectId":"PROJECT","serviceName":"billing","serviceType":"API","configuration":{"port":8080}}' -H "Authorization: Bearer $SKAFU_TOKEN_ALICE" "$SKAFU_COMMAND_URL/v1/commands/AddService?wait=service"
curl -s -H "Authorization: Bearer $SKAFU_TOKEN_ALICE" "$SKAFU_QUERY_URL/v1/projects/PROJECT?include=services"

EOF
}

# Stay until told to stop, and say when a part ends by itself.
watch_parts() {
    local name before now=("${parts[@]}")
    while :; do
        sleep 1 &
        wait $! || true
        before=("${now[@]}")
        mapfile -t now < <(parts_running "${parts[@]}")
        for name in "${before[@]}"; do
            [[ " ${now[*]} " == *" $name "* ]] ||
                step "$name" "ended: see $logs/$name.log; ./dev up --detach in another shell starts it again"
        done
        [ "${#now[@]}" -gt 0 ] || fail "nothing runs any more"
    done
}

umask 077
mkdir -p "$run" "$logs"
chmod 711 "$state" # PostgreSQL's user has to pass through to its data
exec 9> "$state/lock"
flock -n 9 || fail "another ./dev up or down is at work in this checkout: wait for it, or see ./dev status"
if [ "$detach" = no ] && pid=$(process_pid "$state/up.pid"); then
    fail "./dev up runs in the foreground already (pid $pid): ./dev down stops it"
fi
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

install_packages
check_settings
check_ports
build
secrets_load "$state"
launch_kafka
start_postgres
admin_url=$(database_url "$(readlink -f "$state/pg")" "$pg_port" postgres "$pg_password")
prepare_database "$admin_url"
await_kafka
start_services
write_env "$admin_url"
step ready "in $(elapsed "$begin"); addresses and tokens are in $env_file"
print_hints
if [ "$detach" = yes ]; then
    started=()
    say "./dev status shows what runs, ./dev down stops it."
    exit 0
fi
process_note "$state/up.pid" $$
started=("${parts[@]}")
trap 'exit 0' INT TERM HUP
exec 9>&-
say "Ctrl-C or ./dev down stops it."
watch_parts
