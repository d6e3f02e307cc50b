/*
 * fuzz_page_cursor.c — where a page ended, as a client sends it back. What is accepted has one checked
 * value per key and is written the same again. An input that begins with "!" is what stands behind the
 * binding of a genuine cursor, so that values are reached at all.
 */

#include <string.h>

#include "common/base/base64url.h"
#include "fuzz.h"
#include "page_cursor.h"

static const char schema_text[] =
        "enum Colour { RED BLUE }\n"
        "type A @model { s: String! i: Int f: Float b: Boolean t: AWSDateTime d: AWSDate\n"
        "  u: AWSTimestamp e: Colour }\n";

static const char *const sorts[] = { "s", "i,f:desc", "t:desc,d", "u,e,b" };

/* The cursor of @request with @tail behind its binding: ["0123456789abcdef"@tail */
static void genuine(const ReadRequest *request, const char *tail, size_t size, Buffer *ret)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT, json = BUFFER_INIT;
        const char *values[KEYSET_KEYS_MAX] = { NULL };
        const char *comma;

        FUZZ_CHECK(page_cursor_format(&text, request, values, NULL) == ERROR_NONE);
        FUZZ_CHECK(base64url_decode(&json, text.data, text.size));
        comma = strchr(json.data, ',');
        FUZZ_CHECK(comma);
        json.size = (size_t)(comma - json.data);
        buffer_append(&json, tail, size);
        base64url_encode(ret, json.data, json.size);
}

static void check_values(ReadRequest *request)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        char *const *first = request->after, *const * again;

        FUZZ_CHECK(first);
        for (size_t i = 0; i < request->keyset.n_keys; i++)
                FUZZ_CHECK(first[i] || !request->keyset.keys[i].field->required);
        if (page_cursor_format(&text, request, (const char *const *)first, NULL))
                return; /* values that grew, a time without its fraction for one */
        request->cursor = text.data;
        FUZZ_CHECK(page_cursor_parse(request, &request->arena, &again, NULL) == ERROR_NONE);
        for (size_t i = 0; i < request->keyset.n_keys; i++)
                FUZZ_CHECK(first[i] ? strcmp(first[i], again[i]) == 0 : !again[i]);
}

static void feed(const Schema *schema, const char *sort, const char *data, size_t size)
{
        _cleanup_(buffer_deinit) Buffer cursor = BUFFER_INIT;
        _cleanup_(read_request_deinit) ReadRequest request = { .id = NULL };
        QueryConfig config = { .page_limit_default = 1, .page_limit_max = 1 };
        Reader reader = { .user = "" };
        Error err = ERROR_INIT;

        FUZZ_CHECK(!read_request_open(&request, &config, schema, &reader, "as", NULL, NULL));
        FUZZ_CHECK(!read_request_parameter(&request, "sort", sort, NULL));
        FUZZ_CHECK(!read_request_close(&request, NULL));
        if (size && *data == '!')
                genuine(&request, data + 1, size - 1, &cursor);
        else
                buffer_append(&cursor, data, size);
        request.cursor = buffer_text(&cursor);
        if (page_cursor_parse(&request, &request.arena, &request.after, &err))
                FUZZ_CHECK(err.code == ERROR_MALFORMED && strcmp(err.field, "cursor") == 0);
        else
                check_values(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(schema_freep) Schema *schema = NULL;

        FUZZ_CHECK(!schema_parse(&schema, "fuzz", schema_text, strlen(schema_text), NULL));
        for (size_t i = 0; i < ARRAY_SIZE(sorts); i++)
                feed(schema, sorts[i], (const char *)data, size);
        return 0;
}
