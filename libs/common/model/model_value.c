#include "common/model/model_value.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_text.h"
#include "common/base/utf8.h"

#define VALUES_MAX 1000 /* of a list */

static ErrorCode expected(const Field *field, Error *err, const char *what)
{
        return error_set_field(err, ERROR_MALFORMED, field->name, "%s must be %s", field->name,
                               what);
}

static ErrorCode parse_integer(const Field *field, const char *text, int64_t min, int64_t max,
                               Buffer *ret, Error *err)
{
        const char *digits = text + (*text == '-');
        char *end = NULL;
        long long value;

        errno = 0;
        value = strtoll(text, &end, 10);
        if (!*digits || strspn(digits, "0123456789") != strlen(digits) || *end || errno ||
            value < min || value > max)
                return error_set_field(err, ERROR_MALFORMED, field->name,
                                       "%s must be a whole number from %" PRId64 " to %" PRId64,
                                       field->name, min, max);
        buffer_printf(ret, "%lld", value);
        return ERROR_NONE;
}

static ErrorCode parse_float(const Field *field, const char *text, Buffer *ret, Error *err)
{
        char *end = NULL;
        double value;

        errno = 0;
        value = strtod(text, &end);
        /* A number too small for a double is refused, as PostgreSQL does. */
        if (!*text || strspn(text, "0123456789+-.eE") != strlen(text) || *end || !isfinite(value) ||
            (value == 0 && errno == ERANGE))
                return expected(field, err, "a number");
        buffer_append_string(ret, text);
        return ERROR_NONE;
}

static ErrorCode parse_time(const Field *field, const char *text, Buffer *ret, Error *err)
{
        char normal[CLOCK_TEXT_SIZE];
        int64_t time_us;

        if (clock_parse(text, strlen(text), &time_us, NULL))
                return expected(field, err, "an RFC 3339 time such as 2026-01-31T23:59:59.123Z");
        clock_format(time_us, normal);
        buffer_append_string(ret, normal);
        return ERROR_NONE;
}

static ErrorCode parse_date(const Field *field, const char *text, Buffer *ret, Error *err)
{
        _cleanup_(buffer_deinit) Buffer moment = BUFFER_INIT;
        int64_t time_us;

        buffer_printf(&moment, "%.10sT00:00:00Z", text);
        if (strlen(text) != 10 || clock_parse(moment.data, moment.size, &time_us, NULL))
                return expected(field, err, "a date such as 2026-01-31");
        buffer_append_string(ret, text);
        return ERROR_NONE;
}

static ErrorCode parse_json(const Field *field, const char *text, Buffer *ret, Error *err)
{
        json_auto_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

        if (!json)
                return expected(field, err, "JSON");
        buffer_append_string(ret, text);
        return ERROR_NONE;
}

static ErrorCode parse_enum(const Field *field, const char *text, Buffer *ret, Error *err)
{
        const EnumType *type = field->enum_type;
        _cleanup_(buffer_deinit) Buffer what = BUFFER_INIT;

        for (size_t i = 0; i < type->n_values; i++) {
                if (strcmp(type->values[i], text) == 0) {
                        buffer_append_string(ret, text);
                        return ERROR_NONE;
                }
        }
        buffer_append_string(&what, "one of ");
        for (size_t i = 0; i < type->n_values; i++)
                buffer_printf(&what, "%s%s", i ? ", " : "", type->values[i]);
        return expected(field, err, buffer_text(&what));
}

ErrorCode model_value_parse(const Field *field, const char *text, Buffer *ret, Error *err)
{
        if (!utf8_valid(text, strlen(text)))
                return expected(field, err, "UTF-8 text");
        switch (field->scalar) {
        case SCALAR_INT:
                return parse_integer(field, text, INT32_MIN, INT32_MAX, ret, err);
        case SCALAR_TIMESTAMP:
                return parse_integer(field, text, INT64_MIN, INT64_MAX, ret, err);
        case SCALAR_FLOAT:
                return parse_float(field, text, ret, err);
        case SCALAR_BOOLEAN:
                if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
                        return expected(field, err, "true or false");
                break;
        case SCALAR_DATETIME:
                return parse_time(field, text, ret, err);
        case SCALAR_DATE:
                return parse_date(field, text, ret, err);
        case SCALAR_JSON:
                return parse_json(field, text, ret, err);
        case SCALAR_ENUM:
                return parse_enum(field, text, ret, err);
        case SCALAR_ID:
        case SCALAR_STRING:
        case SCALAR_TIME:
        case SCALAR_EMAIL:
        case SCALAR_URL:
        case SCALAR_PHONE:
        case SCALAR_IP:
                break;
        }
        buffer_append_string(ret, text);
        return ERROR_NONE;
}

