#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/domain/domain.h"

/* Envelopes, rows and live messages nest a payload's values a few levels deeper; all stay far below
 * what the scanner of base/json_text and PostgreSQL can read. */
#define PAYLOAD_DEPTH_MAX 32

#define ID_BYTES_MAX      128

static ErrorCode refuse(Error *err, ErrorCode code, const PayloadField *field, const char *problem)
{
        char path[sizeof err->field];

        (void)snprintf(path, sizeof path, "payload.%s", field->name);
        return error_set_field(err, code, path, "%s %s", path, problem);
}

static ErrorCode refuse_kind(Error *err, const PayloadField *field, JsonKind kind,
                             const char *expected)
{
        char path[sizeof err->field];

        (void)snprintf(path, sizeof path, "payload.%s", field->name);
        return error_set_field(err, ERROR_MALFORMED, path, "%s must be %s, not %s", path, expected,
                               json_kind_name(kind));
}

static ErrorCode check_bytes(const PayloadField *field, size_t size, Error *err)
{
        size_t max = field->max_bytes            ? field->max_bytes
                     : field->kind == PAYLOAD_ID ? ID_BYTES_MAX
                                                 : PAYLOAD_BYTES_DEFAULT;
        char problem[80];

        if (size <= max)
                return ERROR_NONE;
        (void)snprintf(problem, sizeof problem, "has %zu bytes; at most %zu are allowed", size,
                       max);
        return refuse(err, ERROR_TOO_LARGE, field, problem);
}

static ErrorCode check_id(const PayloadField *field, const Buffer *text, Error *err)
{
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789._:-";

        if (text->size == 0 || strspn(text->data, allowed) != text->size)
                return refuse(err, ERROR_MALFORMED, field,
                              "must be made of letters, digits and . _ : -");
        return ERROR_NONE;
}

static ErrorCode check_enum(const PayloadField *field, const Buffer *text, Error *err)
{
        _cleanup_(buffer_deinit) Buffer problem = BUFFER_INIT;

        for (const char *const *value = field->values; *value; value++) {
                if (strcmp(*value, buffer_text(text)) == 0)
                        return ERROR_NONE;
        }
        buffer_append_string(&problem, "must be one of ");
        for (const char *const *value = field->values; *value; value++)
                buffer_printf(&problem, "%s%s", value == field->values ? "" : ", ", *value);
        return refuse(err, ERROR_MALFORMED, field, buffer_text(&problem));
}

static ErrorCode check_text(const PayloadField *field, JsonSpan span, Error *err)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        int64_t time_us;
        ErrorCode code;

        if (!json_string_decode(&text, span))
                return refuse(err, ERROR_MALFORMED, field, "cannot be decoded");
        code = check_bytes(field, text.size, err);
        if (code)
                return code;
        switch (field->kind) {
        case PAYLOAD_ID:
                return check_id(field, &text, err);
        case PAYLOAD_ENUM:
                return check_enum(field, &text, err);
        case PAYLOAD_DATETIME:
                if (clock_parse(buffer_text(&text), text.size, &time_us, NULL))
                        return refuse(err, ERROR_MALFORMED, field,
                                      "must be an RFC 3339 date-time such as 2026-01-31T12:00:00Z");
                return ERROR_NONE;
        default:
                if (field->required && strspn(buffer_text(&text), " \t\r\n") == text.size)
                        return refuse(err, ERROR_MALFORMED, field, "must not be blank");
                return ERROR_NONE;
        }
}

static ErrorCode check_number(const PayloadField *field, const JsonFields *payload, Error *err)
{
        double value;
        int64_t whole;

        if (field->kind == PAYLOAD_INTEGER) {
                if (!json_fields_int64(payload, field->name, &whole))
                        return refuse(err, ERROR_MALFORMED, field,
                                      "must be a whole number within 64 bits");
        } else if (!json_fields_double(payload, field->name, &value) || !isfinite(value)) {
                return refuse(err, ERROR_MALFORMED, field,
                              "must be a number that a double can hold, in at most 63 characters");
        }
        return ERROR_NONE;
}

