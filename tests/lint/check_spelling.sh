#!/usr/bin/env bash
# No common misspelling, in code and in docs.
# usage: check_spelling.sh SOURCE_ROOT
set -euo pipefail
cd "$1"
# shellcheck source=tests/lint/find.sh
. tests/lint/find.sh
# "fo", "te" and the like are short names in code; real words are judged everywhere.
sources_named '*.c' '*.h' '*.md' '*.sh' '*.py' '*.sql' '*.graphql' '*.yml' meson.build |
    xargs -0 -r codespell --ignore-words-list 'te,fo,ans,nd,ot,aas,als,crate,nmae,parm,wile'
