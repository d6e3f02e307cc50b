#include "view_wait.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/store/view_position.h"

#define TOKENS_MAX 256

static void add_model(ViewNames *views, const Model *model)
{
        view_names_add(views, model->view);
        if (model->auth_from)
                view_names_add(views, model->auth_from->view);
}

static ErrorCode wait_for(PgPool *pool, const ViewNames *views, const char *text,
                          int64_t deadline_us, Error *err)
{
        bool reached = false;
        Token token;
        ErrorCode code;

        code = token_parse(text, &token, err);
        if (!code)
                code = store_await_views(pool, views, &token, &reached, deadline_us, err);
        if (!code && !reached)
                code = error_set_field(err, ERROR_UNAVAILABLE, "X-Consistency-Token",
                                       "the view does not show this change yet; ask again");
        return code;
}

ErrorCode view_wait(PgPool *pool, const ReadRequest *request, Error *err)
{
        _cleanup_(freep) char *copy = request->after ? strdup(request->after) : NULL;
        int64_t deadline_us = clock_monotonic_us() + request->config->read_wait_ms * US_PER_MS;
        ViewNames views = { .n_names = 0 };
        char *rest = copy, *item;
        size_t n = 0;
        ErrorCode code = ERROR_NONE;

        /* The row itself, what is embedded, and what decides whether it may be seen. */
        add_model(&views, request->model);
        for (size_t i = 0; i < request->n_includes; i++)
                add_model(&views, request->includes[i]->related);
        while (!code && rest && (item = strsep(&rest, ","))) {
                if (++n > TOKENS_MAX)
                        return error_set_field(err, ERROR_MALFORMED, "X-Consistency-Token",
                                               "more than %d tokens", TOKENS_MAX);
                code = wait_for(pool, &views, item, deadline_us, err);
        }
        return code;
}
