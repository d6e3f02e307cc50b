# shellcheck shell=bash
# ports.sh — which TCP ports are free, and who has the others. Reads /proc, needs no tool.

# shellcheck source=scripts/lib/console.sh
. "$(dirname "${BASH_SOURCE[0]}")/console.sh"

# ports_listening: the ports that something listens on, "port inode" a line.
ports_listening() {
    local address inode
    while read -r address inode; do
        printf '%d %s\n' "0x${address##*:}" "$inode"
    done < <(awk '$4 == "0A" { print $2, $10 }' /proc/net/tcp /proc/net/tcp6 2> /dev/null)
}

port_taken() {
    grep -q "^$1 " <<< "$(ports_listening)"
}

# port_owner PORT: "pid 123 (nginx)" of the listener, or "another user's process".
port_owner() {
    local inode fd pid
    inode=$(awk -v port="$1" '$1 == port { print $2; exit }' <<< "$(ports_listening)")
    for fd in /proc/[0-9]*/fd/*; do
        if [ "$(readlink "$fd" 2> /dev/null)" = "socket:[$inode]" ]; then
            pid=${fd#/proc/}
            pid=${pid%%/*}
            printf 'pid %s (%s)' "$pid" "$(cat "/proc/$pid/comm" 2> /dev/null)"
            return
        fi
    done
    printf "another user's process"
}

# port_need PORT NAME VARIABLE: stop with one line unless PORT is free.
port_need() {
    case $1 in
        '' | *[!0-9]*) fail "$3=$1 is not a port number" ;;
    esac
    if port_taken "$1"; then
        fail "port $1 of $2 is taken by $(port_owner "$1"): stop that, or choose another port with $3=…"
    fi
}

# port_free: a free port below the range that outgoing connections take theirs from.
port_free() {
    local taken port
    taken=$(ports_listening)
    while :; do
        port=$((20000 + RANDOM % 12000))
        grep -q "^$port " <<< "$taken" || break
    done
    printf '%s' "$port"
}
