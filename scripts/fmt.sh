#!/usr/bin/env bash
# Write the C code the way clang-format 14 does, and the configuration tables of the docs as the code has them.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=scripts/lib/console.sh
. scripts/lib/console.sh
# shellcheck source=tests/lint/find.sh
. tests/lint/find.sh
command -v clang-format-14 > /dev/null || fail "clang-format-14 is missing: apt-get install clang-format-14"
sources_named '*.c' '*.h' | xargs -0 -r -n 40 -P "$(nproc)" clang-format-14 -i
# The tables of docs/config.md come from the code.
tests/lint/config_docs.py --write .