static const struct {
        JsonKind json; /* JSON_KIND_ABSENT: any */
        const char *expected;
} kinds[] = {
        [PAYLOAD_STRING] = { JSON_KIND_STRING, "a string" },
        [PAYLOAD_ID] = { JSON_KIND_STRING, "a string" },
        [PAYLOAD_ENUM] = { JSON_KIND_STRING, "a string" },
        [PAYLOAD_NUMBER] = { JSON_KIND_NUMBER, "a number" },
        [PAYLOAD_INTEGER] = { JSON_KIND_NUMBER, "a whole number" },
        [PAYLOAD_BOOLEAN] = { JSON_KIND_BOOLEAN, "true or false" },
        [PAYLOAD_DATETIME] = { JSON_KIND_STRING, "a string" },
        [PAYLOAD_OBJECT] = { JSON_KIND_OBJECT, "an object" },
        [PAYLOAD_JSON] = { JSON_KIND_ABSENT, "" },
};

static ErrorCode check_field(const PayloadField *field, const JsonFields *payload, Error *err)
{
        JsonSpan span = json_fields_get(payload, field->name);
        JsonKind kind = json_span_kind(span);

        if (kind == JSON_KIND_ABSENT || kind == JSON_KIND_NULL) {
                if (!field->required)
                        return ERROR_NONE;
                return refuse(err, ERROR_MALFORMED, field,
                              kind == JSON_KIND_NULL ? "must not be null" : "is missing");
        }
        if (kinds[field->kind].json != JSON_KIND_ABSENT && kinds[field->kind].json != kind)
                return refuse_kind(err, field, kind, kinds[field->kind].expected);
        switch (kind) {
        case JSON_KIND_STRING:
                if (field->kind != PAYLOAD_JSON)
                        return check_text(field, span, err);
                return check_bytes(field, span.size, err);
        case JSON_KIND_NUMBER:
                if (field->kind != PAYLOAD_JSON)
                        return check_number(field, payload, err);
                return check_bytes(field, span.size, err);
        default:
                return check_bytes(field, span.size, err);
        }
}

static const PayloadField *find_field(const CommandType *type, JsonSpan key)
{
        for (const PayloadField *field = type->fields; field->name; field++) {
                size_t size = strlen(field->name);

                if (key.size == size + 2 && memcmp(key.text + 1, field->name, size) == 0)
                        return field;
        }
        return NULL;
}

/* The client's own text goes into the message, so no more of it than a field's name can hold. */
static void clip(Buffer *text, size_t max)
{
        if (text->size <= max)
                return;
        while (max > 0 && ((unsigned char)text->data[max] & 0xc0) == 0x80)
                max--;
        text->size = max;
        text->data[max] = '\0';
}

static ErrorCode refuse_unknown(const CommandType *type, JsonSpan key, Error *err)
{
        _cleanup_(buffer_deinit) Buffer path = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer known = BUFFER_INIT;

        buffer_append_string(&path, "payload.");
        (void)json_string_decode(&path, key);
        clip(&path, sizeof err->field - 1);
        for (const PayloadField *field = type->fields; field->name; field++)
                buffer_printf(&known, "%s%s", field == type->fields ? "" : ", ", field->name);
        return error_set_field(err, ERROR_MALFORMED, buffer_text(&path),
                               "%s is no field of %s, which has %s", buffer_text(&path), type->name,
                               buffer_text(&known));
}

ErrorCode payload_check(const CommandType *type, const char *text, size_t size,
                        JsonFields *ret_fields, Error *err)
{
        ErrorCode code;

        code = json_text_check(text, size, PAYLOAD_DEPTH_MAX, err);
        if (!code)
                code = json_fields_parse(ret_fields, text, size, err);
        if (code)
                return code;
        for (size_t i = 0; i < ret_fields->n_fields; i++) {
                if (!find_field(type, ret_fields->fields[i].key))
                        return refuse_unknown(type, ret_fields->fields[i].key, err);
        }
        for (const PayloadField *field = type->fields; field->name; field++) {
                code = check_field(field, ret_fields, err);
                if (code)
                        return code;
        }
        return ERROR_NONE;
}