/* The text of one JSON item as model_value_parse() takes it; NULL when it is of the wrong kind. */
static char *item_text(const Field *field, const json_t *item)
{
        if (field->scalar == SCALAR_JSON)
                return json_dumps(item, JSON_ENCODE_ANY | JSON_COMPACT);
        switch (field->scalar) {
        case SCALAR_INT:
        case SCALAR_TIMESTAMP:
        case SCALAR_FLOAT:
                return json_is_number(item) ? json_dumps(item, JSON_ENCODE_ANY) : NULL;
        case SCALAR_BOOLEAN:
                return json_is_boolean(item) ? json_dumps(item, JSON_ENCODE_ANY) : NULL;
        default:
                return json_is_string(item) ? strdup(json_string_value(item)) : NULL;
        }
}

/* Append @text as an item of an array literal: quoted, with quotes and backslashes escaped. */
static void append_item(Buffer *ret, const char *text)
{
        buffer_append_char(ret, '"');
        for (const char *p = text; *p; p++) {
                if (*p == '"' || *p == '\\')
                        buffer_append_char(ret, '\\');
                buffer_append_char(ret, *p);
        }
        buffer_append_char(ret, '"');
}

ErrorCode model_value_from_json(const Field *field, const json_t *json, Buffer *ret, Error *err)
{
        _cleanup_(freep) char *plain = item_text(field, json);

        if (!plain)
                return expected(field, err, "of the field's type");
        return model_value_parse(field, plain, ret, err);
}

ErrorCode model_values_from_json(const Field *field, const json_t *array, size_t max, Buffer *ret,
                                 Error *err)
{
        const json_t *item;
        size_t i;

        if (!json_is_array(array))
                return expected(field, err, "a JSON array");
        if (json_array_size(array) > max)
                return error_set_field(err, ERROR_MALFORMED, field->name,
                                       "%s: more than %zu values", field->name, max);
        buffer_append_char(ret, '{');
        json_array_foreach(array, i, item) {
                _cleanup_(buffer_deinit) Buffer value = BUFFER_INIT;
                ErrorCode code;

                if (i)
                        buffer_append_char(ret, ',');
                if (json_is_null(item) && field->scalar != SCALAR_JSON) {
                        buffer_append_string(ret, "NULL");
                        continue;
                }
                code = model_value_from_json(field, item, &value, err);
                if (code)
                        return code;
                append_item(ret, buffer_text(&value));
        }
        buffer_append_char(ret, '}');
        return ERROR_NONE;
}

ErrorCode model_value_parse_list(const Field *field, const char *text, Buffer *ret, Error *err)
{
        json_auto_t *array = json_loads(text, 0, NULL);

        return model_values_from_json(field, array, VALUES_MAX, ret, err);
}

static void append_time(Buffer *sql, const char *value)
{
        buffer_printf(sql, "to_char(%s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
                      value);
}

void model_value_text(Buffer *sql, const Field *field, const char *column)
{
        if (field->scalar == SCALAR_DATETIME)
                append_time(sql, column);
        else
                buffer_printf(sql, "%s::text", column);
}

void model_value_json(Buffer *sql, const Field *field, const char *column)
{
        if (field->scalar != SCALAR_DATETIME) {
                buffer_append_string(sql, column);
                return;
        }
        if (!field->list) {
                append_time(sql, column);
                return;
        }
        buffer_printf(sql, "CASE WHEN %s IS NOT NULL THEN ARRAY(SELECT ", column);
        append_time(sql, "item.value");
        buffer_printf(sql, " FROM unnest(%s) WITH ORDINALITY item (value, n) ORDER BY item.n) END",
                      column);
}
