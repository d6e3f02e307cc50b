#include "admin_rebuild.h"

#include <string.h>

#include "admin_view.h"
#include "admin_views.h"
#include "common/base/json_fields.h"
#include "rebuild_act.sql.h"
#include "view_registry.h"

#define RATE_MAX 1000000

/* The members of a body, each optional. */
typedef struct RebuildBody {
        JsonFields fields;
        RebuildOptions options;
        int64_t version; /* 0: not given */
} RebuildBody;

static void body_deinit(RebuildBody *body)
{
        json_fields_deinit(&body->fields);
}

static bool is_key(const JsonField *field, const char *name)
{
        return field->key.size == strlen(name) + 2 &&
               strncmp(field->key.text + 1, name, strlen(name)) == 0;
}

static bool is_word(const JsonField *field, const char *word)
{
        return field->value.size == strlen(word) &&
               strncmp(field->value.text, word, strlen(word)) == 0;
}

static ErrorCode take_choice(RebuildBody *body, const char *name, const char *const *choices,
                             const char **ret, Error *err)
{
        const char *text = json_fields_string(&body->fields, name);

        for (size_t i = 0; text && choices[i]; i++) {
                if (strcmp(text, choices[i]) != 0)
                        continue;
                *ret = choices[i];
                return ERROR_NONE;
        }
        return error_set_field(err, ERROR_MALFORMED, name, "%s is \"%s\" or \"%s\"", name,
                               choices[0], choices[1]);
}

static ErrorCode take_from(RebuildBody *body, const JsonField *field, Error *err)
{
        static const char *const sources[] = { "store", "topic", NULL };

        return take_choice(body, "from", sources, &body->options.source, err);
}

static ErrorCode take_switch(RebuildBody *body, const JsonField *field, Error *err)
{
        static const char *const ways[] = { "auto", "manual", NULL };
        const char *way = NULL;
        ErrorCode code = take_choice(body, "switch", ways, &way, err);

        body->options.switches_by_itself = way == ways[0];
        return code;
}

static ErrorCode take_rate(RebuildBody *body, const JsonField *field, Error *err)
{
        if (json_fields_int64(&body->fields, "rate", &body->options.rate) &&
            body->options.rate >= 0 && body->options.rate <= RATE_MAX)
                return ERROR_NONE;
        return error_set_field(
                err, ERROR_MALFORMED, "rate",
                "rate is a whole number of events per second up to %d, 0 for no limit", RATE_MAX);
}

static ErrorCode take_ignore(RebuildBody *body, const JsonField *field, Error *err)
{
        body->options.ignore_differences = is_word(field, "true");
        if (body->options.ignore_differences || is_word(field, "false"))
                return ERROR_NONE;
        return error_set_field(err, ERROR_MALFORMED, "ignoreDifferences",
                               "ignoreDifferences is true or false");
}

static ErrorCode take_version(RebuildBody *body, const JsonField *field, Error *err)
{
        if (json_fields_int64(&body->fields, "version", &body->version) && body->version > 0 &&
            body->version <= INT32_MAX)
                return ERROR_NONE;
        return error_set_field(err, ERROR_MALFORMED, "version",
                               "version is the number of a version");
}

/* Which requests take which members. */
enum {
        OF_REBUILD = 1,
        OF_SWITCH = 2,
        OF_SWITCH_BACK = 4,
};

static const struct {
        const char *name;
        unsigned requests;
        ErrorCode (*take)(RebuildBody *body, const JsonField *field, Error *err);
} members[] = {
        { "from", OF_REBUILD, take_from },
        { "rate", OF_REBUILD | OF_SWITCH_BACK, take_rate },
        { "switch", OF_REBUILD | OF_SWITCH_BACK, take_switch },
        { "ignoreDifferences", OF_REBUILD | OF_SWITCH | OF_SWITCH_BACK, take_ignore },
        { "version", OF_SWITCH_BACK, take_version },
};

static ErrorCode take_member(RebuildBody *body, const JsonField *field, unsigned request,
                             Error *err)
{
        for (size_t i = 0; i < ARRAY_SIZE(members); i++)
                if ((members[i].requests & request) && is_key(field, members[i].name))
                        return members[i].take(body, field, err);
        return error_set_field(err, ERROR_MALFORMED, "body", "unknown member %.*s",
                               (int)(field->key.size < 64 ? field->key.size : 64), field->key.text);
}

static ErrorCode read_body(const AdminCall *call, unsigned request, RebuildBody *ret, Error *err)
{
        size_t size = 0;
        ErrorCode code;

        *ret = (RebuildBody){ .fields = JSON_FIELDS_INIT,
                              .options = { .reason = "asked",
                                           .by = admin_who(call),
                                           .source = "store",
                                           .switches_by_itself = true } };
        (void)http_request_body(call->req, &size);
        if (size == 0)
                return ERROR_NONE;
        code = admin_body(call, &ret->fields, err);
        for (size_t i = 0; !code && i < ret->fields.n_fields; i++)
                code = take_member(ret, &ret->fields.fields[i], request, err);
        return code;
}

static ErrorCode acted(AdminCall *call, const char *view, int version, int status, Error *err)
{
        view_keeper_wake(admin_app(call)->keeper);
        return admin_answer_version(call, view, version, status, err);
}

