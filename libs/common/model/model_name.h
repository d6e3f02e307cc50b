#pragma once

/*
 * model_name.h — the names that follow from a model's name: view, URL segment, default index names.
 */

#include "common/base/buffer.h"

/* "ServiceMetric" as service_metric, "APIKey" as api_key. */
void model_name_snake(Buffer *ret, const char *name);

/* Make the English plural of the word that @name ends with: metric, metrics; entry, entries. */
void model_name_plural(Buffer *name);

/* "Metric", { "name", "timestamp" } as metricsByNameAndTimestamp. */
void model_name_index(Buffer *ret, const char *name, char *const *fields, size_t n_fields);
