#include "common/base/json_fields.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct JsonDecoded {
        struct JsonDecoded *next;
        char text[];
} JsonDecoded;

static void drop_decoded(JsonFields *fields)
{
        while (fields->decoded) {
                JsonDecoded *next = fields->decoded->next;

                free(fields->decoded);
                fields->decoded = next;
        }
}

void json_fields_deinit(JsonFields *fields)
{
        drop_decoded(fields);
        free(fields->fields);
        *fields = JSON_FIELDS_INIT;
}

static void *check_memory(void *memory)
{
        if (!memory) {
                (void)fprintf(stderr, "out of memory\n");
                abort(); /* as Buffer: nothing sensible is left to do */
        }
        return memory;
}

static void add_field(JsonFields *fields, JsonSpan key, JsonSpan value)
{
        if (fields->n_fields == fields->capacity) {
                size_t capacity = fields->capacity ? fields->capacity * 2 : 16;

                fields->fields =
                        check_memory(realloc(fields->fields, capacity * sizeof *fields->fields));
                fields->capacity = capacity;
        }
        fields->fields[fields->n_fields++] = (JsonField){ key, value };
}

/* One "key": value at @p; returns the byte behind it, NULL when malformed. */
static const char *parse_member(JsonFields *fields, const char *p, const char *end)
{
        JsonSpan key, value;
        const char *behind;

        p = json_scan_space(p, end);
        if (p >= end || *p != '"' || !(behind = json_scan_value(p, end)))
                return NULL;
        key = (JsonSpan){ p, (size_t)(behind - p) };
        p = json_scan_space(behind, end);
        if (p >= end || *p != ':')
                return NULL;
        p = json_scan_space(p + 1, end);
        behind = json_scan_value(p, end);
        if (!behind)
                return NULL;
        value = (JsonSpan){ p, (size_t)(behind - p) };
        add_field(fields, key, value);
        return behind;
}

static bool parse_object(JsonFields *fields, const char *p, const char *end)
{
        p = json_scan_space(p, end);
        if (p >= end || *p++ != '{')
                return false;
        p = json_scan_space(p, end);
        if (p < end && *p == '}')
                return json_scan_space(p + 1, end) == end;
        for (;;) {
                p = parse_member(fields, p, end);
                if (!p)
                        return false;
                p = json_scan_space(p, end);
                if (p >= end)
                        return false;
                if (*p == '}')
                        return json_scan_space(p + 1, end) == end;
                if (*p++ != ',')
                        return false;
        }
}

ErrorCode json_fields_parse(JsonFields *fields, const char *text, size_t size, Error *err)
{
        drop_decoded(fields);
        fields->n_fields = 0;
        if (!parse_object(fields, text, text + size)) {
                fields->n_fields = 0;
                return error_set(err, ERROR_MALFORMED, "not a well-formed JSON object");
        }
        return ERROR_NONE;
}

JsonSpan json_fields_get(const JsonFields *fields, const char *key)
{
        size_t size = strlen(key);

        for (size_t i = 0; i < fields->n_fields; i++) {
                const JsonField *field = &fields->fields[i];

                if (field->key.size == size + 2 && memcmp(field->key.text + 1, key, size) == 0)
                        return field->value;
        }
        return (JsonSpan){ NULL, 0 };
}

const char *json_fields_string(JsonFields *fields, const char *key)
{
        JsonSpan span = json_fields_get(fields, key);
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        JsonDecoded *decoded;

        if (json_span_kind(span) != JSON_KIND_STRING || !json_string_decode(&text, span))
                return NULL;
        decoded = check_memory(malloc(sizeof *decoded + text.size + 1));
        memcpy(decoded->text, buffer_text(&text), text.size + 1);
        decoded->next = fields->decoded;
        fields->decoded = decoded;
        return decoded->text;
}

/* strtod() and strtoll() want a NUL behind the number, which a span has not. */
static bool number_text(const JsonFields *fields, const char *key, char text[64])
{
        JsonSpan span = json_fields_get(fields, key);

        if (!span.text || json_span_kind(span) != JSON_KIND_NUMBER || span.size >= 64)
                return false;
        memcpy(text, span.text, span.size);
        text[span.size] = '\0';
        return true;
}

bool json_fields_double(const JsonFields *fields, const char *key, double *ret)
{
        char text[64];
        double value;

        if (!number_text(fields, key, text))
                return false;
        errno = 0;
        value = strtod(text, NULL);
        /* Out of range at either end: PostgreSQL could not read it. Denormal numbers are fine. */
        if (!isfinite(value) || (errno == ERANGE && value == 0))
                return false;
        *ret = value;
        return true;
}

bool json_fields_int64(const JsonFields *fields, const char *key, int64_t *ret)
{
        char text[64], *end;
        long long value;

        if (!number_text(fields, key, text))
                return false;
        errno = 0;
        value = strtoll(text, &end, 10);
        if (errno || *end)
                return false;
        *ret = value;
        return true;
}

bool json_fields_bool(const JsonFields *fields, const char *key, bool *ret)
{
        JsonSpan span = json_fields_get(fields, key);

        if (!span.text || json_span_kind(span) != JSON_KIND_BOOLEAN)
                return false;
        *ret = *span.text == 't';
        return true;
}
