#!/usr/bin/env bash
# Shell scripts pass shellcheck.
# usage: check_shell.sh SOURCE_ROOT
set -euo pipefail
cd "$1"
# shellcheck source=tests/lint/find.sh
. tests/lint/find.sh
{ sources_named '*.sh' && printf '%s\0' dev .ci/run; } | xargs -0 shellcheck
