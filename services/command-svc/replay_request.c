#include "replay_request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/utf8.h"
#include "common/domain/domain.h"
#include "fed_views.h"

#define NAME_MAX_BYTES  200
#define TOPIC_MAX_BYTES 249 /* Kafka's own limit */
#define VIEW_MAX_BYTES  63
#define RATE_MAX        1000000

typedef enum MemberKind {
        MEMBER_TEXT,
        MEMBER_TIME,
        MEMBER_NUMBER
} MemberKind;

typedef struct Member {
        const char *name;
        MemberKind kind;
        size_t offset;    /* in ReplayRequest */
        int64_t min, max; /* of a number, or of a text's bytes */
} Member;

static const Member members[] = {
        { "name", MEMBER_TEXT, offsetof(ReplayRequest, name), 1, NAME_MAX_BYTES },
        { "topic", MEMBER_TEXT, offsetof(ReplayRequest, topic), 1, TOPIC_MAX_BYTES },
        { "view", MEMBER_TEXT, offsetof(ReplayRequest, view), 1, VIEW_MAX_BYTES },
        { "aggregateType", MEMBER_TEXT, offsetof(ReplayRequest, aggregate_type), 1, 64 },
        { "aggregateId", MEMBER_TEXT, offsetof(ReplayRequest, aggregate_id), 1, 1024 },
        { "eventType", MEMBER_TEXT, offsetof(ReplayRequest, event_type), 1, 256 },
        { "since", MEMBER_TIME, offsetof(ReplayRequest, since), 0, 0 },
        { "before", MEMBER_TIME, offsetof(ReplayRequest, before), 0, 0 },
        { "firstPosition", MEMBER_NUMBER, offsetof(ReplayRequest, first_position), 1, INT64_MAX },
        { "lastPosition", MEMBER_NUMBER, offsetof(ReplayRequest, last_position), 1, INT64_MAX },
        { "partition", MEMBER_NUMBER, offsetof(ReplayRequest, partition), 0, INT32_MAX },
        { "rate", MEMBER_NUMBER, offsetof(ReplayRequest, rate), 0, RATE_MAX },
};

void replay_request_deinit(ReplayRequest *request)
{
        json_fields_deinit(&request->fields);
        buffer_deinit(&request->default_topic);
}

static const Member *find_member(JsonSpan key)
{
        for (size_t i = 0; i < ARRAY_SIZE(members); i++)
                if (key.size == strlen(members[i].name) + 2 &&
                    memcmp(key.text + 1, members[i].name, key.size - 2) == 0)
                        return &members[i];
        return NULL;
}

static ErrorCode read_number(ReplayRequest *request, const Member *member, Error *err)
{
        int64_t value;

        if (!json_fields_int64(&request->fields, member->name, &value) || value < member->min ||
            value > member->max)
                return error_set_field(err, ERROR_MALFORMED, member->name,
                                       "must be a whole number from %" PRId64 " to %" PRId64,
                                       member->min, member->max);
        *(int64_t *)(void *)((char *)request + member->offset) = value;
        return ERROR_NONE;
}

static ErrorCode read_text(ReplayRequest *request, const Member *member, Error *err)
{
        const char *text = json_fields_string(&request->fields, member->name);

        if (!text || strlen(text) < (size_t)member->min || strlen(text) > (size_t)member->max)
                return error_set_field(err, ERROR_MALFORMED, member->name,
                                       "must be a string of %" PRId64 " to %" PRId64 " bytes",
                                       member->min, member->max);
        *(const char **)(void *)((char *)request + member->offset) = text;
        return ERROR_NONE;
}

/* Kept as we write times: RFC 3339 allows offsets that PostgreSQL does not take. */
static ErrorCode read_time(ReplayRequest *request, const Member *member, Error *err)
{
        const char *text = json_fields_string(&request->fields, member->name);
        int64_t time_us;

        if (!text || clock_parse(text, strlen(text), &time_us, NULL))
                return error_set_field(err, ERROR_MALFORMED, member->name,
                                       "must be a time like 2026-01-31T23:59:59Z");
        clock_format(time_us, (char *)request + member->offset);
        return ERROR_NONE;
}

static ErrorCode read_member(ReplayRequest *request, const Member *member, Error *err)
{
        switch (member->kind) {
        case MEMBER_NUMBER:
                return read_number(request, member, err);
        case MEMBER_TIME:
                return read_time(request, member, err);
        default:
                return read_text(request, member, err);
        }
}

static ErrorCode read_members(ReplayRequest *request, Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && i < request->fields.n_fields; i++) {
                const JsonField *field = &request->fields.fields[i];
                const Member *member = find_member(field->key);

                if (!member)
                        return error_set(err, ERROR_MALFORMED, "there is no member %.*s",
                                         (int)(field->key.size > 80 ? 80 : field->key.size),
                                         field->key.text);
                if (json_span_kind(field->value) == JSON_KIND_NULL)
                        continue;
                code = read_member(request, member, err);
        }
        return code;
}

