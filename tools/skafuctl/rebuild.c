#include "rebuild.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "operator.h"
#include "options.h"
#include "skafuctl.h"

#define LOOK_EVERY_US (500 * US_PER_MS)
/* Looks that fail in a row: projectors are restarted, versions are dropped while they are listed. */
#define LOOKS_MAX 10

typedef struct RebuildOptions {
        OperatorOptions operator;
        const char *view, *from;
        int rate;
        int drop; /* -1: not given */
        bool manual, ignore_differences, detach, status;
        bool pause, resume, cancel, switch_now, switch_back;
} RebuildOptions;

/* What can be done to a rebuild that runs, or to a version. */
typedef struct Action {
        size_t offset; /* of its flag */
        const char *path;
} Action;

static const Action actions[] = {
        { offsetof(RebuildOptions, pause), "/rebuild/pause" },
        { offsetof(RebuildOptions, resume), "/rebuild/resume" },
        { offsetof(RebuildOptions, cancel), "/rebuild/cancel" },
        { offsetof(RebuildOptions, switch_now), "/switch" },
        { offsetof(RebuildOptions, switch_back), "/switch-back" },
};

static const JsonColumn columns[] = {
        { "view", "view", NULL },
        { "version", "version", NULL },
        { "state", "state", NULL },
        { "phase", "rebuild.phase", NULL },
        { "events", "progress.done", "progress.total" },
        { "eventsPerSecond", "progress.eventsPerSecond", NULL },
        { "etaSeconds", "progress.etaSeconds", NULL },
        { "paused", "rebuild.paused", NULL },
        { "requestedBy", "rebuild.requestedBy", NULL },
        { "note", "rebuild.note", NULL },
        { NULL, NULL, NULL },
};

static const Option table[] = {
        { "VIEW", OPTION_ARGUMENT, offsetof(RebuildOptions, view), NULL, NULL, "the view" },
        { "from", OPTION_TEXT, offsetof(RebuildOptions, from), NULL, "store",
          "store or topic: where the events are read" },
        { "rate", OPTION_INT, offsetof(RebuildOptions, rate), NULL, "0",
          "events a second at most; 0: no limit" },
        { "manual", OPTION_FLAG, offsetof(RebuildOptions, manual), NULL, NULL,
          "do not switch without --switch" },
        { "ignore-differences", OPTION_FLAG, offsetof(RebuildOptions, ignore_differences), NULL,
          NULL, "switch even if the new version differs from the live one" },
        { "detach", OPTION_FLAG, offsetof(RebuildOptions, detach), NULL, NULL,
          "do not wait for its end" },
        { "status", OPTION_FLAG, offsetof(RebuildOptions, status), NULL, NULL,
          "show the view's versions and how far they are, and do nothing" },
        { "pause", OPTION_FLAG, offsetof(RebuildOptions, pause), NULL, NULL,
          "stop it for a while" },
        { "resume", OPTION_FLAG, offsetof(RebuildOptions, resume), NULL, NULL, "let it go on" },
        { "cancel", OPTION_FLAG, offsetof(RebuildOptions, cancel), NULL, NULL,
          "end it and drop what was built" },
        { "switch", OPTION_FLAG, offsetof(RebuildOptions, switch_now), NULL, NULL,
          "let the new version take over as soon as it can" },
        { "switch-back", OPTION_FLAG, offsetof(RebuildOptions, switch_back), NULL, NULL,
          "let the version before catch up and take over again" },
        { "drop", OPTION_INT, offsetof(RebuildOptions, drop), NULL, NULL,
          "drop the tables of this retired version" },
        OPERATOR_OPTIONS("SKAFU_PROJECTOR_URL", "http://127.0.0.1:8083", "projector-svc"),
        { NULL, OPTION_FLAG, 0, NULL, NULL, NULL },
};

static const char usage[] =
        "rebuild VIEW [OPTION…]\n\n"
        "Make a view again from the events, beside the live one: readers and commands go on. It is compared with the live\n"
        "version, row by row, and takes over when both are equal. projector-svc does the work, also when this program is\n"
        "ended. The exit code is 1 when the new version has not taken over.\n\n"
        "  skafuctl rebuild VIEW                    and watch it\n"
        "  skafuctl rebuild VIEW --rate 5000 --manual --detach\n"
        "  skafuctl rebuild VIEW --status           how far is it\n"
        "  skafuctl rebuild VIEW --switch-back      the version before was better\n"
        "  skafuctl rebuild VIEW --drop 1           and version 1 is not needed any more";

static bool flag(const RebuildOptions *options, const Action *action)
{
        return *(const bool *)(const void *)((const char *)options + action->offset);
}

static void write_body(Buffer *body, const RebuildOptions *options, const char *action)
{
        bool begins = !action || strcmp(action, "/switch-back") == 0;

        json_write_object(body, NULL);
        if (!action)
                json_write_string(body, "from", options->from);
        if (begins && options->rate)
                json_write_int(body, "rate", options->rate);
        if (begins && options->manual)
                json_write_string(body, "switch", "manual");
        if ((begins || strcmp(action, "/switch") == 0) && options->ignore_differences)
                json_write_bool(body, "ignoreDifferences", true);
        json_write_object_end(body);
}

