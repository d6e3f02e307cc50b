/*
 * fuzz_json_fields.c — the scanner of JSON objects. What the strict check accepts it must read, and
 * read the same.
 */

#include <jansson.h>
#include <string.h>

#include "common/base/json_fields.h"
#include "fuzz.h"

/* Every decoded string is written and read back as the same bytes. */
static void check_string(JsonSpan span)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer encoded = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer again = BUFFER_INIT;

        if (!json_string_decode(&text, span))
                return;
        FUZZ_CHECK(strlen(buffer_text(&text)) == text.size);
        json_string_encode(&encoded, buffer_text(&text), text.size);
        FUZZ_CHECK(json_string_decode(&again, (JsonSpan){ encoded.data, encoded.size }));
        FUZZ_CHECK(again.size == text.size && strcmp(buffer_text(&again), buffer_text(&text)) == 0);
}

static void check_field(const JsonField *field)
{
        const char *end = field->value.text + field->value.size;

        FUZZ_CHECK(json_scan_value(field->value.text, end) == end);
        FUZZ_CHECK(json_span_kind(field->value) != JSON_KIND_ABSENT);
        if (json_span_kind(field->value) == JSON_KIND_STRING)
                check_string(field->value);
}

static JsonKind kind_of(const json_t *value)
{
        switch (json_typeof(value)) {
        case JSON_OBJECT:
                return JSON_KIND_OBJECT;
        case JSON_ARRAY:
                return JSON_KIND_ARRAY;
        case JSON_STRING:
                return JSON_KIND_STRING;
        case JSON_INTEGER:
        case JSON_REAL:
                return JSON_KIND_NUMBER;
        case JSON_TRUE:
        case JSON_FALSE:
                return JSON_KIND_BOOLEAN;
        default:
                return JSON_KIND_NULL;
        }
}

/* @value is what jansson says about the field. */
static void check_value(JsonFields *fields, const char *key, const json_t *value)
{
        const char *text = json_fields_string(fields, key);
        int64_t whole = 0;
        double number = 0;

        FUZZ_CHECK(json_span_kind(json_fields_get(fields, key)) == kind_of(value));
        FUZZ_CHECK((text != NULL) == json_is_string(value));
        if (text)
                FUZZ_CHECK(strcmp(text, json_string_value(value)) == 0);
        if (json_fields_int64(fields, key, &whole) && json_is_integer(value))
                FUZZ_CHECK(whole == json_integer_value(value));
        if (json_fields_double(fields, key, &number) && json_is_real(value))
                FUZZ_CHECK(number == json_real_value(value));
}

static void compare(JsonFields *fields, const char *text, size_t size)
{
        json_t *object = json_loadb(text, size, 0, NULL), *value;
        const char *key;

        FUZZ_CHECK(object && json_object_size(object) == fields->n_fields);
        json_object_foreach(object, key, value) {
                /* A key that was written with escapes is not found, by contract, and nobody looks for
                 * one that needs them. */
                if (!strchr(key, '\\') && json_fields_get(fields, key).text)
                        check_value(fields, key, value);
        }
        json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        const char *text = (const char *)data;
        bool strict = json_text_check(text, size, 32, NULL) == ERROR_NONE;
        bool scanned = json_fields_parse(&fields, text, size, NULL) == ERROR_NONE;

        FUZZ_CHECK(scanned || !strict);
        FUZZ_CHECK(scanned || fields.n_fields == 0);
        for (size_t i = 0; i < fields.n_fields; i++)
                check_field(&fields.fields[i]);
        if (strict)
                compare(&fields, text, size);
        return 0;
}
