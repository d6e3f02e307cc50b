#include "admin_parked.h"

#include <inttypes.h>
#include <string.h>

#include "admin_dropped.sql.h"
#include "admin_parked.sql.h"
#include "admin_undecodable.sql.h"
#include "admin_view.h"
#include "admin_want_drop.sql.h"
#include "admin_want_retry.sql.h"
#include "admin_want_retry_all.sql.h"
#include "common/admin/admin_page.h"
#include "common/base/uuid.h"

/* What the cursors of the lists are made of, each by its statement. */
static const char *const parked_keys[] = { "type", "id", NULL };
static const char *const dropped_keys[] = {
        "at", "version", "type", "partition", "position", NULL
};
static const char *const undecodable_keys[] = {
        "at", "topic", "partition", "offset", "digest", NULL
};

/* Add the view and its version as the first parameters; read the page. */
static ErrorCode begin(AdminCall *call, AdminPage *page, Error *err)
{
        const Model *model;
        ErrorCode code = admin_view(call, &model, err);

        if (!code)
                code = admin_page_read(page, call, true, err);
        if (code)
                return code;
        pg_params_text(call->params, model->view);
        if (page->version)
                pg_params_int32(call->params, page->version);
        else
                pg_params_text(call->params, NULL);
        return ERROR_NONE;
}

/* … and the aggregate as the next two. */
static ErrorCode begin_aggregate(AdminCall *call, Error *err)
{
        _cleanup_(admin_page_deinit) AdminPage page = ADMIN_PAGE_INIT;
        ErrorCode code = begin(call, &page, err);

        pg_params_text(call->params, http_request_param(call->req, "type"));
        pg_params_text(call->params, http_request_param(call->req, "id"));
        return code;
}

static ErrorCode not_parked(const AdminCall *call, Error *err)
{
        return error_set(err, ERROR_NOT_FOUND, "%s \"%s\" is not parked in view %s",
                         http_request_param(call->req, "type"), http_request_param(call->req, "id"),
                         http_request_param(call->req, "view"));
}

static ErrorCode list(AdminCall *call, Error *err)
{
        _cleanup_(admin_page_deinit) AdminPage page = ADMIN_PAGE_LIST(parked_keys);
        ErrorCode code = begin(call, &page, err);

        pg_params_text(call->params, NULL);
        pg_params_text(call->params, NULL);
        return code ? code
                    : admin_page_answer(&page, call, sql_admin_parked, "list parked aggregates",
                                        err);
}

static ErrorCode show(AdminCall *call, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code = begin_aggregate(call, err);

        pg_params_text(call->params, NULL);
        pg_params_int64(call->params, 1);
        if (!code)
                code = admin_query(call, sql_admin_parked, &res, "look at a parked aggregate", err);
        if (code)
                return code;
        if (PQntuples(res) == 0)
                return not_parked(call, err);
        admin_answer_row(call, 200, res, 0);
        return ERROR_NONE;
}

static ErrorCode retry(AdminCall *call, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code = begin_aggregate(call, err);

        pg_params_text(call->params, admin_who(call));
        if (!code)
                code = admin_query(call, sql_admin_want_retry, &res, "want a retry", err);
        if (code)
                return code;
        if (PQntuples(res) == 0)
                return not_parked(call, err);
        admin_answer_row(call, 202, res, 0);
        return ERROR_NONE;
}

/* Body {"eventId":"…"}: an operator drops what was looked at, not what may stand there by now. */
static ErrorCode add_event_id(AdminCall *call, Error *err)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        ErrorCode code = admin_body(call, &fields, err);
        const char *text;
        Uuid id;

        if (code)
                return code;
        for (size_t i = 0; i < fields.n_fields; i++)
                if (json_fields_get(&fields, "eventId").text != fields.fields[i].value.text)
                        return error_set_field(err, ERROR_MALFORMED, "body",
                                               "the body has one member: eventId");
        text = json_fields_string(&fields, "eventId");
        if (!text || !uuid_parse(text, strlen(text), &id))
                return error_set_field(err, ERROR_MALFORMED, "eventId",
                                       "eventId must be the one of the event to drop");
        pg_params_uuid(call->params, &id);
        return ERROR_NONE;
}

static ErrorCode drop(AdminCall *call, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code = begin_aggregate(call, err);

        pg_params_text(call->params, admin_who(call));
        if (!code)
                code = add_event_id(call, err);
        if (!code)
                code = admin_query(call, sql_admin_want_drop, &res, "want a drop", err);
        if (code)
                return code;
        if (PQgetisnull(res, 0, 1))
                return not_parked(call, err);
        if (PQgetisnull(res, 0, 0))
                return error_set_field(err, ERROR_CONFLICT, "eventId",
                                       "the event that fails is %s by now", PQgetvalue(res, 0, 1));
        admin_answer_row(call, 202, res, 0);
        return ERROR_NONE;
}

static ErrorCode retry_all(AdminCall *call, Error *err)
{
        _cleanup_(admin_page_deinit) AdminPage page = ADMIN_PAGE_INIT;
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code = begin(call, &page, err);

        pg_params_text(call->params, admin_who(call));
        if (!code)
                code = admin_query(call, sql_admin_want_retry_all, &res, "want retries", err);
        if (!code)
                admin_answer_row(call, 202, res, 0);
        return code;
}

static ErrorCode list_dropped(AdminCall *call, Error *err)
{
        _cleanup_(admin_page_deinit) AdminPage page = ADMIN_PAGE_LIST(dropped_keys);
        ErrorCode code = begin(call, &page, err);

        return code ? code
                    : admin_page_answer(&page, call, sql_admin_dropped, "list dropped events", err);
}

static ErrorCode list_undecodable(AdminCall *call, Error *err)
{
        _cleanup_(admin_page_deinit) AdminPage page = ADMIN_PAGE_LIST(undecodable_keys);
        ErrorCode code = admin_page_read(&page, call, false, err);

        return code ? code
                    : admin_page_answer(&page, call, sql_admin_undecodable,
                                        "list undecodable messages", err);
}

void handle_parked_list(void *app, const HttpRequest *req, HttpResponse *res)
{
        admin_view_answer(app, req, res, list);
}

void handle_parked_one(void *app, const HttpRequest *req, HttpResponse *res)
{
        admin_view_answer(app, req, res, show);
}

void handle_parked_retry(void *app, const HttpRequest *req, HttpResponse *res)
{
        admin_view_answer(app, req, res, retry);
}

void handle_parked_drop(void *app, const HttpRequest *req, HttpResponse *res)
{
        admin_view_answer(app, req, res, drop);
}

void handle_parked_retry_all(void *app, const HttpRequest *req, HttpResponse *res)
{
        admin_view_answer(app, req, res, retry_all);
}

void handle_dropped(void *app, const HttpRequest *req, HttpResponse *res)
{
        admin_view_answer(app, req, res, list_dropped);
}

void handle_undecodable(void *app, const HttpRequest *req, HttpResponse *res)
{
        admin_view_answer(app, req, res, list_undecodable);
}
