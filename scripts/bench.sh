#!/usr/bin/env bash
# Run one of the benchmarks of bench/, each beside its limit and on servers of its own; or list them.
# usage: bench.sh [NAME [--json] [ARGUMENT…]]
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=scripts/lib/packages.sh
. "$here/lib/packages.sh"
# shellcheck source=scripts/lib/kafka.sh
. "$here/lib/kafka.sh"
# shellcheck source=scripts/lib/settings.sh
. "$here/lib/settings.sh"

# list: each benchmark with the first sentence of what it says about itself.
list() {
    local file
    say "usage: ./dev bench NAME [--json]"
    for file in "$root"/bench/*.py; do
        step "  $(basename "$file" .py)" "$(sed -n 's/^"""\([^.]*\).*/\1/p' "$file" | head -n 1)"
    done
}

[ $# -gt 0 ] || {
    list
    exit 0
}
name=$1
shift
[ -f "$root/bench/$name.py" ] || {
    warn "error: there is no benchmark \"$name\""
    list >&2
    exit 2
}
mkdir -p "$root/.cache/log"
cd "$root"
# What is not the table goes to standard error: with --json, each line of the output is a row.
{
    [ "${SKAFU_SKIP_PACKAGES:-}" = 1 ] ||
        packages_need .cache/log/packages.log "${packages_build[@]}" "${packages_run[@]}" "${packages_broker[@]}" \
            "${packages_bench[@]}"
    kafka_fetch "$root" .cache/log/kafka-fetch.log
    [ -f "$build/build.ninja" ] || quietly .cache/log/setup.log "meson setup" meson setup "$build"
    quietly .cache/log/build.log "the build" ninja -C "$build"
} >&2
export SKAFU_TEST_BUILD=$build
exec python3 "bench/$name.py" "$@"
