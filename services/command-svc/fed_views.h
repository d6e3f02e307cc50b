#pragma once

/*
 * fed_views.h — which views the events of an aggregate type can change, by the domain's projections.
 */

#include <stdbool.h>

#include "common/domain/aggregate.h"

/* A view is called as its model, in lower snake case. */
bool fed_views_has(const AggregateType *type, const char *view);

/* Whether any type feeds a view of this name. */
bool fed_views_any(const char *view);
