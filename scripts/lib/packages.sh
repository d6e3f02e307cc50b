# shellcheck shell=bash
# shellcheck disable=SC2034
# packages.sh — the Debian packages that Skafu needs; installs what is missing.

# shellcheck source=scripts/lib/console.sh
. "$(dirname "${BASH_SOURCE[0]}")/console.sh"

packages_build=(
    gcc libc6-dev meson ninja-build pkg-config python3
    check libgnutls28-dev libjansson-dev libmicrohttpd-dev libpq-dev librdkafka-dev
    librhonabwy-dev libulfius-dev libwslay-dev
)
packages_run=(curl kcat openssl postgresql-15 procps)
packages_broker=(maven openjdk-17-jre-headless)
packages_test=(clang-14 libclang-rt-14-dev)
packages_lint=(clang-format-14 clang-tidy-14 codespell git shellcheck yamllint)
packages_bench=(wrk)

# packages_missing NAME…: those of NAME… that are not installed, one a line.
packages_missing() {
    local installed name
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2> /dev/null || true)
    for name in "$@"; do
        grep -qxF "installed $name" <<< "$installed" || printf '%s\n' "$name"
    done
}

packages_as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# A private cluster is all that is needed: the package is not to start one of its own.
packages_hold_cluster() {
    local conf=/etc/postgresql-common/createcluster.d/skafu.conf
    if [ "$1" = on ]; then
        packages_as_root mkdir -p "$(dirname "$conf")"
        printf 'create_main_cluster = false\n' | packages_as_root tee "$conf" > /dev/null
    else
        packages_as_root rm -f "$conf"
    fi
}

# packages_need LOG NAME…: install what is missing of NAME….
packages_need() {
    local log=$1 missing=() since
    shift
    command -v apt-get > /dev/null && command -v dpkg-query > /dev/null ||
        fail "this is not Debian: install what these Debian 12 packages hold, then set SKAFU_SKIP_PACKAGES=1: $*"
    mapfile -t missing < <(packages_missing "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ] && ! sudo -n true 2> /dev/null && ! { [ -t 0 ] && command -v sudo > /dev/null; }; then
        fail "packages are missing, and neither root nor sudo is at hand; run as root: apt-get install ${missing[*]}"
    fi
    since=$(now_ms)
    step packages "installing ${#missing[@]}: ${missing[*]}"
    quietly "$log" "apt-get update" packages_as_root apt-get -q update
    packages_hold_cluster on
    if ! packages_as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
        install "${missing[@]}" > "$log" 2>&1 < /dev/null; then
        packages_hold_cluster off
        tail -n 25 "$log" >&2
        fail "apt-get install failed; all of it is in $log"
    fi
    packages_hold_cluster off
    step packages "installed in $(elapsed "$since")"
}
