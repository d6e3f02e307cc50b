#include "read_request.h"

#include <errno.h>
#include <string.h>

#include "common/model/model_value.h"

typedef struct Parse {
        ReadRequest *request;
        char *list; /* the parameter's value, cut at commas */
        Error *err;
        ErrorCode code;
} Parse;

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

/* The next item of a list cut at commas; NULL at its end. Moves *@rest on. */
static char *next_item(char **rest)
{
        return *rest ? strsep(rest, ",") : NULL;
}

static const Field *find_column(const Model *model, const char *name)
{
        const Field *field = model_field(model, name);

        return field && field->kind == FIELD_COLUMN ? field : NULL;
}

static ErrorCode parse_sort(ReadRequest *request, char *value, Error *err)
{
        for (char *item = next_item(&value); item; item = next_item(&value)) {
                char *order = strchr(item, ':');
                ReadSort sort = { .field = NULL };

                if (order)
                        *order++ = '\0';
                sort.descending = order && strcmp(order, "desc") == 0;
                if (order && !sort.descending && strcmp(order, "asc") != 0)
                        return error_set_field(err, ERROR_MALFORMED, "sort",
                                               "the order of \"%s\" must be asc or desc", item);
                sort.field = find_column(request->model, item);
                if (!sort.field || sort.field->list || sort.field->scalar == SCALAR_JSON)
                        return error_set_field(err, ERROR_MALFORMED, "sort",
                                               "%s cannot be sorted by \"%s\"",
                                               request->model->name, item);
                for (size_t i = 0; i < request->n_sorts; i++)
                        if (request->sorts[i].field == sort.field)
                                return bad(err, "sort", "names a field twice");
                if (request->n_sorts == READ_SORTS_MAX)
                        return bad(err, "sort", "names too many fields");
                request->sorts[request->n_sorts++] = sort;
        }
        return ERROR_NONE;
}

static ErrorCode parse_include(ReadRequest *request, char *value, Error *err)
{
        for (char *item = next_item(&value); item; item = next_item(&value)) {
                const Field *field = model_field(request->model, item);

                if (!field || field->kind == FIELD_COLUMN)
                        return error_set_field(err, ERROR_MALFORMED, "include",
                                               "%s has no relation \"%s\"", request->model->name,
                                               item);
                for (size_t i = 0; i < request->n_includes; i++)
                        if (request->includes[i] == field)
                                return bad(err, "include", "names a relation twice");
                if (request->n_includes == READ_INCLUDES_MAX)
                        return bad(err, "include", "names too many relations");
                request->includes[request->n_includes++] = field;
        }
        return ERROR_NONE;
}

static ErrorCode add_field(ReadRequest *request, const Field *field, Error *err)
{
        for (size_t i = 0; i < request->n_fields; i++)
                if (request->fields[i] == field)
                        return bad(err, "fields", "names a field twice");
        if (request->n_fields == READ_FIELDS_MAX)
                return bad(err, "fields", "names too many fields");
        request->fields[request->n_fields++] = field;
        return ERROR_NONE;
}

static ErrorCode parse_fields(ReadRequest *request, char *value, Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (char *item = next_item(&value); !code && item; item = next_item(&value)) {
                const Field *field = find_column(request->model, item);

                if (!field)
                        return error_set_field(err, ERROR_MALFORMED, "fields",
                                               "%s has no field \"%s\"", request->model->name,
                                               item);
                code = add_field(request, field, err);
        }
        return code;
}

static ErrorCode add_filter(ReadRequest *request, const char *name, const char *value, Error *err)
{
        const Field *field = find_column(request->model, name);
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        ErrorCode code;

        if (!field || request->id)
                return error_set_field(err, ERROR_MALFORMED, name, "unknown parameter \"%s\"",
                                       name);
        if (field->list || field->scalar == SCALAR_JSON)
                return error_set_field(err, ERROR_MALFORMED, name, "%s cannot be compared", name);
        if (request->n_filters == READ_FILTERS_MAX)
                return error_set_field(err, ERROR_MALFORMED, name, "more than %d filters",
                                       READ_FILTERS_MAX);
        code = model_value_parse(field, value, &text, err);
        if (!code)
                request->filters[request->n_filters++] = (ReadFilter){ field, buffer_take(&text) };
        return code;
}

static const struct {
        const char *name;
        bool list_only;
        ParseParameter parse;
} parameters[] = {
        { "limit", true, parse_limit },    { "cursor", true, parse_cursor },
        { "sort", true, parse_sort },      { "include", false, parse_include },
        { "fields", false, parse_fields }, { "after", false, parse_after },
};

static void visit(void *data, const char *name, const char *value)
{
        Parse *parse = data;

        if (parse->code)
                return;
        for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
                if (strcmp(name, parameters[i].name) != 0 ||
                    (parameters[i].list_only && parse->request->id))
                        continue;
                /* The request keeps the copy: cursor and tokens stay in it. */
                if (parse->request->n_texts == ARRAY_SIZE(parse->request->texts)) {
                        parse->code = bad(parse->err, name, "is given too often");
                        return;
                }
                parse->list = strdup(value);
                if (!parse->list)
                        abort(); /* as Buffer: nothing sensible is left to do */
                parse->request->texts[parse->request->n_texts++] = parse->list;
                parse->code = parameters[i].parse(parse->request, parse->list, parse->err);
                return;
        }
        parse->code = add_filter(parse->request, name, value, parse->err);
}

/* What was not asked for: all columns, the id as the last word on order. */
static ErrorCode fill_in(ReadRequest *request, Error *err)
{
        ErrorCode code = ERROR_NONE;
        bool by_id = false;

        if (request->n_fields == 0)
                for (size_t i = 0; !code && i < request->model->n_fields; i++)
                        if (request->model->fields[i].kind == FIELD_COLUMN)
                                code = add_field(request, &request->model->fields[i], err);
        for (size_t i = 0; i < request->n_sorts; i++)
                by_id = by_id || request->sorts[i].field == &request->model->fields[0];
        if (!by_id)
                request->sorts[request->n_sorts++] =
                        (ReadSort){ .field = &request->model->fields[0] };
        return code;
}

ErrorCode read_request_parse(ReadRequest *ret, const QueryConfig *config, const Schema *schema,
                             const HttpRequest *req, Error *err)
{
        const char *path = http_request_param(req, "model");
        Parse parse = { .request = ret, .err = err };

        ret->config = config;
        ret->schema = schema;
        ret->principal = http_request_principal(req);
        ret->model = schema_model_by_path(schema, path);
        ret->id = http_request_param(req, "id");
        ret->limit = (int)config->page_limit_default;
        ret->after = http_request_header(req, "X-Consistency-Token");
        if (!ret->model)
                return error_set(err, ERROR_NOT_FOUND, "there is no model \"%s\"", path);
        http_request_each_query(req, visit, &parse);
        if (parse.code)
                return parse.code;
        if (ret->after && strlen(ret->after) > READ_TOKEN_MAX)
                return error_set_field(err, ERROR_MALFORMED, "X-Consistency-Token", "is too long");
        return fill_in(ret, err);
}

void read_request_deinit(ReadRequest *request)
{
        for (size_t i = 0; i < request->n_filters; i++)
                free(request->filters[i].value);
        for (size_t i = 0; i < request->n_texts; i++)
                free(request->texts[i]);
}
