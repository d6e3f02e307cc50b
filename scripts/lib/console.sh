# shellcheck shell=bash
# console.sh — how the scripts speak: one line per step, and errors that name the way out.

say() {
    printf '%s\n' "$*"
}

# step LABEL TEXT…: one progress line.
step() {
    local label=$1
    shift
    printf '%-14s %s\n' "$label" "$*"
}

warn() {
    printf '%s\n' "$*" >&2
}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# elapsed SINCE_MS: "1.2 s" since a value of now_ms.
now_ms() {
    printf '%s' "$(($(date +%s%N) / 1000000))"
}

elapsed() {
    local ms=$(($(now_ms) - $1))
    printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# quietly LOG LABEL COMMAND…: run COMMAND into LOG; when it fails, show the end of LOG and stop.
quietly() {
    local log=$1 label=$2
    shift 2
    if ! "$@" > "$log" 2>&1 < /dev/null; then
        tail -n 25 "$log" >&2
        fail "$label failed; all of it is in $log"
    fi
}
