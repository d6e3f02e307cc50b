# shellcheck shell=bash
# find.sh — the project's files by name, NUL-terminated; build trees and hidden state left out.

# sources_named PATTERN…
sources_named() {
    local pattern names=()
    for pattern in "$@"; do
        names+=(-o -name "$pattern")
    done
    find . \( -name 'build*' -o -name .git -o -name .dev -o -name .cache \) -prune -o \
        -type f \( "${names[@]:1}" \) -print0 | sort -z
}
