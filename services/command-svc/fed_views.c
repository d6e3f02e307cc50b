#include "fed_views.h"

#include <string.h>

#include "common/domain/domain.h"
#include "common/model/model_name.h"

bool fed_views_has(const AggregateType *type, const char *view)
{
        for (const Projection *row = type->projections; row && row->event_type; row++) {
                _cleanup_(buffer_deinit) Buffer name = BUFFER_INIT;

                model_name_snake(&name, row->model);
                if (strcmp(buffer_text(&name), view) == 0)
                        return true;
        }
        return false;
}

bool fed_views_any(const char *view)
{
        for (const AggregateType *const *type = domain_aggregates; *type; type++)
                if (fed_views_has(*type, view))
                        return true;
        return false;
}
