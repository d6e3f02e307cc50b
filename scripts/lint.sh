#!/usr/bin/env bash
# Every check of style, layers and docs, then clang-tidy on all files or on those named.
# usage: lint.sh [FILE.c…]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=scripts/lib/packages.sh
. scripts/lib/packages.sh

mkdir -p .cache/log
[ "${SKAFU_SKIP_PACKAGES:-}" = 1 ] ||
    packages_need .cache/log/packages.log "${packages_build[@]}" "${packages_test[@]}" "${packages_lint[@]}"
[ -f build/build.ninja ] || quietly .cache/log/setup.log "meson setup" meson setup build
# Generated headers have to be there before clang-tidy reads what includes them.
quietly .cache/log/build.log "build" ninja -C build
meson test -C build --no-rebuild --suite lint --print-errorlogs --logbase lint
since=$(now_ms)
tests/lint/check_tidy.sh "$root" "$root/build" "$@" || fail "clang-tidy found something: see above"
step clang-tidy "clean, $(elapsed "$since")"
