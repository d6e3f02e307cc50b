#include "admin_views.h"

#include <string.h>

#include "admin_views.sql.h"
#include "common/base/json_writer.h"
#include "rebuild_progress.h"

/* What a list of versions is made from. */
typedef struct Listing {
        AdminCall *call;
        VersionList versions;
        bool logs; /* each log partition, not only their sums */
        Buffer body;
} Listing;

static void listing_deinit(Listing *listing)
{
        version_list_deinit(&listing->versions);
        buffer_deinit(&listing->body);
}

static const char *text(const PGresult *res, int row, int column)
{
        return PQgetisnull(res, row, column) ? NULL : PQgetvalue(res, row, column);
}

static void write_logs(Buffer *body, const RebuildProgress *progress)
{
        json_write_array(body, "partitions");
        for (size_t i = 0; i < progress->n_logs; i++) {
                const LogProgress *log = &progress->logs[i];

                json_write_object(body, NULL);
                json_write_string(body, "aggregateType", log->aggregate_type);
                json_write_int(body, "partition", log->partition);
                json_write_int(body, "done", log->done);
                json_write_int(body, "total", log->head);
                json_write_object_end(body);
        }
        json_write_array_end(body);
}

/* @rate: events per second, NULL when nothing goes on. */
static void write_progress(Listing *listing, const RebuildProgress *progress, const char *rate)
{
        Buffer *body = &listing->body;
        int64_t lag = progress->head > progress->done ? progress->head - progress->done : 0;
        double per_second = rate ? strtod(rate, NULL) : 0;

        json_write_object(body, "progress");
        json_write_int(body, "done", progress->done);
        json_write_int(body, "total", progress->head);
        json_write_int(body, "lag", lag);
        if (rate)
                json_write_int(body, "eventsPerSecond", (int64_t)(per_second + 0.5));
        if (per_second >= 1)
                json_write_int(body, "etaSeconds", (int64_t)((double)lag / per_second + 0.5));
        else
                json_write_null(body, "etaSeconds");
        if (listing->logs)
                write_logs(body, progress);
        json_write_object_end(body);
}

static ErrorCode write_version(Listing *listing, const PGresult *res, int row, Error *err)
{
        _cleanup_(rebuild_progress_deinit) RebuildProgress progress = REBUILD_PROGRESS_INIT;
        AdminCall *call = listing->call;
        const char *view = PQgetvalue(res, row, 0);
        int version = (int)strtol(PQgetvalue(res, row, 1), NULL, 10);
        const Model *model = schema_model_by_view(admin_app(call)->schema, view);
        const ViewVersion *found = version_list_find(&listing->versions, view, version);
        ErrorCode code = ERROR_NONE;

        json_write_object(&listing->body, NULL);
        json_write_string(&listing->body, "view", view);
        json_write_int(&listing->body, "version", version);
        json_write_string(&listing->body, "state", PQgetvalue(res, row, 2));
        json_write_string(&listing->body, "createdAt", text(res, row, 3));
        json_write_string(&listing->body, "liveSince", text(res, row, 4));
        if (model && found && found->state != VERSION_DROPPED) {
                code = rebuild_progress_read(&progress, call->conn, model->name, found, NULL,
                                             call->deadline_us, err);
                if (!code)
                        write_progress(listing, &progress, text(res, row, 5));
        }
        if (PQgetisnull(res, row, 6))
                json_write_null(&listing->body, "rebuild");
        else
                json_write_raw(&listing->body, "rebuild",
                               (JsonSpan){ PQgetvalue(res, row, 6),
                                           (size_t)PQgetlength(res, row, 6) });
        json_write_object_end(&listing->body);
        return code;
}

/* @version: 0 for all. */
static ErrorCode read_versions(Listing *listing, const char *view, int version, PGresult **ret,
                               Error *err)
{
        AdminCall *call = listing->call;
        ErrorCode code = version_list_read(&listing->versions, call->conn, call->deadline_us, err);

        if (code)
                return code;
        pg_params_clear(call->params);
        pg_params_text(call->params, view);
        if (version)
                pg_params_int32(call->params, version);
        else
                pg_params_text(call->params, NULL);
        code = admin_query(call, sql_admin_views, ret, "list the views", err);
        if (!code && view && PQntuples(*ret) == 0)
                code = error_set_field(err, ERROR_NOT_FOUND, "view", "there is no view \"%.63s\"",
                                       view);
        return code;
}

static ErrorCode answer_list(AdminCall *call, const char *view, Error *err)
{
        _cleanup_(listing_deinit) Listing listing = { .call = call,
                                                      .versions = VERSION_LIST_INIT,
                                                      .logs = view != NULL };
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code = read_versions(&listing, view, 0, &res, err);

        json_write_object(&listing.body, NULL);
        json_write_array(&listing.body, "items");
        for (int i = 0; !code && i < PQntuples(res); i++)
                code = write_version(&listing, res, i, err);
        if (code)
                return code;
        json_write_array_end(&listing.body);
        json_write_object_end(&listing.body);
        http_response_json(call->res, 200, listing.body.data, listing.body.size);
        return ERROR_NONE;
}

static ErrorCode list(AdminCall *call, Error *err)
{
        return answer_list(call, NULL, err);
}

static ErrorCode list_of_view(AdminCall *call, Error *err)
{
        return answer_list(call, http_request_param(call->req, "view"), err);
}

ErrorCode admin_answer_version(AdminCall *call, const char *view, int version, int status,
                               Error *err)
{
        _cleanup_(listing_deinit)
                Listing listing = { .call = call, .versions = VERSION_LIST_INIT, .logs = true };
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code = read_versions(&listing, view, version, &res, err);

        if (!code)
                code = write_version(&listing, res, 0, err);
        if (!code)
                http_response_json(call->res, status, listing.body.data, listing.body.size);
        return code;
}

void handle_views(void *app, const HttpRequest *req, HttpResponse *res)
{
        admin_view_answer(app, req, res, list);
}

void handle_view(void *app, const HttpRequest *req, HttpResponse *res)
{
        admin_view_answer(app, req, res, list_of_view);
}