static ErrorCode rebuild(AdminCall *call, Error *err)
{
        _cleanup_(body_deinit) RebuildBody body = { .version = 0 };
        const Model *model = NULL;
        int version = 0;
        ErrorCode code = admin_view(call, &model, err);

        if (!code && !view_registry_is_fed(model))
                code = error_set_field(err, ERROR_NOT_FOUND, "view",
                                       "no projection makes rows of model %s", model->name);
        if (!code)
                code = read_body(call, OF_REBUILD, &body, err);
        if (!code)
                code = view_registry_build(call->conn, admin_app(call)->schema, model,
                                           &body.options, &version, call->deadline_us, err);
        return code ? code : acted(call, model->view, version, 202, err);
}

static ErrorCode act(AdminCall *call, const char *action, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        const char *view = http_request_param(call->req, "view");
        ErrorCode code;

        pg_params_text(call->params, view);
        pg_params_text(call->params, action);
        pg_params_text(call->params, admin_who(call));
        code = admin_query(call, sql_rebuild_act, &res, "note what is asked for", err);
        if (!code && PQntuples(res) == 0)
                code = error_set_field(err, ERROR_NOT_FOUND, "view",
                                       "no rebuild of view \"%.63s\" runs", view);
        return code ? code
                    : acted(call, view, (int)strtol(PQgetvalue(res, 0, 0), NULL, 10), 200, err);
}

static ErrorCode pause_rebuild(AdminCall *call, Error *err)
{
        return act(call, "pause", err);
}

static ErrorCode resume_rebuild(AdminCall *call, Error *err)
{
        return act(call, "resume", err);
}

static ErrorCode switch_now(AdminCall *call, Error *err)
{
        _cleanup_(body_deinit) RebuildBody body = { .version = 0 };
        ErrorCode code = read_body(call, OF_SWITCH, &body, err);

        return code ? code
                    : act(call, body.options.ignore_differences ? "switch-anyway" : "switch", err);
}

/* What is left of the version, when anything is. */
static ErrorCode answer_end(AdminCall *call, const char *view, int version, Error *err)
{
        Error gone = ERROR_INIT;

        view_keeper_wake(admin_app(call)->keeper);
        switch (admin_answer_version(call, view, version, 200, &gone)) {
        case ERROR_NONE:
                return ERROR_NONE;
        case ERROR_NOT_FOUND:
                http_response_empty(call->res, 204);
                return ERROR_NONE;
        default:
                *err = gone;
                return gone.code;
        }
}

static ErrorCode cancel_rebuild(AdminCall *call, Error *err)
{
        const char *view = http_request_param(call->req, "view");
        int version = 0;
        ErrorCode code = view_registry_cancel(call->conn, view, admin_who(call), &version,
                                              call->deadline_us, err);

        return code ? code : answer_end(call, view, version, err);
}

/* The retired version with the highest number. */
static ErrorCode find_retired(AdminCall *call, const char *view, int *ret, Error *err)
{
        _cleanup_(version_list_deinit) VersionList list = VERSION_LIST_INIT;
        ErrorCode code = version_list_read(&list, call->conn, call->deadline_us, err);

        for (size_t i = 0; !code && i < list.n_versions; i++)
                if (list.versions[i].state == VERSION_RETIRED &&
                    strcmp(list.versions[i].view, view) == 0)
                        *ret = list.versions[i].version;
        if (!code && !*ret)
                code = error_set_field(err, ERROR_NOT_FOUND, "view",
                                       "view \"%.63s\" has no retired version", view);
        return code;
}

static ErrorCode switch_back(AdminCall *call, Error *err)
{
        _cleanup_(body_deinit) RebuildBody body = { .version = 0 };
        const char *view = http_request_param(call->req, "view");
        ErrorCode code = read_body(call, OF_SWITCH_BACK, &body, err);
        int version = (int)body.version;

        if (!code && !version)
                code = find_retired(call, view, &version, err);
        body.options.reason = "switch-back";
        if (!code)
                code = view_registry_switch_back(call->conn, view, version, &body.options,
                                                 call->deadline_us, err);
        return code ? code : acted(call, view, version, 202, err);
}

static ErrorCode drop_version(AdminCall *call, Error *err)
{
        const char *view = http_request_param(call->req, "view");
        const char *number = http_request_param(call->req, "version");
        char *rest;
        long version = strtol(number, &rest, 10);
        ErrorCode code;

        if (*rest || version < 1 || version > INT32_MAX)
                return error_set_field(err, ERROR_MALFORMED, "version",
                                       "\"%.20s\" is not the number of a version", number);
        code = view_registry_drop(call->conn, admin_app(call)->schema, view, (int)version,
                                  call->deadline_us, err);
        return code ? code : answer_end(call, view, (int)version, err);
}

#define HANDLER(name, endpoint)                                         \
        void name(void *app, const HttpRequest *req, HttpResponse *res) \
        {                                                               \
                admin_view_answer(app, req, res, endpoint);             \
        }

HANDLER(handle_rebuild, rebuild)
HANDLER(handle_rebuild_pause, pause_rebuild)
HANDLER(handle_rebuild_resume, resume_rebuild)
HANDLER(handle_rebuild_cancel, cancel_rebuild)
HANDLER(handle_switch, switch_now)
HANDLER(handle_switch_back, switch_back)
HANDLER(handle_version_drop, drop_version)
