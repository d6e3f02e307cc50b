#include "admin_views.h"

#include "admin_call.h"
#include "admin_views.sql.h"

static ErrorCode list(AdminCall *call, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code = admin_query(call, sql_admin_views, &res, "list the views", err);

        if (!code)
                admin_answer_items(call, res);
        return code;
}

void handle_views(void *app, const HttpRequest *req, HttpResponse *res)
{
        admin_answer(app, req, res, list);
}
