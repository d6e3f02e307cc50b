#!/usr/bin/env bash
# Every header compiles alone: it includes what it uses and stands under #pragma once.
# usage: check_headers.sh SOURCE_ROOT
set -euo pipefail
cd "$1"
# shellcheck source=tests/lint/find.sh
. tests/lint/find.sh
flags=$(pkg-config --cflags libpq rdkafka jansson libulfius libmicrohttpd librhonabwy gnutls check)

check_header() {
    local header=$1 folder
    folder=$(dirname "$header")
    grep -q '^#pragma once$' "$header" || {
        printf '%s: has no #pragma once\n' "$header"
        return 1
    }
    # shellcheck disable=SC2086
    gcc -std=gnu17 -D_GNU_SOURCE -fsyntax-only -Wall -Wextra -Werror -Wno-unused-parameter -Wno-unused-function \
        -I libs -I . -I tests -I "$folder" $FLAGS -include "$header" -x c /dev/null
}
export -f check_header
export FLAGS=$flags
# shellcheck disable=SC2016
sources_named '*.h' | xargs -0 -r -n 1 -P 2 bash -c 'check_header "$1"' check_header
