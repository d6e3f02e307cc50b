#!/usr/bin/env bash
# The embedded broker serves on the port it is given, comes back on it after kill -9 with connections open,
# empty, and says so when the port is taken.
# usage: check_embedded_broker.sh SOURCE_ROOT EMBEDDED_BROKER
set -euo pipefail
program=$2
# shellcheck source=scripts/lib/ports.sh
. "$1/scripts/lib/ports.sh"

port=$(port_free)
log=$(mktemp "${TMPDIR:-/tmp}/skafu-broker.XXXXXX")
broker=
count=0
failed=0

finish() {
    [ -z "$broker" ] || kill -KILL "$broker" 2> /dev/null || true
    rm -f "$log"
}
trap finish EXIT

check() {
    local text=$1
    shift
    count=$((count + 1))
    if "$@"; then
        printf 'ok %d %s\n' "$count" "$text"
    else
        printf 'not ok %d %s\n' "$count" "$text"
        sed 's/^/# /' "$log"
        failed=1
    fi
}

kafkacat() {
    kcat -b "127.0.0.1:$port" -m 30 "$@" 2> /dev/null
}

start() {
    local deadline
    "$program" --port "$port" 2>> "$log" &
    broker=$!
    deadline=$(($(now_ms) + 60000))
    until kafkacat -L > /dev/null; do
        [ "$(now_ms)" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

produce() {
    printf 'one\ntwo\n' | kafkacat -P -t greetings -X enable.idempotence=true
}

consume() {
    kafkacat -C -t greetings -o beginning -e -q | LC_ALL=C sort | paste -s -d ' '
}

topics() {
    kafkacat -L | sed -n 's/.*topic "\(.*\)" with.*/\1/p'
}

is() {
    [ "$1" = "$2" ]
}

taken() {
    "$program" --port "$port" 2> "$log"
    [ $? = 1 ] && grep -q "could not listen on port $port: Address already in use" "$log"
}

bad_usage() {
    "$program" --port 99999 2> "$log"
    [ $? = 2 ]
}

check "it starts" start
check "it takes messages from an idempotent producer" produce
check "... and gives them back" is "$(consume)" "one two"
check "a second one on the port is refused" taken
check "a port that is none is refused" bad_usage
exec 8<> "/dev/tcp/127.0.0.1/$port"
kill -KILL "$broker"
wait "$broker" 2> /dev/null || true
check "after kill -9 it comes back on the same port" start
check "... empty" is "$(topics)" ""
exec 8<&-
kill -TERM "$broker"
check "SIGTERM ends it cleanly" wait "$broker"
broker=
printf '1..%d\n' "$count"
exit "$failed"