/* What @answer says of a version; NULL when it is gone, or in another state. */
static const json_t *find_version(const json_t *answer, json_int_t version, const char *state)
{
        const json_t *item;
        size_t i;

        json_array_foreach(json_object_get(answer, "items"), i, item) {
                const char *is = json_string_value(json_object_get(item, "state"));

                if (json_integer_value(json_object_get(item, "version")) == version && is &&
                    strcmp(is, state) == 0)
                        return item;
        }
        return NULL;
}

/* Whether nothing more happens by itself: it waits for a switch, or for somebody to look at differences. */
static bool is_waiting(const json_t *version)
{
        const json_t *rebuild = json_object_get(version, "rebuild");
        const char *phase = json_string_value(json_object_get(rebuild, "phase"));

        return json_is_true(json_object_get(rebuild, "paused")) ||
               (phase && (strcmp(phase, "waiting") == 0 || strcmp(phase, "different") == 0));
}

/* Until the version is not built any more: it has taken over, or was cancelled. *ret is the last look. */
static ErrorCode follow(const RebuildOptions *options, const char *path, json_int_t version,
                        json_t **ret, Error *err)
{
        int64_t started_us = clock_monotonic_us();
        int n_failed = 0;

        for (;; clock_wait_us(LOOK_EVERY_US)) {
                const json_t *progress, *building;
                ErrorCode code;

                json_decref(*ret);
                code = operator_ask(&options->operator, "GET", path, NULL, ret, err);
                n_failed = code ? n_failed + 1 : 0;
                if (code && n_failed < LOOKS_MAX)
                        continue;
                building = code ? NULL : find_version(*ret, version, "building");
                if (!building || is_waiting(building)) {
                        operator_progress_end();
                        return code;
                }
                progress = json_object_get(building, "progress");
                operator_progress(json_integer_value(json_object_get(progress, "done")),
                                  json_integer_value(json_object_get(progress, "total")),
                                  started_us, "events");
        }
}

static int watch(const RebuildOptions *options, const char *view_path, json_int_t version,
                 Error *err)
{
        json_t *versions = NULL;
        bool is_live = false;

        if (follow(options, view_path, version, &versions, err)) {
                json_decref(versions);
                return operator_failed(err);
        }
        is_live = find_version(versions, version, "live") != NULL;
        operator_print(&options->operator, versions, columns, "");
        json_decref(versions);
        if (is_live)
                return EXIT_OK;
        (void)fprintf(stderr,
                      "skafuctl: version %" JSON_INTEGER_FORMAT
                      " of view \"%s\" has not taken over\n",
                      version, options->view);
        return EXIT_FAILED;
}

/* Return: -1 when more than one thing is asked for. */
static int find_action(const RebuildOptions *options, const char **ret)
{
        int n = (options->drop >= 0) + options->status;

        *ret = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
                if (!flag(options, &actions[i]))
                        continue;
                *ret = actions[i].path;
                n++;
        }
        return n > 1 ? -1 : 0;
}

/* Return: what is wrong with the options; NULL when nothing is. */
static const char *compose(const RebuildOptions *options, const char *view_path, Buffer *path,
                           Buffer *body)
{
        const char *action;

        if (find_action(options, &action))
                return "one thing at a time";
        if (options->drop == 0)
                return "--drop: versions begin at 1";
        buffer_append_string(path, view_path);
        if (options->status)
                return NULL;
        if (options->drop > 0)
                buffer_printf(path, "/versions/%d/drop", options->drop);
        else
                buffer_append_string(path, action ? action : "/rebuild");
        write_body(body, options, options->drop > 0 ? "" : action);
        return NULL;
}

int skafuctl_rebuild(int argc, char **argv)
{
        _cleanup_(buffer_deinit) Buffer view_path = BUFFER_INIT, path = BUFFER_INIT,
                                        body = BUFFER_INIT;
        RebuildOptions options = { .drop = -1 };
        const char *fault;
        json_t *answer = NULL;
        json_int_t version;
        Error err = ERROR_INIT;
        int code = options_parse(table, usage, &options, argc, argv);

        if (code >= 0)
                return code;
        buffer_append_string(&view_path, "/v1/views");
        operator_path(&view_path, options.view);
        fault = compose(&options, view_path.data, &path, &body);
        if (fault) {
                (void)fprintf(stderr, "skafuctl: %s\n", fault);
                return EXIT_BAD_USAGE;
        }
        if (operator_ask(&options.operator, options.status ? "GET" : "POST", path.data, body.data,
                         &answer, &err))
                return operator_failed(&err);
        version = json_integer_value(json_object_get(answer, "version"));
        if (options.status || options.detach || options.drop > 0 || options.pause || options.cancel)
                operator_print(&options.operator, answer, columns, "");
        else
                code = watch(&options, view_path.data, version, &err);
        json_decref(answer);
        return code < 0 ? EXIT_OK : code;
}
