#include "cursor.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/base/base64url.h"
#include "common/base/hash.h"
#include "common/base/json_writer.h"
#include "common/model/model_value.h"

#define CURSOR_TEXT_MAX 8192
#define BINDING_SIZE    17 /* 16 hexadecimal digits and the NUL */

/* Model, filters and order: a cursor goes on where a page of the same request ended. */
static void make_binding(const ReadRequest *request, char ret[BINDING_SIZE])
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        buffer_append_string(&text, request->model->name);
        buffer_append(&text, buffer_text(&request->question), request->question.size);
        for (size_t i = 0; i < request->keyset.n_keys; i++) {
                const KeysetKey *key = &request->keyset.keys[i];

                buffer_append_char(&text, key->descending ? '-' : '+');
                buffer_append_string(&text, key->field->name);
        }
        (void)snprintf(ret, BINDING_SIZE, "%016" PRIx64, hash_bytes(text.data, text.size));
}

void cursor_deinit(Cursor *cursor)
{
        for (size_t i = 0; i < cursor->n_values; i++)
                free(cursor->values[i]);
        cursor->n_values = 0;
}

void cursor_format(Buffer *ret, const ReadRequest *request, const char *const *values)
{
        _cleanup_(buffer_deinit) Buffer json = BUFFER_INIT;
        char binding[BINDING_SIZE];

        make_binding(request, binding);
        json_write_array(&json, NULL);
        json_write_string(&json, NULL, binding);
        for (size_t i = 0; i < request->keyset.n_keys; i++)
                json_write_string(&json, NULL, values[i]);
        json_write_array_end(&json);
        base64url_encode(ret, json.data, json.size);
}

static ErrorCode bad_cursor(Error *err)
{
        return error_set_field(err, ERROR_MALFORMED, "cursor",
                               "cursor is not the nextCursor of a page of this request");
}

/* The value must be one of its field: it comes from outside and goes to PostgreSQL. */
static ErrorCode read_value(const Field *field, const json_t *item, char **ret, Error *err)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        if (json_is_null(item)) {
                *ret = NULL;
                return ERROR_NONE;
        }
        if (!json_is_string(item) || model_value_parse(field, json_string_value(item), &text, NULL))
                return bad_cursor(err);
        *ret = buffer_take(&text);
        return ERROR_NONE;
}

ErrorCode cursor_parse(const ReadRequest *request, Cursor *ret, Error *err)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        _cleanup_(cursor_deinit) Cursor cursor = { .n_values = 0 };
        json_auto_t *json = NULL;
        char binding[BINDING_SIZE];

        if (strlen(request->cursor) > CURSOR_TEXT_MAX ||
            !base64url_decode(&text, request->cursor, strlen(request->cursor)))
                return bad_cursor(err);
        json = json_loadb(buffer_text(&text), text.size, 0, NULL);
        make_binding(request, binding);
        if (!json_is_array(json) || json_array_size(json) != request->keyset.n_keys + 1 ||
            !json_is_string(json_array_get(json, 0)) ||
            strcmp(json_string_value(json_array_get(json, 0)), binding) != 0)
                return bad_cursor(err);
        for (; cursor.n_values < request->keyset.n_keys; cursor.n_values++) {
                ErrorCode code = read_value(request->keyset.keys[cursor.n_values].field,
                                            json_array_get(json, cursor.n_values + 1),
                                            &cursor.values[cursor.n_values], err);

                if (code)
                        return code;
        }
        *ret = cursor;
        cursor.n_values = 0; /* moved */
        return ERROR_NONE;
}
