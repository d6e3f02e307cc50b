#include "read_request.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "page_cursor.h"

typedef ErrorCode (*TakeParameter)(ReadRequest *request, const char *value, Error *err);

typedef struct Parameter {
        const char *name;
        bool list_only;
        TakeParameter take;
} Parameter;

static ErrorCode take_limit(ReadRequest *request, const char *value, Error *err)
{
        size_t max = (size_t)request->config->page_limit_max, limit = 0;
        size_t n_digits = strspn(value, "0123456789");

        for (size_t i = 0; i < n_digits && limit <= max; i++)
                limit = limit * 10 + (size_t)(value[i] - '0');
        if (!n_digits || value[n_digits] || limit < 1 || limit > max)
                return error_set_field(err, ERROR_MALFORMED, "limit",
                                       "limit must be a whole number from 1 to %zu", max);
        request->limit = limit;
        return ERROR_NONE;
}

static ErrorCode take_cursor(ReadRequest *request, const char *value, Error *err)
{
        request->cursor = arena_copy(&request->arena, value);
        return ERROR_NONE;
}

static ErrorCode take_sort(ReadRequest *request, const char *value, Error *err)
{
        request->sort = arena_copy(&request->arena, value);
        return ERROR_NONE;
}

static ErrorCode take_filter(ReadRequest *request, const char *value, Error *err)
{
        return filter_add_json(&request->filter, value, err);
}

static ErrorCode take_after(ReadRequest *request, const char *value, Error *err)
{
        return read_tokens_add(&request->tokens, "after", value, err);
}

/* The next name of a list cut at commas, copied; NULL behind the last. Moves *@p on. */
static const char *next_name(ReadRequest *request, const char **p)
{
        const char *start = *p;
        size_t size;

        if (!start)
                return NULL;
        size = strcspn(start, ",");
        *p = start[size] ? start + size + 1 : NULL;
        return arena_copy_n(&request->arena, start, size);
}

static ErrorCode take_include(ReadRequest *request, const char *value, Error *err)
{
        const char *name;

        while ((name = next_name(request, &value))) {
                const Field *field = model_field(request->model, name);

                if (!field || field->kind == FIELD_COLUMN)
                        return error_set_field(err, ERROR_MALFORMED, "include",
                                               "include: %s has no relation \"%.63s\"",
                                               request->model->name, name);
                for (size_t i = 0; i < request->n_includes; i++)
                        if (request->includes[i] == field)
                                return error_set_field(err, ERROR_MALFORMED, "include",
                                                       "include: \"%s\" is named twice", name);
                if (request->n_includes == SELECT_INCLUDES_MAX)
                        return error_set_field(err, ERROR_MALFORMED, "include",
                                               "include: more than %d relations",
                                               SELECT_INCLUDES_MAX);
                request->includes[request->n_includes++] = field;
        }
        return ERROR_NONE;
}

static ErrorCode take_fields(ReadRequest *request, const char *value, Error *err)
{
        const Field **fields =
                arena_alloc(&request->arena, request->model->n_fields, sizeof(const Field *));
        const char *name;

        while ((name = next_name(request, &value))) {
                const Field *field = model_field(request->model, name);

                if (!field || field->kind != FIELD_COLUMN)
                        return error_set_field(err, ERROR_MALFORMED, "fields",
                                               "fields: %s has no column \"%.63s\"%s",
                                               request->model->name, name,
                                               field ? "; name it in include" : "");
                for (size_t i = 0; i < request->n_fields; i++)
                        if (fields[i] == field)
                                return error_set_field(err, ERROR_MALFORMED, "fields",
                                                       "fields: \"%s\" is named twice", name);
                fields[request->n_fields++] = field;
        }
        request->fields = fields;
        return ERROR_NONE;
}

static ErrorCode take_as_of(ReadRequest *request, const char *value, Error *err)
{
        if (!request->id)
                return error_set_field(err, ERROR_MALFORMED, "asOf",
                                       "asOf is for a single row: /v1/%s/{id}?asOf=…",
                                       request->model->path);
        return past_moment_parse(value, &request->as_of, err);
}

static const Parameter parameters[] = {
        { "limit", true, take_limit },      { "cursor", true, take_cursor },
        { "sort", true, take_sort },        { "filter", true, take_filter },
        { "include", false, take_include }, { "fields", false, take_fields },
        { "after", false, take_after },     { "asOf", false, take_as_of },
};

static ErrorCode given_twice(const char *name, Error *err)
{
        return error_set_field(err, ERROR_MALFORMED, name, "%.63s is given twice", name);
}

/* field=value */
static ErrorCode take_equality(ReadRequest *request, const char *name, const char *value,
                               Error *err)
{
        const Field *field = request->id ? NULL : model_field(request->model, name);

        if (!field || field->kind != FIELD_COLUMN)
                return error_set_field(err, ERROR_MALFORMED, name,
                                       "unknown query parameter \"%.63s\"", name);
        for (size_t i = 0; i < request->n_equals; i++)
                if (request->equals[i] == field)
                        return given_twice(name, err);
        if (request->n_equals == FILTER_PARAMS_MAX)
                return error_set_field(err, ERROR_MALFORMED, name, "more than %d filters",
                                       FILTER_PARAMS_MAX);
        request->equals[request->n_equals++] = field;
        return filter_add_equal(&request->filter, field, value, err);
}

ErrorCode read_request_open(ReadRequest *ret, const QueryConfig *config, const Schema *schema,
                            const Reader *reader, const char *path, const char *id, Error *err)
{
        ret->config = config;
        ret->reader = *reader;
        ret->id = id;
        ret->limit = (size_t)config->page_limit_default;
        ret->model = schema_model_by_path(schema, path);
        if (!ret->model)
                return error_set(err, ERROR_NOT_FOUND, "there is no model \"%.63s\"", path);
        filter_builder_init(&ret->filter, &ret->arena, ret->model);
        return ERROR_NONE;
}

void read_request_deinit(ReadRequest *request)
{
        arena_deinit(&request->arena);
        read_tokens_deinit(&request->tokens);
}

ErrorCode read_request_parameter(ReadRequest *request, const char *name, const char *value,
                                 Error *err)
{
        for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
                const Parameter *parameter = &parameters[i];

                if (strcmp(name, parameter->name) != 0 || (parameter->list_only && request->id))
                        continue;
                if (request->given & 1U << i)
                        return given_twice(name, err);
                request->given |= 1U << i;
                return parameter->take(request, value, err);
        }
        return take_equality(request, name, value, err);
}

ErrorCode read_request_token(ReadRequest *request, const char *text, Error *err)
{
        return read_tokens_add(&request->tokens, "X-Consistency-Token", text, err);
}

ErrorCode read_request_close(ReadRequest *request, Error *err)
{
        ErrorCode code = keyset_parse(&request->keyset, request->model, request->sort, err);

        if (!code && request->cursor)
                code = page_cursor_parse(request, &request->arena, &request->after, err);
        if (!code && request->as_of.given && request->n_includes > 0)
                return error_set_field(err, ERROR_MALFORMED, "include",
                                       "include shows what is now: not together with asOf");
        return code;
}
