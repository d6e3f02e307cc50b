#include "replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "operator.h"
#include "options.h"
#include "skafuctl.h"

#define LOOK_EVERY_US (300 * US_PER_MS)

typedef struct ReplayOptions {
        OperatorOptions operator;
        const char *type, *aggregate, *event_type, *since, *before, *position, *partition, *topic,
                *view, *name;
        int rate;
        bool detach;
        const char *id; /* of `replays` */
        bool pause, resume, cancel;
} ReplayOptions;

static const JsonColumn columns[] = {
        { "replay", "replayId", NULL },
        { "state", "state", NULL },
        { "aggregateType", "aggregateType", NULL },
        { "topic", "topic", NULL },
        { "published", "published", NULL },
        { "positions", "positionsDone", "positionsTotal" },
        { "view", "view", NULL },
        { "repaired", "repaired", "aggregates" },
        { "changedRows", "changedRows", NULL },
        { "leftOut", "leftOut", NULL },
        { "requestedBy", "requestedBy", NULL },
        { "requestedAt", "requestedAt", NULL },
        { "name", "name", NULL },
        { NULL, NULL, NULL },
};

static const char nothing[] = "nobody has requested a replay";

static void write_text(Buffer *body, const char *name, const char *value)
{
        if (*value)
                json_write_string(body, name, value);
}

/* Write the number from the start of @text to @end, as it is: the service says whether it takes it. Nothing there is
 * nothing written. */
static bool write_number(Buffer *body, const char *name, const char *text, const char *end)
{
        char *stop;
        long long value;

        if (text == end)
                return true;
        errno = 0;
        value = strtoll(text, &stop, 10);
        if (stop != end || errno || value < 0)
                return false;
        json_write_int(body, name, value);
        return true;
}

/* "P..Q", "P..", "..Q" or "P" */
static bool write_positions(Buffer *body, const char *text)
{
        const char *end = text + strlen(text), *dots = strstr(text, "..");

        return strcmp(text, "..") != 0 &&
               write_number(body, "firstPosition", text, dots ? dots : end) &&
               write_number(body, "lastPosition", dots ? dots + 2 : text, end);
}

static bool write_request(Buffer *body, const ReplayOptions *options)
{
        json_write_object(body, NULL);
        json_write_string(body, "aggregateType", options->type);
        write_text(body, "aggregateId", options->aggregate);
        write_text(body, "eventType", options->event_type);
        write_text(body, "since", options->since);
        write_text(body, "before", options->before);
        write_text(body, "topic", options->topic);
        write_text(body, "view", options->view);
        write_text(body, "name", options->name);
        if (!write_positions(body, options->position)) {
                (void)fprintf(stderr, "skafuctl: --position is P..Q, P.., ..Q or P, not \"%s\"\n",
                              options->position);
                return false;
        }
        if (!write_number(body, "partition", options->partition,
                          options->partition + strlen(options->partition))) {
                (void)fprintf(stderr, "skafuctl: --partition must be a number, not \"%s\"\n",
                              options->partition);
                return false;
        }
        if (options->rate)
                json_write_int(body, "rate", options->rate);
        json_write_object_end(body);
        return true;
}

static int64_t number(const json_t *replay, const char *name)
{
        return (int64_t)json_integer_value(json_object_get(replay, name));
}

static bool is_state(const json_t *replay, const char *state)
{
        const char *is = json_string_value(json_object_get(replay, "state"));

        return is && strcmp(is, state) == 0;
}

static bool is_open(const json_t *replay)
{
        return is_state(replay, "waiting") || is_state(replay, "running");
}

/* Of a replay to a view the positions are read first, then the aggregates are repaired. */
static void show_progress(const json_t *replay, int64_t started_us)
{
        if (json_is_string(json_object_get(replay, "selectedAt")))
                operator_progress(number(replay, "repaired") + number(replay, "leftOut"),
                                  number(replay, "aggregates"), started_us, "aggregates");
        else
                operator_progress(number(replay, "positionsDone"), number(replay, "positionsTotal"),
                                  started_us, "positions");
}

/* Until it ends, or somebody pauses it; *replay is what it is then. */
static ErrorCode follow(const ReplayOptions *options, json_t **replay, Error *err)
{
        _cleanup_(buffer_deinit) Buffer path = BUFFER_INIT;
        int64_t started_us = clock_monotonic_us();
        ErrorCode code = ERROR_NONE;

        buffer_printf(&path, "/v1/replays/%s",
                      json_string_value(json_object_get(*replay, "replayId")));
        while (!code && is_open(*replay)) {
                clock_wait_us(LOOK_EVERY_US);
                json_decref(*replay);
                code = operator_ask(&options->operator, "GET", path.data, NULL, replay, err);
                if (!code)
                        show_progress(*replay, started_us);
        }
        operator_progress_end();
        return code;
}

/* What a replay to a view could not make right; false when there is nothing. */
static bool say_left_out(const json_t *replay)
{
        const json_t *problem;
        size_t i;

        json_array_foreach(json_object_get(replay, "problems"), i, problem)
                (void)fprintf(stderr, "skafuctl: %s is left out: %s\n",
                              json_string_value(json_object_get(problem, "aggregateId")),
                              json_string_value(json_object_get(problem, "problem")));
        return number(replay, "leftOut") > 0;
}

/* What became of it: a failed one is a failure, and so is one that left something out; for who has waited for its end
 * (@waited), also one that was cancelled or paused. */