static bool is_topic_name(const char *name)
{
        static const char allowed[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

        return name[strspn(name, allowed)] == '\0' && strcmp(name, ".") != 0 &&
               strcmp(name, "..") != 0;
}

/* Topics with a meaning of their own: the events of a log, each once, and the changes of a view's rows. */
static bool is_fed_topic(const char *topic, const char *prefix)
{
        static const char *const kinds[] = { ".events", ".changes" };
        size_t n_prefix = strlen(prefix), n_topic = strlen(topic);

        if (strncmp(topic, prefix, n_prefix) != 0 || topic[n_prefix] != '.')
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (n_topic >= n_prefix + strlen(kinds[i]) &&
                    strcmp(topic + n_topic - strlen(kinds[i]), kinds[i]) == 0)
                        return true;
        return false;
}

static ErrorCode check_topic(const char *topic, const char *prefix, Error *err)
{
        if (!is_topic_name(topic))
                return error_set_field(err, ERROR_INVALID, "topic",
                                       "may have letters, digits, \".\", \"_\" and \"-\" only");
        if (is_fed_topic(topic, prefix))
                return error_set_field(err, ERROR_MALFORMED, "topic",
                                       "must not be one that events or changes are published to");
        return ERROR_NONE;
}

static ErrorCode check_view(const ReplayRequest *request, const AggregateType *type, Error *err)
{
        if (request->topic)
                return error_set_field(err, ERROR_INVALID, "view",
                                       "a replay goes to a topic or to a view, not to both");
        if (!fed_views_any(request->view))
                return error_set_field(err, ERROR_INVALID, "view", "there is no view \"%s\"",
                                       request->view);
        if (!fed_views_has(type, request->view))
                return error_set_field(err, ERROR_INVALID, "view",
                                       "the events of a %s change nothing in view \"%s\"",
                                       type->name, request->view);
        return ERROR_NONE;
}

static ErrorCode check(const ReplayRequest *request, const char *topic_prefix, Error *err)
{
        const AggregateType *type = NULL;
        ErrorCode code = ERROR_NONE;

        if (!request->aggregate_type)
                return error_set_field(err, ERROR_MALFORMED, "aggregateType", "is missing");
        type = domain_aggregate(request->aggregate_type);
        if (!type)
                return error_set_field(err, ERROR_INVALID, "aggregateType",
                                       "there is no aggregate type \"%s\"",
                                       request->aggregate_type);
        if (request->event_type && !aggregate_event(type, request->event_type))
                return error_set_field(err, ERROR_INVALID, "eventType", "a %s has no event \"%s\"",
                                       type->name, request->event_type);
        if (request->topic)
                code = check_topic(request->topic, topic_prefix, err);
        if (!code && request->view)
                code = check_view(request, type, err);
        return code;
}

void replay_default_topic(Buffer *ret, const char *topic_prefix, const char *aggregate_type)
{
        buffer_printf(ret, "%s.%s.replays", topic_prefix, aggregate_type);
}

ErrorCode replay_request_parse(ReplayRequest *request, const char *text, size_t size,
                               const char *topic_prefix, Error *err)
{
        ErrorCode code;

        if (!utf8_valid(text, size))
                return error_set(err, ERROR_MALFORMED, "the body is not UTF-8");
        code = json_fields_parse(&request->fields, text, size, err);
        if (!code)
                code = read_members(request, err);
        if (!code)
                code = check(request, topic_prefix, err);
        if (code)
                return code;
        request->id = uuid_new();
        if (!request->name)
                request->name = "";
        if (!request->topic && !request->view) {
                replay_default_topic(&request->default_topic, topic_prefix,
                                     request->aggregate_type);
                request->topic = request->default_topic.data;
        }
        return ERROR_NONE;
}

static void add_number(PgParams *params, int64_t value)
{
        char text[24];

        (void)snprintf(text, sizeof text, "%" PRId64, value);
        pg_params_text(params, value < 0 ? NULL : text);
}

void replay_request_params(const ReplayRequest *request, const char *by, PgParams *params)
{
        pg_params_uuid(params, &request->id);
        pg_params_text(params, request->name);
        pg_params_text(params, by);
        pg_params_text(params, request->topic);
        pg_params_text(params, request->aggregate_type);
        pg_params_text(params, request->aggregate_id);
        pg_params_text(params, request->event_type);
        pg_params_text(params, *request->since ? request->since : NULL);
        pg_params_text(params, *request->before ? request->before : NULL);
        add_number(params, request->first_position);
        add_number(params, request->last_position);
        add_number(params, request->rate);
        add_number(params, request->partition);
        pg_params_text(params, request->view);
}
