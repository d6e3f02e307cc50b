#!/usr/bin/env bash
# Send Debian packages through the running system and check what arrives; see tools/demo.
set -euo pipefail
# shellcheck source=scripts/lib/services.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/services.sh"

case ${1:-} in
    -h | --help) exec python3 "$root/tools/demo/demo.py" --help ;;
esac
for name in "${parts[@]}"; do
    part_runs "$name" || fail "$name does not run: ./dev up starts it"
done
# shellcheck source=/dev/null
. "$state/env"
settings_recall
# The embedded broker keeps 5 MiB a partition: not all events can be looked up there.
[ "$broker" = kafka ] || set -- --no-topics "$@"
exec python3 "$root/tools/demo/demo.py" "$build/tools/skafuctl/skafuctl" "$root/domain/schema.graphql" "$@"
