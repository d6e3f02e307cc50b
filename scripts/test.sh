#!/usr/bin/env bash
# Every test that CI runs: the whole suite with gcc, then the tests that run our programs with clang under
# AddressSanitizer and UndefinedBehaviorSanitizer. The last line is "N passed, N failed".
# usage: test.sh                   all of it
#        test.sh MESON-ARGUMENT…   one `meson test` of the plain build, e.g. test.sh --suite unit, test.sh token
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/packages.sh
. "$root/scripts/lib/packages.sh"
cd "$root"

logs=$root/.cache/log
mkdir -p "$logs"
totals=()

finish() {
    local status=$?
    trap - EXIT
    if [ "${#totals[@]}" -eq 0 ]; then
        printf '0 passed, 1 failed\n'
    elif ! python3 "$root/scripts/test_totals.py" "${totals[@]}"; then
        [ "$status" != 0 ] || status=1
    fi
    exit "$status"
}
trap finish EXIT

[ "${SKAFU_SKIP_PACKAGES:-}" = 1 ] ||
    packages_need "$logs/packages.log" "${packages_build[@]}" "${packages_run[@]}" "${packages_broker[@]}" \
        "${packages_test[@]}" "${packages_lint[@]}"

# build DIR LABEL NAME [MESON-ARGUMENT…]: configure once, then compile. The results that the tests of this
# build will leave as NAME are awaited from here on: a build that fails counts as a failure.
build() {
    local dir=$1 label=$2 name=$3 since
    shift 3
    since=$(now_ms)
    rm -f "$dir/meson-logs/$name.json"
    totals+=("$dir/meson-logs/$name.json")
    [ -f "$dir/build.ninja" ] || quietly "$logs/setup.log" "meson setup $dir" meson setup "$@" "$dir"
    quietly "$logs/build.log" "$label" ninja -C "$dir"
    step "$label" "done in $(elapsed "$since")"
}

# run DIR NAME ARGUMENT…: one `meson test`.
run() {
    local dir=$1 name=$2
    shift 2
    scripts/with_servers.sh meson test -C "$dir" --no-rebuild --print-errorlogs --logbase "$name" "$@"
}

status=0
if [ $# -gt 0 ]; then
    build build "build" plain
    run build plain "$@" || status=$?
    exit "$status"
fi
build build "build" plain-full # meson adds the name of a setup to the name of its log
run build plain --setup full || status=$?

export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
CC=clang-14 build build-asan "build (asan)" sanitized -Db_sanitize=address,undefined -Db_lundef=false
CK_FORK=no run build-asan sanitized --suite unit --suite integration --suite end-to-end --suite faults --timeout-multiplier 3 || status=$?
exit "$status"
