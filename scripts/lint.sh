#!/usr/bin/env bash
# Every check of style, layers and docs, then clang-tidy on what changed since main (or on all of it).
# usage: lint.sh [--all] [FILE.c…]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=scripts/lib/packages.sh
. scripts/lib/packages.sh
# shellcheck source=tests/lint/find.sh
. tests/lint/find.sh

mkdir -p .cache/log
[ "${SKAFU_SKIP_PACKAGES:-}" = 1 ] ||
    packages_need .cache/log/packages.log "${packages_build[@]}" "${packages_test[@]}" "${packages_lint[@]}"
[ -f build/build.ninja ] || quietly .cache/log/setup.log "meson setup" meson setup build
# Generated headers have to be there before clang-tidy reads what includes them.
quietly .cache/log/build.log "build" ninja -C build
meson test -C build --no-rebuild --suite lint --print-errorlogs --logbase lint

files=()
if [ $# -gt 0 ] && [ "$1" != --all ]; then
    files=("$@")
else
    mapfile -d '' -t files < <(sources_named '*.c')
fi
since=$(now_ms)
printf '%s\0' "${files[@]}" | xargs -0 -r -n 4 -P "$(nproc)" clang-tidy-14 --quiet \
    -p build --extra-arg=-Wno-unknown-warning-option 2> /dev/null ||
    fail "clang-tidy found something; see above"
step clang-tidy "${#files[@]} files are clean, $(elapsed "$since")"
