#include "read_request.h"

#include <errno.h>
#include <string.h>

typedef struct Parse {
        ReadRequest *request;
        Error *err;
        ErrorCode code;
} Parse;

/* @value lives in the request's arena and may be cut up. */
typedef ErrorCode (*ParseParameter)(ReadRequest *request, char *value, Error *err);

static ErrorCode bad(Error *err, const char *name, const char *what)
{
        return error_set_field(err, ERROR_MALFORMED, name, "%s %s", name, what);
}

static ErrorCode parse_limit(ReadRequest *request, char *value, Error *err)
{
        char *end;
        long limit;

        errno = 0;
        limit = strtol(value, &end, 10);
        if (errno || *end || end == value || limit < 1 || limit > request->config->page_limit_max)
                return error_set_field(err, ERROR_MALFORMED, "limit",
                                       "limit must be a number from 1 to %d",
                                       (int)request->config->page_limit_max);
        request->limit = (int)limit;
        return ERROR_NONE;
}

static ErrorCode parse_cursor(ReadRequest *request, char *value, Error *err)
{
        request->cursor = value;
        return ERROR_NONE;
}

static ErrorCode parse_after(ReadRequest *request, char *value, Error *err)
{
        request->after = value;
        return ERROR_NONE;
}

static ErrorCode parse_sort(ReadRequest *request, char *value, Error *err)
{
        if (request->sort)
                return bad(err, "sort", "is given twice");
        request->sort = value;
        return ERROR_NONE;
}

static ErrorCode parse_filter(ReadRequest *request, char *value, Error *err)
{
        buffer_printf(&request->question, "&filter=%s", value);
        return filter_add_json(&request->filter, value, err);
}

static const Field *find_column(const Model *model, const char *name)
{
        const Field *field = model_field(model, name);

        return field && field->kind == FIELD_COLUMN ? field : NULL;
}

static bool contains(const Field *const *list, size_t n, const Field *field)
{
        for (size_t i = 0; i < n; i++)
                if (list[i] == field)
                        return true;
        return false;
}

static ErrorCode parse_include(ReadRequest *request, char *value, Error *err)
{
        char *item;

        while ((item = strsep(&value, ","))) {
                const Field *field = model_field(request->model, item);

                if (!field || field->kind == FIELD_COLUMN)
                        return error_set_field(err, ERROR_MALFORMED, "include",
                                               "%s has no relation \"%s\"", request->model->name,
                                               item);
                if (contains(request->includes, request->n_includes, field))
                        return bad(err, "include", "names a relation twice");
                if (request->n_includes == SELECT_INCLUDES_MAX)
                        return bad(err, "include", "names too many relations");
                request->includes[request->n_includes++] = field;
        }
        return ERROR_NONE;
}

static ErrorCode parse_fields(ReadRequest *request, char *value, Error *err)
{
        char *item;

        while ((item = strsep(&value, ","))) {
                const Field *field = find_column(request->model, item);

                if (!field)
                        return error_set_field(err, ERROR_MALFORMED, "fields",
                                               "%s has no field \"%s\"", request->model->name,
                                               item);
                if (contains(request->fields, request->n_fields, field))
                        return bad(err, "fields", "names a field twice");
                if (request->n_fields == READ_FIELDS_MAX)
                        return bad(err, "fields", "names too many fields");
                request->fields[request->n_fields++] = field;
        }
        return ERROR_NONE;
}

static const struct {
        const char *name;
        bool list_only;
        ParseParameter parse;
} parameters[] = {
        { "limit", true, parse_limit },      { "cursor", true, parse_cursor },
        { "sort", true, parse_sort },        { "filter", true, parse_filter },
        { "include", false, parse_include }, { "fields", false, parse_fields },
        { "after", false, parse_after },
};

static ErrorCode parse_equality(ReadRequest *request, const char *name, const char *value,
                                Error *err)
{
        const Field *field = request->id ? NULL : find_column(request->model, name);

        if (!field)
                return error_set_field(err, ERROR_MALFORMED, name, "unknown parameter \"%s\"",
                                       name);
        buffer_printf(&request->question, "&%s=%s", name, value);
        return filter_add_equal(&request->filter, field, value, err);
}

static void visit(void *data, const char *name, const char *value)
{
        Parse *parse = data;
        ReadRequest *request = parse->request;

        if (parse->code)
                return;
        for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
                if (strcmp(name, parameters[i].name) != 0 ||
                    (parameters[i].list_only && request->id))
                        continue;
                parse->code = parameters[i].parse(request, arena_copy(&request->arena, value),
                                                  parse->err);
                return;
        }
        parse->code = parse_equality(request, name, value, parse->err);
}

Reader read_request_reader(const Principal *principal)
{
        return (Reader){
                .user = principal->user,
                .groups = (const char *const *)principal->groups,
                .n_groups = principal->n_groups,
                .api_key = principal->api_key,
        };
}

ErrorCode read_request_parse(ReadRequest *ret, const QueryConfig *config, const Schema *schema,
                             const HttpRequest *req, Error *err)
{
        const char *path = http_request_param(req, "model");
        Parse parse = { .request = ret, .err = err };

        ret->config = config;
        ret->schema = schema;
        ret->reader = read_request_reader(http_request_principal(req));
        ret->model = schema_model_by_path(schema, path);
        ret->id = http_request_param(req, "id");
        ret->limit = (int)config->page_limit_default;
        ret->after = http_request_header(req, "X-Consistency-Token");
        if (!ret->model)
                return error_set(err, ERROR_NOT_FOUND, "there is no model \"%s\"", path);
        filter_builder_init(&ret->filter, &ret->arena, ret->model);
        http_request_each_query(req, visit, &parse);
        if (parse.code)
                return parse.code;
        if (ret->after && strlen(ret->after) > READ_TOKEN_MAX)
                return error_set_field(err, ERROR_MALFORMED, "X-Consistency-Token", "is too long");
        return keyset_parse(&ret->keyset, ret->model, ret->sort, err);
}

void read_request_deinit(ReadRequest *request)
{
        buffer_deinit(&request->question);
        arena_deinit(&request->arena);
}
