#!/usr/bin/env bash
# C code looks as clang-format 14 writes it; ./dev fmt makes it so.
# usage: check_format.sh SOURCE_ROOT
set -euo pipefail
cd "$1"
# shellcheck source=tests/lint/find.sh
. tests/lint/find.sh
sources_named '*.c' '*.h' | xargs -0 -r -n 40 -P 2 clang-format-14 --dry-run -Werror
