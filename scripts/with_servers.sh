#!/usr/bin/env bash
# Run a command beside a PostgreSQL and a Kafka broker of its own, both thrown away afterwards.
# usage: with_servers.sh COMMAND [ARGUMENT…]     e.g. with_servers.sh meson test -C build --suite integration
#
# The command finds in its environment:
#   SKAFU_TEST_PG_URL           superuser, trust authentication
#   SKAFU_TEST_KAFKA_BROKERS    the real broker
#   SKAFU_TEST_PG_BIN           PostgreSQL's programs, for tests that start servers of their own
#   SKAFU_TEST_KAFKA_CLASSPATH  the broker's jars, for the same; main class kafka.Kafka
#   SKAFU_TEST_JAVA             the java to run it with
#   SKAFU_TEST_LIB              scripts/lib: shell functions to start both
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/postgres.sh
. "$root/scripts/lib/postgres.sh"
# shellcheck source=scripts/lib/kafka.sh
. "$root/scripts/lib/kafka.sh"
# shellcheck source=scripts/lib/ports.sh
. "$root/scripts/lib/ports.sh"

[ $# -gt 0 ] || fail "usage: with_servers.sh COMMAND [ARGUMENT…]"

dir=$(mktemp -d "${TMPDIR:-/tmp}/skafu-test.XXXXXX")
chmod 755 "$dir"
cache=$(kafka_cache "$root")
command_pid=

finish() {
    local status=$?
    trap - EXIT INT TERM HUP
    [ -z "$command_pid" ] || kill -TERM "$command_pid" 2> /dev/null || true
    kafka_stop "$cache" "$dir/kafka" "$dir/kafka.pid"
    postgres_stop "$dir/postgres.pid"
    rm -rf "$dir"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

kafka_fetch "$root" "$dir/fetch.log"
kafka_java > /dev/null
postgres_can_reach "$dir" || fail "the user postgres cannot reach $dir: set TMPDIR to a folder that everybody can enter"

pg_port=$(port_free)
kafka_port=$(port_free)
controller_port=$(port_free)
# A broker that lives for minutes is better off with what the quick compiler makes of it.
export SKAFU_KAFKA_JAVA_OPTIONS=${SKAFU_KAFKA_JAVA_OPTIONS--XX:TieredStopAtLevel=1}
kafka_copy "$cache" "$dir/kafka" "$dir/kafka-format.log"
kafka_launch "$cache" "$dir/kafka" "$kafka_port" "$controller_port" "$dir/kafka.pid" "$dir/kafka.log"
quietly "$dir/initdb.log" "initdb" postgres_copy "${SKAFU_CACHE:-$root/.cache}" "$dir/postgres"
postgres_start "$dir/postgres" "$pg_port" "$dir/postgres.pid" "$dir/postgres.log" -c max_connections=500
kafka_await "$kafka_port" "$dir/kafka.pid" "$dir/kafka.log"

export SKAFU_TEST_PG_URL="postgresql://postgres@127.0.0.1:$pg_port/postgres"
export SKAFU_TEST_KAFKA_BROKERS="127.0.0.1:$kafka_port"
SKAFU_TEST_PG_BIN=$(postgres_bin)
SKAFU_TEST_KAFKA_CLASSPATH=$(kafka_classpath "$cache")
SKAFU_TEST_JAVA=$(kafka_java)
export SKAFU_TEST_PG_BIN SKAFU_TEST_KAFKA_CLASSPATH SKAFU_TEST_JAVA SKAFU_TEST_LIB="$root/scripts/lib"

"$@" &
command_pid=$!
status=0
wait "$command_pid" || status=$?
command_pid=
exit "$status"
