#!/usr/bin/env bash
# ./dev up, down and status as a newcomer meets them: a first start, a second one, and each way in which
# it can go wrong, with one clear line and a way out. Runs on ports and in a folder of its own.
# usage: check_up.sh SOURCE_ROOT BUILD_ROOT
set -euo pipefail
source=$1
# shellcheck source=scripts/lib/ports.sh
. "$source/scripts/lib/ports.sh"
# shellcheck source=scripts/lib/processes.sh
. "$source/scripts/lib/processes.sh"
# shellcheck source=scripts/lib/postgres.sh
. "$source/scripts/lib/postgres.sh"

dir=$(mktemp -d "${TMPDIR:-/tmp}/skafu-dev.XXXXXX")
chmod 755 "$dir"
export SKAFU_STATE=$dir/state SKAFU_BUILD=$2 SKAFU_SKIP_PACKAGES=1
for part in COMMAND QUERY PROJECTOR PG KAFKA KAFKA_CONTROLLER; do
    printf -v "SKAFU_${part}_PORT" '%s' "$(port_free)"
    export "SKAFU_${part}_PORT"
done
parts=(postgres kafka command-svc projector-svc query-svc)
output=$dir/output
count=0
failed=0
blocker=

finish() {
    [ -z "$blocker" ] || kill "$blocker" 2> /dev/null || true
    "$source/dev" down > /dev/null 2>&1 || true
    rm -rf "$dir"
}
trap finish EXIT

# check TEXT COMMAND…: one line of TAP.
check() {
    local text=$1
    shift
    count=$((count + 1))
    if "$@"; then
        printf 'ok %d %s\n' "$count" "$text"
    else
        printf 'not ok %d %s\n' "$count" "$text"
        sed 's/^/# /' "$output"
        failed=1
    fi
}

dev() {
    "$source/dev" "$@" > "$output" 2>&1 < /dev/null
}

refused() {
    ! dev "$@"
}

# says TEXT: whether the last output has TEXT in it.
says() {
    grep -qF -- "$1" "$output"
}

all_ready() {
    dev status && [ "$(grep -c ' ready$' "$output")" = "${#parts[@]}" ]
}

nothing_runs() {
    ! pgrep -f -- "$SKAFU_STATE" > "$output"
}

nothing_left() {
    local name
    for name in "${parts[@]}"; do
        [ ! -e "$SKAFU_STATE/run/$name.pid" ] || return 1
    done
    nothing_runs
}

# until_true SECONDS COMMAND…
until_true() {
    local deadline=$(($(now_ms) + $1 * 1000))
    shift
    until "$@"; do
        [ "$(now_ms)" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# block PORT: listen on it until unblock.
block() {
    python3 -c "
import socket, signal
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', $1))
s.listen()
signal.pause()" &
    blocker=$!
    until_true 60 port_taken "$1"
}

unblock() {
    kill "$blocker"
    wait "$blocker" 2> /dev/null || true
    blocker=
}

pid_of() {
    cat "$SKAFU_STATE/run/$1.pid"
}

check "an unknown option is refused" refused up --nonsense
check "... by name" says 'does not know "--nonsense"'
check "an unknown broker is refused" refused up --broker rabbit
check "down with nothing to stop" dev down
check "... says so" says "nothing runs"

block "$SKAFU_PG_PORT"
check "PostgreSQL's port is taken" refused up --detach
check "... the line names port, owner and way out" says "port $SKAFU_PG_PORT of postgres is taken by pid $blocker (python3): stop that, or choose another port with SKAFU_PG_PORT="
check "... and nothing stays behind" nothing_left
unblock

mkdir -p "$SKAFU_STATE/pg.new/half"
check "a half-made cluster does not stop the first start" dev up --detach
check "... everything is ready" until_true 60 all_ready
check "env is for the user's eyes only" test "$(stat -c %a "$SKAFU_STATE/env")" = 600
check "a second up finds everything running" dev up --detach
check "... and says so" says "command-svc    runs already"
check "other settings are refused while it runs" refused up --detach --broker embedded
check "... with the way out" says "./dev down stops it"

kill -KILL "$(pid_of command-svc)"
until_true 60 refused status
check "status shows a part that was killed" says "stopped"
check "up starts it again" dev up --detach
check "... everything is ready" until_true 60 all_ready
check "down stops it all" dev down
check "... nothing stays behind" nothing_left

printf '%s\n' $$ > "$SKAFU_STATE/run/kafka.pid"
printf '1\n' > "$SKAFU_STATE/run/kafka.start"
block "$SKAFU_COMMAND_PORT"
check "a service's port is taken" refused up --detach
check "... the line names the variable" says "SKAFU_COMMAND_PORT"
check "... and nothing was started" nothing_runs
unblock

"$source/dev" up > "$dir/foreground" 2>&1 < /dev/null &
foreground=$!
check "up in the foreground starts, past a stale pid file" until_true 180 grep -q "Ctrl-C" "$dir/foreground"
check "... a second one is refused" refused up
check "... everything is ready" until_true 60 all_ready
kill -KILL "$(pid_of query-svc)"
check "... it says when a part ends" until_true 60 grep -q "query-svc      ended" "$dir/foreground"
check "... down ends it" dev down
check "... its exit code is 0" wait "$foreground"
check "... nothing stays behind" nothing_left

setsid "$source/dev" up > "$dir/foreground" 2>&1 < /dev/null &
foreground=$!
until_true 180 grep -q "Ctrl-C" "$dir/foreground"
kill -TERM "$foreground"
check "a signal ends it" wait "$foreground"
check "... nothing stays behind" nothing_left

mv "$SKAFU_STATE/secrets" "$dir/secrets"
check "a lost password file is refused" refused up --detach
check "... with the way out" says "PostgreSQL refuses the password"
mv "$dir/secrets" "$SKAFU_STATE/secrets"
mkdir "$dir/aside"
mv "$SKAFU_STATE/pg/PG_VERSION" "$dir/aside/"
check "a folder that is no cluster is refused" refused up --detach
check "... with the way out" says "is not a PostgreSQL cluster: remove it (rm -rf"
mv "$dir/aside/PG_VERSION" "$SKAFU_STATE/pg/"
path=$PATH
mkdir "$dir/bin"
for tool in /usr/bin/*; do
    case $tool in
        */java | */mvn) ;;
        *) ln -s "$tool" "$dir/bin/" ;;
    esac
done
export PATH=$dir/bin
unset JAVA_HOME
check "a missing java is refused" refused up --detach
export PATH=$path
check "... with two ways out" says "openjdk-17-jre-headless); or start with --broker embedded"

check "the embedded broker needs no java" dev up --detach --broker embedded
check "... everything is ready" until_true 60 all_ready
check "down stops that too" dev down
check "... nothing stays behind" nothing_left

printf '1..%d\n' "$count"
exit "$failed"
