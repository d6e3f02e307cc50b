# shellcheck shell=bash
# postgres.sh — a private PostgreSQL cluster: made, started, asked, stopped. PostgreSQL refuses to run
# as root; then its files belong to the user postgres, and so do its processes.

# shellcheck source=scripts/lib/processes.sh
. "$(dirname "${BASH_SOURCE[0]}")/processes.sh"

# postgres_bin: the folder with the newest server's programs, 15 or later.
postgres_bin() {
    local dir best=''
    for dir in /usr/lib/postgresql/*/bin; do
        [ -x "$dir/postgres" ] || continue
        best=$(printf '%s\n%s\n' "$best" "$dir" | sort -V | tail -n 1)
    done
    if [ -z "$best" ] && command -v initdb > /dev/null; then
        best=$(dirname "$(readlink -f "$(command -v initdb)")")
    fi
    [ -n "$best" ] || fail "there is no PostgreSQL server: install postgresql-15"
    printf '%s' "$best"
}

# postgres_run COMMAND…: as the user that PostgreSQL runs as; becomes COMMAND, pid and all.
postgres_run() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
    else
        "$@"
    fi
}

# postgres_can_reach DIR: whether that user may walk to DIR.
postgres_can_reach() {
    (cd / && postgres_run test -x "$1") 2> /dev/null
}

# postgres_create DATA AUTH PASSWORD_FILE [OPTION…]: make a cluster at DATA, or leave nothing there. AUTH is trust
# or scram-sha-256; PASSWORD_FILE holds the superuser's password ("" with trust); OPTIONs are those of initdb.
postgres_create() {
    local data=$1 auth=$2 password_file=$3 new=$1.new options=("${@:4}")
    rm -rf "$new"
    mkdir -m 700 "$new"
    if [ -n "$password_file" ]; then
        cp "$password_file" "$new.password"
        options+=(--pwfile="$new.password")
    fi
    if [ "$(id -u)" = 0 ]; then
        chown -R postgres: "$new"
        [ -z "$password_file" ] || chown postgres: "$new.password"
    fi
    (cd / && LC_ALL=C postgres_run "$(postgres_bin)/initdb" -D "$new" -U postgres -E UTF8 --locale=C.UTF-8 \
        --auth="$auth" --no-instructions "${options[@]}")
    rm -f "$new.password"
    mv "$new" "$data"
}

# postgres_copy CACHE DATA: a cluster that is thrown away soon, with trust: made once, copied from then on.
postgres_copy() {
    local cache=$1 data=$2 made
    made=$cache/postgres-$("$(postgres_bin)/postgres" -V | cksum | cut -d ' ' -f 1)
    if [ -d "$made" ]; then
        cp -a "$made" "$data"
        return
    fi
    # The user postgres may not be able to walk to the cache.
    postgres_create "$data" trust '' --no-sync
    mkdir -p "$cache"
    cp -a "$data" "$made.$$"
    mv -T "$made.$$" "$made" 2> /dev/null || rm -rf "$made.$$" # somebody was faster
}

# postgres_check DATA: stop with one line unless DATA is a cluster that the installed server can run.
postgres_check() {
    local data=$1 have want
    [ -f "$data/PG_VERSION" ] ||
        fail "$data is not a PostgreSQL cluster: remove it (rm -rf $data) and start again"
    have=$(cat "$data/PG_VERSION")
    want=$("$(postgres_bin)/postgres" -V | sed 's/.*) \([0-9]*\).*/\1/')
    [ "$have" = "$want" ] ||
        fail "$data was made by PostgreSQL $have and the server here is $want: upgrade it with pg_upgrade, or remove it (rm -rf $data) and lose its data"
}

# postgres_socket_dir DATA PORT: where the socket goes; "" when the path would be too long for one.
postgres_socket_dir() {
    local path=$1/.s.PGSQL.$2
    [ "${#path}" -ge 107 ] || printf '%s' "$1"
}

# postgres_start DATA PORT PIDFILE LOG [-c SETTING=VALUE…]: start it and wait until it answers.
postgres_start() {
    local data=$1 port=$2 pidfile=$3 log=$4 launch=(env -C /) bin
    shift 4
    bin=$(postgres_bin)
    [ "$(id -u)" != 0 ] || launch+=(setpriv --reuid=postgres --regid=postgres --init-groups --)
    process_start "$pidfile" "$log" "${launch[@]}" "$bin/postgres" -D "$data" -p "$port" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories="$(postgres_socket_dir "$data" "$port")" \
        -c logging_collector=off -c log_line_prefix='%m [%p] %q%u@%d ' \
        -c max_connections=300 -c shared_buffers="${SKAFU_PG_SHARED_BUFFERS:-256MB}" \
        -c max_wal_size=4GB -c random_page_cost=1.1 -c jit=off "$@"
    process_await "$pidfile" "$log" 60 "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"
}

# postgres_stop PIDFILE: a fast shutdown (SIGINT): sessions are cut, data is flushed.
postgres_stop() {
    process_stop "$1" 60 INT
}
