#include "bulk_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* How the headers are called in a line. */
static const char *const names[COMMAND_HEADER_COUNT] = {
        [HEADER_KEY] = "id",
        [HEADER_IF_MATCH] = "ifMatch",
        [HEADER_IF_NONE_MATCH] = "ifNoneMatch",
        [HEADER_CORRELATION_ID] = "correlationId",
        [HEADER_TRACEPARENT] = "traceparent",
};

enum {
        MEMBER_TYPE = COMMAND_HEADER_COUNT,
        MEMBER_PAYLOAD,
        MEMBER_COUNT,
};

static const char *member_name(size_t i)
{
        return i == MEMBER_TYPE ? "type" : i == MEMBER_PAYLOAD ? "payload" : names[i];
}

void bulk_line_deinit(BulkLine *line)
{
        json_fields_deinit(&line->fields);
}

/* Which member @key is; MEMBER_COUNT for none. */
static size_t find_member(JsonSpan key)
{
        size_t i = 0;

        while (i < MEMBER_COUNT && (strlen(member_name(i)) + 2 != key.size ||
                                    memcmp(member_name(i), key.text + 1, key.size - 2) != 0))
                i++;
        return i;
}

static ErrorCode check_members(const JsonFields *fields, Error *err)
{
        bool seen[MEMBER_COUNT] = { false };

        for (size_t i = 0; i < fields->n_fields; i++) {
                JsonSpan key = fields->fields[i].key;
                size_t member = find_member(key);
                int shown = key.size > 42 ? 40 : (int)key.size - 2;

                if (member == MEMBER_COUNT)
                        return error_set(err, ERROR_MALFORMED,
                                         "a line has no member \"%.*s\"; it has type, payload, id, "
                                         "ifMatch, ifNoneMatch, correlationId and traceparent",
                                         shown, key.text + 1);
                if (seen[member])
                        return error_set_field(err, ERROR_MALFORMED, member_name(member),
                                               "is there twice");
                seen[member] = true;
        }
        return ERROR_NONE;
}

/* The text of a member, NULL when it is absent or null. */
static ErrorCode read_text(BulkLine *line, const char *name, const char **ret, Error *err)
{
        JsonKind kind = json_span_kind(json_fields_get(&line->fields, name));

        *ret = NULL;
        if (kind == JSON_KIND_ABSENT || kind == JSON_KIND_NULL)
                return ERROR_NONE;
        if (kind == JSON_KIND_STRING)
                *ret = json_fields_string(&line->fields, name);
        if (!*ret)
                return error_set_field(err, ERROR_MALFORMED, name, "must be a text, not %s",
                                       kind == JSON_KIND_STRING ? "one with broken escapes"
                                                                : json_kind_name(kind));
        return ERROR_NONE;
}

/* "ifMatch":3 is short for "ifMatch":"\"3\"", which is what an ETag gives. */
static bool read_version(BulkLine *line)
{
        const char *name = names[HEADER_IF_MATCH];
        int64_t version;

        if (json_span_kind(json_fields_get(&line->fields, name)) != JSON_KIND_NUMBER ||
            !json_fields_int64(&line->fields, name, &version) || version < 0)
                return false;
        (void)snprintf(line->version, sizeof line->version, "\"%" PRId64 "\"", version);
        line->headers.texts[HEADER_IF_MATCH] = line->version;
        return true;
}

ErrorCode bulk_line_parse(BulkLine *line, const char *text, size_t size, Error *err)
{
        ErrorCode code = json_fields_parse(&line->fields, text, size, err);

        if (code)
                return error_set(err, code, "a line is one JSON object: %s", err->message);
        line->headers = (CommandHeaders){ .names = names };
        code = check_members(&line->fields, err);
        for (size_t i = 0; !code && i < COMMAND_HEADER_COUNT; i++) {
                if (i != HEADER_IF_MATCH || !read_version(line))
                        code = read_text(line, names[i], &line->headers.texts[i], err);
        }
        if (!code)
                code = read_text(line, "type", &line->type, err);
        if (code)
                return code;
        if (!line->type)
                return error_set_field(err, ERROR_MALFORMED, "type", "is required");
        line->payload = json_fields_get(&line->fields, "payload");
        if (json_span_kind(line->payload) != JSON_KIND_OBJECT)
                return error_set_field(err, ERROR_MALFORMED, "payload", "must be an object, not %s",
                                       json_kind_name(json_span_kind(line->payload)));
        return ERROR_NONE;
}