static int end(const ReplayOptions *options, json_t *answer, bool waited, const Error *err)
{
        bool is_wrong = waited ? !is_state(answer, "done") : is_state(answer, "failed");
        int code = is_wrong ? EXIT_FAILED : EXIT_OK;

        if (err->code)
                code = operator_failed(err);
        else
                operator_print(&options->operator, answer, columns, nothing);
        if (!err->code && say_left_out(answer))
                code = EXIT_FAILED;
        json_decref(answer);
        return code;
}

#define TEXT_OPTION(name, field, help)                                            \
        {                                                                         \
                name, OPTION_TEXT, offsetof(ReplayOptions, field), NULL, "", help \
        }
#define COMMON_OPTIONS OPERATOR_OPTIONS("SKAFU_COMMAND_URL", "http://127.0.0.1:8081", "command-svc")

static const Option replay_options[] = {
        { "type", OPTION_TEXT, offsetof(ReplayOptions, type), NULL, NULL, "aggregate type" },
        TEXT_OPTION("aggregate", aggregate, "only the aggregate with this id"),
        TEXT_OPTION("event-type", event_type, "only events of this type"),
        TEXT_OPTION("from", since, "only events since this time: 2026-01-31T00:00:00Z"),
        TEXT_OPTION("to", before, "only events before this time"),
        TEXT_OPTION("position", position,
                    "only positions P..Q (also P.., ..Q, P) of each partition"),
        TEXT_OPTION("partition", partition, "only this log partition"),
        TEXT_OPTION("to-topic", topic, "topic; else <prefix>.<type>.replays"),
        TEXT_OPTION("to-view", view, "repair the selected aggregates' rows in this view instead"),
        TEXT_OPTION("name", name, "for people, and for the header skafu-replay-name"),
        { "rate", OPTION_INT, offsetof(ReplayOptions, rate), NULL, "0",
          "events a second at most, or aggregates for a view; 0: no limit" },
        { "detach", OPTION_FLAG, offsetof(ReplayOptions, detach), NULL, NULL,
          "do not wait for its end" },
        COMMON_OPTIONS,
        { NULL, OPTION_FLAG, 0, NULL, NULL, NULL },
};

static const char replay_usage[] =
        "replay --type TYPE [OPTION…]\n\n"
        "Have past events published again, in order, with the headers skafu-replay-id and skafu-replay-name. They go\n"
        "to a topic of their own unless --to-topic names another one. The services do the work, also when this program\n"
        "is ended: see `skafuctl replays`. The exit code is 1 unless the replay ends `done` with nothing left out: also when\n"
        "somebody cancels or pauses it; with --detach it is 0 once the replay is noted.\n\n"
        "With --to-view nothing is published: in that view the rows of every aggregate that has a selected event become\n"
        "what a fold of all its events gives, while readers read and events are applied.\n\n"
        "  skafuctl replay --type TYPE --from 2026-01-31T00:00:00Z --rate 1000\n"
        "  skafuctl replay --type TYPE --aggregate ID --to-topic debug\n"
        "  skafuctl replay --type TYPE --aggregate ID --to-view VIEW";

int skafuctl_replay(int argc, char **argv)
{
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;
        ReplayOptions options = { .id = NULL };
        json_t *replay = NULL;
        Error err = ERROR_INIT;
        int code = options_parse(replay_options, replay_usage, &options, argc, argv);

        if (code >= 0)
                return code;
        if (!write_request(&body, &options))
                return EXIT_BAD_USAGE;
        if (!operator_ask(&options.operator, "POST", "/v1/replays", body.data, &replay, &err) &&
            !options.detach)
                (void)!follow(&options, &replay, &err);
        return end(&options, replay, !options.detach, &err);
}

static const Option replays_options[] = {
        { "ID", OPTION_ARGUMENT, offsetof(ReplayOptions, id), NULL, "", "only this one" },
        { "pause", OPTION_FLAG, offsetof(ReplayOptions, pause), NULL, NULL, "stop it for a while" },
        { "resume", OPTION_FLAG, offsetof(ReplayOptions, resume), NULL, NULL, "let it go on" },
        { "cancel", OPTION_FLAG, offsetof(ReplayOptions, cancel), NULL, NULL, "end it for good" },
        COMMON_OPTIONS,
        { NULL, OPTION_FLAG, 0, NULL, NULL, NULL },
};

static const char replays_usage[] =
        "replays [ID] [OPTION…]\n\n"
        "List replays, the newest first, or pause, resume or cancel one. The exit code for one is 1 when it has failed, or\n"
        "has left something out.\n\n"
        "  skafuctl replays\n"
        "  skafuctl replays ID --pause";

int skafuctl_replays(int argc, char **argv)
{
        _cleanup_(buffer_deinit) Buffer path = BUFFER_INIT;
        ReplayOptions options = { .type = NULL };
        json_t *answer = NULL;
        Error err = ERROR_INIT;
        int code = options_parse(replays_options, replays_usage, &options, argc, argv);
        const char *action = options.pause    ? "/pause"
                             : options.resume ? "/resume"
                             : options.cancel ? "/cancel"
                                              : "";

        if (code >= 0)
                return code;
        if (options.pause + options.resume + options.cancel > 1 || (*action && !*options.id)) {
                (void)fputs(
                        "skafuctl: one of --pause, --resume and --cancel, and the ID of one replay\n",
                        stderr);
                return EXIT_BAD_USAGE;
        }
        buffer_printf(&path, "/v1/replays%s%s%s", *options.id ? "/" : "", options.id, action);
        if (*action || *options.id)
                (void)!operator_ask(&options.operator, * action ? "POST" : "GET", path.data, NULL,
                                    &answer, &err);
        else
                (void)!operator_ask_all(&options.operator, path.data, &answer, &err);
        return end(&options, answer, false, &err);
}
