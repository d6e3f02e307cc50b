# shellcheck shell=bash
# processes.sh — background processes known by pid files. Beside NAME.pid stands NAME.start, the
# kernel's start time of the process: a pid that was given to somebody else since does not count.

# shellcheck source=scripts/lib/console.sh
. "$(dirname "${BASH_SOURCE[0]}")/console.sh"

# process_stat PID: "state starttime" of a process, nothing when there is none.
process_stat() {
    local stat=''
    { read -r stat < "/proc/$1/stat"; } 2> /dev/null || return 0
    # The name stands in parentheses and may hold anything: count from its end.
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    printf '%s %s' "$1" "${20}"
}

# process_start PIDFILE LOG COMMAND…: run COMMAND in a session of its own, so that a terminal's
# Ctrl-C does not reach it.
process_start() {
    local pidfile=$1 log=$2
    shift 2
    # 9 is the lock of the script that starts it; a child must not keep it.
    setsid "$@" >> "$log" 2>&1 < /dev/null 9>&- &
    process_note "$pidfile" $!
}

# process_note PIDFILE PID
process_note() {
    local stat
    stat=$(process_stat "$2")
    printf '%s\n' "${stat#* }" > "${1%.pid}.start"
    printf '%s\n' "$2" > "$1"
}

# process_pid PIDFILE: the pid when its process runs; status 1 otherwise.
process_pid() {
    local pid='' start='' stat
    { read -r pid < "$1" && read -r start < "${1%.pid}.start"; } 2> /dev/null || return 1
    stat=$(process_stat "$pid")
    # A zombie has ended, whether or not somebody collected it.
    [ -n "$stat" ] && [ "${stat#* }" = "$start" ] && [ "${stat%% *}" != Z ] || return 1
    printf '%s' "$pid"
}

process_runs() {
    process_pid "$1" > /dev/null
}

process_forget() {
    rm -f "$1" "${1%.pid}.start"
}

# process_stop PIDFILE SECONDS [SIGNAL]: ask with SIGNAL (TERM), wait, then SIGKILL with a warning.
process_stop() {
    local pidfile=$1 deadline pid
    if pid=$(process_pid "$pidfile"); then
        kill -"${3:-TERM}" "$pid" 2> /dev/null || true
        deadline=$(($(now_ms) + $2 * 1000))
        while process_runs "$pidfile"; do
            if [ "$(now_ms)" -gt "$deadline" ]; then
                warn "$(basename "$pidfile" .pid) (pid $pid) did not stop within $2 s: killed"
                kill -KILL "$pid" 2> /dev/null || true
                deadline=$((deadline + 3600000))
            fi
            sleep 0.05
        done
    fi
    process_forget "$pidfile"
}

# process_await PIDFILE LOG SECONDS PROBE…: wait until PROBE succeeds; stop with the log's last lines
# when the process ends first or time runs out.
process_await() {
    local pidfile=$1 log=$2 seconds=$3 name deadline
    shift 3
    name=$(basename "$pidfile" .pid)
    deadline=$(($(now_ms) + seconds * 1000))
    until "$@" > /dev/null 2>&1; do
        if ! process_runs "$pidfile"; then
            tail -n 5 "$log" >&2
            process_forget "$pidfile"
            fail "$name ended while starting; all of it is in $log"
        fi
        if [ "$(now_ms)" -gt "$deadline" ]; then
            tail -n 5 "$log" >&2
            fail "$name is not ready after $seconds s; all of it is in $log"
        fi
        sleep 0.1
    done
}
