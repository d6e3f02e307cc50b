#!/usr/bin/env bash
# YAML passes yamllint.
# usage: check_yaml.sh SOURCE_ROOT
set -euo pipefail
cd "$1"
# shellcheck source=tests/lint/find.sh
. tests/lint/find.sh
sources_named '*.yml' '*.yaml' | xargs -0 -r yamllint --strict -c .yamllint
