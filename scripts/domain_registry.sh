#!/bin/sh
# Write the registry of a domain: domain_aggregates[], with the aggregate of each folder named.
# usage: domain_registry.sh OUTPUT FOLDER...
set -eu
output=$1
shift
{
    printf '/* generated from the list of aggregates; do not edit */\n#include "common/domain/aggregate.h"\n\n'
    printf 'extern const AggregateType %s_aggregate;\n' "$@"
    printf '\nconst AggregateType *const domain_aggregates[] = {\n'
    printf '        &%s_aggregate,\n' "$@"
    printf '        NULL,\n};\n'
} > "$output"
