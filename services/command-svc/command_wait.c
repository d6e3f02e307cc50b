#include "command_wait.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/domain/aggregate.h"
#include "common/model/model_name.h"

/* A view is called as its model, in lower snake case. */
static bool is_view(const char *name)
{
        for (const AggregateType *const *type = domain_aggregates; *type; type++) {
                for (const Projection *row = (*type)->projections; row->event_type; row++) {
                        _cleanup_(buffer_deinit) Buffer view = BUFFER_INIT;

                        model_name_snake(&view, row->model);
                        if (strcmp(buffer_text(&view), name) == 0)
                                return true;
                }
        }
        return false;
}

ErrorCode command_wait_parse(const char *text, CommandWait *ret, Error *err)
{
        char *rest = ret->text = strdup(text), *item;

        if (!rest)
                return error_no_memory(err);
        while ((item = strsep(&rest, ","))) {
                if (!is_view(item))
                        return error_set_field(err, ERROR_MALFORMED, "wait",
                                               "there is no view \"%s\"", item);
                if (ret->views.n_names == COMMAND_WAIT_MAX)
                        return error_set_field(err, ERROR_MALFORMED, "wait", "more than %d views",
                                               COMMAND_WAIT_MAX);
                view_names_add(&ret->views, item);
        }
        return ERROR_NONE;
}

void command_wait_deinit(CommandWait *wait)
{
        free(wait->text);
        *wait = (CommandWait){ .text = NULL };
}

bool command_wait_views(PgPool *pool, const CommandWait *wait, const Token *token, int64_t wait_ms)
{
        bool reached = false;

        if (store_await_views(pool, &wait->views, token, &reached,
                              clock_monotonic_us() + wait_ms * US_PER_MS, NULL))
                return false;
        return reached;
}
