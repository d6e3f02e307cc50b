#include "command_wait.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/domain/domain.h"
#include "fed_views.h"

ErrorCode command_wait_parse(const char *text, CommandWait *ret, Error *err)
{
        char *rest = ret->text = strdup(text), *item;

        if (!rest)
                return error_no_memory(err);
        while ((item = strsep(&rest, ","))) {
                if (!fed_views_any(item))
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
        const AggregateType *type = domain_aggregate(token->aggregate_type);
        ViewNames fed = { .n_names = 0 };
        bool reached = false;

        for (size_t i = 0; i < wait->views.n_names; i++)
                if (fed_views_has(type, wait->views.names[i]))
                        view_names_add(&fed, wait->views.names[i]);
        if (!fed.n_names) /* events of this type cannot change them: they show it already */
                return true;
        if (store_await_views(pool, &fed, token, &reached,
                              clock_monotonic_us() + wait_ms * US_PER_MS, NULL))
                return false;
        return reached;
}
