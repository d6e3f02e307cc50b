#include "scenario_difference.h"

#include <check.h>
#include <string.h>

#include "common/base/json_fields.h"

static void parse(JsonFields *fields, const char *text)
{
        Error err = ERROR_INIT;

        ck_assert_msg(json_fields_parse(fields, text, strlen(text), &err) == ERROR_NONE, "%s in %s",
                      err.message, text);
}

/* By decoded key; absent when there is none or it is null. */
static JsonSpan find(const JsonFields *fields, JsonSpan key)
{
        _cleanup_(buffer_deinit) Buffer name = BUFFER_INIT, other = BUFFER_INIT;

        ck_assert(json_string_decode(&name, key));
        for (size_t i = 0; i < fields->n_fields; i++) {
                const JsonField *field = &fields->fields[i];

                buffer_clear(&other);
                ck_assert(json_string_decode(&other, field->key));
                if (strcmp(buffer_text(&name), buffer_text(&other)) == 0 &&
                    json_span_kind(field->value) != JSON_KIND_NULL)
                        return field->value;
        }
        return (JsonSpan){ NULL, 0 };
}

static bool same_value(JsonSpan one, JsonSpan other)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT, other_text = BUFFER_INIT;

        if (json_span_kind(one) != json_span_kind(other))
                return false;
        if (json_span_kind(one) == JSON_KIND_STRING && json_string_decode(&text, one) &&
            json_string_decode(&other_text, other))
                return strcmp(buffer_text(&text), buffer_text(&other_text)) == 0;
        return one.size == other.size && (!one.size || memcmp(one.text, other.text, one.size) == 0);
}

/* One line about the member @key, when it differs. */
static bool compare(Buffer *ret, JsonSpan key, JsonSpan expected, JsonSpan found)
{
        static const JsonSpan null = { "null", 4 };

        if (same_value(expected, found))
                return true;
        if (!ret)
                return false;
        expected = expected.size ? expected : null;
        found = found.size ? found : null;
        buffer_printf(ret, "\n#   %.*s is %.*s, not %.*s", (int)key.size, key.text, (int)found.size,
                      found.text, (int)expected.size, expected.text);
        return false;
}

static bool compare_all(Buffer *ret, const char *expected_text, const char *found_text)
{
        _cleanup_(json_fields_deinit) JsonFields expected = JSON_FIELDS_INIT,
                                                 found = JSON_FIELDS_INIT;
        bool same = true;

        parse(&expected, expected_text);
        parse(&found, found_text);
        for (size_t i = 0; i < expected.n_fields; i++) {
                JsonSpan key = expected.fields[i].key;

                same &= compare(ret, key, find(&expected, key), find(&found, key));
        }
        for (size_t i = 0; i < found.n_fields; i++) {
                JsonSpan key = found.fields[i].key;

                if (!find(&expected, key).size)
                        same &= compare(ret, key, (JsonSpan){ NULL, 0 }, find(&found, key));
        }
        return same;
}

bool scenario_same(const char *expected, const char *found)
{
        return compare_all(NULL, expected, found);
}

void scenario_difference(Buffer *ret, const char *expected, const char *found)
{
        buffer_printf(ret, "\n#   expected: %s\n#   found:    %s", expected, found);
        if (compare_all(ret, expected, found))
                buffer_append_string(ret, "\n#   the same members, written in another way");
}
