# shellcheck shell=bash
# database.sh — the database "skafu" of a checkout's system: its cluster, its schema, its roles.

# shellcheck source=scripts/lib/postgres.sh
. "$(dirname "${BASH_SOURCE[0]}")/postgres.sh"
# shellcheck source=scripts/lib/secrets.sh
. "$(dirname "${BASH_SOURCE[0]}")/secrets.sh"

# database_url DATA PORT USER PASSWORD [socket]: over TCP, or over the unix socket of DATA, which is
# faster, where there is one.
database_url() {
    local socket=''
    [ "${5:-}" != socket ] || socket=$(postgres_socket_dir "$1" "$2")
    if [ -n "$socket" ]; then
        printf 'postgresql://%s:%s@/skafu?host=%s&port=%s' "$3" "$4" "${socket//\//%2F}" "$2"
    else
        printf 'postgresql://%s:%s@127.0.0.1:%s/skafu' "$3" "$4" "$2"
    fi
}

# database_create_cluster STATE LOG: a cluster in STATE/pg, or behind a link of that name when the user
# that PostgreSQL runs as cannot get there.
database_create_cluster() {
    local state=$1 log=$2 data=$1/pg since
    since=$(now_ms)
    [ ! -L "$data" ] || rm "$data"
    if ! postgres_can_reach "$state"; then
        data=/var/lib/postgresql/skafu-$(printf '%s' "$state" | sha256sum | cut -c1-12)
        step postgres "the user postgres cannot reach $state: the data goes to $data"
        # Nothing links to it: it belonged to a .dev that is gone, and its passwords with it.
        if [ -d "$data" ]; then
            rm -rf "$data.old"
            mv "$data" "$data.old"
            step postgres "what was there before is now $data.old"
        fi
    fi
    if [ ! -d "$data" ]; then
        printf '%s\n' "$pg_password" > "$state/pg-password"
        quietly "$log" "making the PostgreSQL cluster" \
            postgres_create "$data" scram-sha-256 "$state/pg-password"
        rm -f "$state/pg-password"
        step postgres "made a cluster in $(elapsed "$since")"
    fi
    [ "$data" = "$state/pg" ] || ln -s "$data" "$state/pg"
}

# database_check_password STATE URL: stop with one line unless the superuser's password opens the cluster.
database_check_password() {
    local answer
    answer=$(psql -XAtq "${2%/skafu}/postgres" -c 'select 1' 2>&1) ||
        fail "PostgreSQL refuses the password in $1/secrets ($(tail -n 1 <<< "$answer")): restore that file, or remove $(readlink -f "$1/pg") and lose its data"
}

# database_prepare URL LOG MIGRATE…: make the database, run MIGRATE, give the services' roles passwords.
database_prepare() {
    local url=$1 log=$2
    shift 2
    if [ "$(psql -XAtq "${url%/skafu}/postgres" -c "select 1 from pg_database where datname = 'skafu'")" != 1 ]; then
        psql -XAtq "${url%/skafu}/postgres" -c 'create database skafu'
    fi
    quietly "$log" "the migration" "$@" --pg-url "$url"
    psql -XAtq -v ON_ERROR_STOP=1 "$url" > /dev/null << EOF
alter role skafu_command password '$pg_command_password';
alter role skafu_projector password '$pg_projector_password';
alter role skafu_query password '$pg_query_password';
EOF
}
