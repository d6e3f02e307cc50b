#include "page_cursor.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/base/base64url.h"
#include "common/base/hash.h"
#include "common/base/json_writer.h"
#include "common/model/model_value.h"

#define BINDING_SIZE 17 /* 16 hexadecimal digits and the NUL */

void page_cursor_binding(SqlText *ret, const Model *model, const Keyset *keyset,
                         const Filter *filter)
{
        sql_append(ret, model->name);
        sql_append(ret, " ");
        keyset_order(ret, keyset, "t");
        sql_append(ret, " ");
        filter_sql(ret, filter, "t");
}

/* Model, order and filters with their values: a cursor goes on in the list that it came from. */
static void make_binding(const ReadRequest *request, char ret[BINDING_SIZE])
{
        _cleanup_(sql_text_deinit) SqlText sql = SQL_TEXT_INIT;
        uint8_t digest[HASH_SHA256_SIZE];

        page_cursor_binding(&sql, request->model, &request->keyset, &request->filter.root);
        for (size_t i = 0; i < sql.n_params; i++) /* with the NUL: values cannot run together */
                buffer_append(&sql.text, sql.params[i], strlen(sql.params[i]) + 1);
        hash_sha256(sql.text.data, sql.text.size, digest);
        for (size_t i = 0; i < BINDING_SIZE / 2; i++)
                (void)snprintf(ret + 2 * i, BINDING_SIZE - 2 * i, "%02x", (unsigned)digest[i]);
}

ErrorCode page_cursor_format(Buffer *ret, const ReadRequest *request, const char *const *values,
                             Error *err)
{
        _cleanup_(buffer_deinit) Buffer json = BUFFER_INIT;
        char binding[BINDING_SIZE];
        size_t start = ret->size;

        make_binding(request, binding);
        json_write_array(&json, NULL);
        json_write_string(&json, NULL, binding);
        for (size_t i = 0; i < request->keyset.n_keys; i++)
                json_write_string(&json, NULL, values[i]);
        json_write_array_end(&json);
        base64url_encode(ret, json.data, json.size);
        if (ret->size - start > PAGE_CURSOR_BYTES_MAX)
                return error_set_field(err, ERROR_TOO_LARGE, "sort",
                                       "the values to sort by are too long to go on from: sort by "
                                       "other fields, or raise the limit");
        return ERROR_NONE;
}

static ErrorCode bad_cursor(Error *err)
{
        return error_set_field(err, ERROR_MALFORMED, "cursor",
                               "cursor is not the nextCursor of a page of this list: sort and "
                               "filters must be the same");
}

/* The value must be one of its field: it comes from outside and goes to PostgreSQL. */
static ErrorCode read_value(const Field *field, const json_t *item, Arena *arena, char **ret,
                            Error *err)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        if (json_is_null(item) && !field->required) {
                *ret = NULL;
                return ERROR_NONE;
        }
        if (!json_is_string(item) || model_value_parse(field, json_string_value(item), &text, NULL))
                return bad_cursor(err);
        *ret = arena_copy(arena, buffer_text(&text));
        return ERROR_NONE;
}

ErrorCode page_cursor_parse(const ReadRequest *request, Arena *arena, char *const **ret, Error *err)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        size_t size = strlen(request->cursor), n_keys = request->keyset.n_keys;
        json_auto_t *json = NULL;
        char binding[BINDING_SIZE];
        char **values;

        if (size > PAGE_CURSOR_BYTES_MAX || !base64url_decode(&text, request->cursor, size))
                return bad_cursor(err);
        json = json_loadb(buffer_text(&text), text.size, 0, NULL);
        make_binding(request, binding);
        if (!json_is_array(json) || json_array_size(json) != n_keys + 1 ||
            !json_is_string(json_array_get(json, 0)) ||
            strcmp(json_string_value(json_array_get(json, 0)), binding) != 0)
                return bad_cursor(err);
        values = arena_alloc(arena, n_keys, sizeof *values);
        for (size_t i = 0; i < n_keys; i++) {
                ErrorCode code = read_value(request->keyset.keys[i].field,
                                            json_array_get(json, i + 1), arena, &values[i], err);

                if (code)
                        return code;
        }
        *ret = values;
        return ERROR_NONE;
}
