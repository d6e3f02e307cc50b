# shellcheck shell=bash
# shellcheck disable=SC2034
# secrets.sh — passwords and keys of a checkout's system, made once, in .dev/secrets.

# shellcheck source=scripts/lib/tokens.sh
. "$(dirname "${BASH_SOURCE[0]}")/tokens.sh"

pg_password=
pg_command_password=
pg_projector_password=
pg_query_password=
jwt_secret=
api_key=

# secrets_load STATE: set the variables above; make them when there are none yet.
secrets_load() {
    local name
    if [ ! -s "$1/secrets" ]; then
        for name in pg_password pg_command_password pg_projector_password pg_query_password jwt_secret api_key; do
            printf '%s=%s\n' "$name" "$(openssl rand -hex 32)"
        done > "$1/secrets.new"
        mv "$1/secrets.new" "$1/secrets"
    fi
    # shellcheck source=/dev/null
    . "$1/secrets"
    api_key_line "$api_key" $((30 * 86400)) development > "$1/api-keys"
}
