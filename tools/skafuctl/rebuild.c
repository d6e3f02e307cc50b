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

typedef struct RebuildOptions {
        OperatorOptions operator;
        const char *view, *from;
        int rate, drop;
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
        { "drop", OPTION_INT, offsetof(RebuildOptions, drop), NULL, "0",
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

/* The version that is being built; NULL when there is none. */
static json_t *find_building(const json_t *answer)
{
        json_t *version;
        size_t i;

        json_array_foreach(json_object_get(answer, "items"), i, version)
                if (strcmp(json_string_value(json_object_get(version, "state")), "building") == 0)
                        return version;
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

/* Until no version is built any more. *ret is the last look. */
static ErrorCode follow(const RebuildOptions *options, const char *path, json_t **ret, Error *err)
{
        int64_t started_us = clock_monotonic_us();

        for (;;) {
                const json_t *progress, *building;
                ErrorCode code;

                json_decref(*ret);
                code = operator_ask(&options->operator, "GET", path, NULL, ret, err);
                building = code ? NULL : find_building(*ret);
                if (!building || is_waiting(building)) {
                        operator_progress_end();
                        return code;
                }
                progress = json_object_get(building, "progress");
                operator_progress(json_integer_value(json_object_get(progress, "done")),
                                  json_integer_value(json_object_get(progress, "total")),
                                  started_us, "events");
                clock_wait_us(LOOK_EVERY_US);
        }
}

static int watch(const RebuildOptions *options, const char *view_path, Error *err)
{
        json_t *versions = NULL;
        bool built = false;

        if (follow(options, view_path, &versions, err))
                return operator_failed(err);
        built = !find_building(versions);
        operator_print(&options->operator, versions, columns, "");
        json_decref(versions);
        return built ? EXIT_OK : EXIT_FAILED;
}

/* Return: -1 when more than one thing is asked for. */
static int find_action(const RebuildOptions *options, const char **ret)
{
        int n = options->drop != 0;

        *ret = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
                if (!flag(options, &actions[i]))
                        continue;
                *ret = actions[i].path;
                n++;
        }
        return n > 1 ? -1 : 0;
}

int skafuctl_rebuild(int argc, char **argv)
{
        _cleanup_(buffer_deinit) Buffer view_path = BUFFER_INIT, path = BUFFER_INIT,
                                        body = BUFFER_INIT;
        RebuildOptions options = { .view = NULL };
        const char *action;
        json_t *answer = NULL;
        Error err = ERROR_INIT;
        int code = options_parse(table, usage, &options, argc, argv);

        if (code >= 0)
                return code;
        if (find_action(&options, &action)) {
                (void)fputs("skafuctl: one thing at a time\n", stderr);
                return EXIT_BAD_USAGE;
        }
        buffer_append_string(&view_path, "/v1/views");
        operator_path(&view_path, options.view);
        buffer_append_string(&path, view_path.data);
        if (options.drop)
                buffer_printf(&path, "/versions/%d/drop", options.drop);
        else if (!options.status)
                buffer_append_string(&path, action ? action : "/rebuild");
        if (!options.status)
                write_body(&body, &options, options.drop ? "" : action);
        if (operator_ask(&options.operator, options.status ? "GET" : "POST", path.data, body.data,
                         &answer, &err))
                return operator_failed(&err);
        if (!options.status && !options.detach && !options.drop && !options.pause &&
            !options.cancel) {
                json_decref(answer);
                return watch(&options, view_path.data, &err);
        }
        operator_print(&options.operator, answer, columns, "");
        json_decref(answer);
        return EXIT_OK;
}
