#include "parked.h"

#include <stddef.h>
#include <stdio.h>

#include "common/base/json_writer.h"
#include "operator.h"
#include "options.h"
#include "skafuctl.h"

typedef struct ParkedOptions {
        OperatorOptions operator;
        const char *view, *type, *id; /* "" when not given */
        const char *drop;
        bool retry, dropped, undecodable;
} ParkedOptions;

static const JsonColumn parked_columns[] = {
        { "aggregateType", "aggregateType", NULL },
        { "aggregateId", "aggregateId", NULL },
        { "sequence", "eventSequence", NULL },
        { "eventType", "eventType", NULL },
        { "eventId", "eventId", NULL },
        { "held", "heldEvents", NULL },
        { "tries", "tries", NULL },
        { "wanted", "wanted", NULL },
        { "parkedAt", "parkedAt", NULL },
        { "error", "error", NULL },
        { NULL, NULL, NULL },
};

static const JsonColumn dropped_columns[] = {
        { "aggregateType", "aggregateType", NULL },
        { "aggregateId", "aggregateId", NULL },
        { "sequence", "eventSequence", NULL },
        { "eventType", "eventType", NULL },
        { "eventId", "eventId", NULL },
        { "droppedBy", "droppedBy", NULL },
        { "droppedAt", "droppedAt", NULL },
        { "error", "error", NULL },
        { NULL, NULL, NULL },
};

static const JsonColumn undecodable_columns[] = {
        { "topic", "topic", NULL },   { "partition", "partition", NULL },
        { "offset", "offset", NULL }, { "bytes", "bytes", NULL },
        { "seenAt", "seenAt", NULL }, { "error", "error", NULL },
        { NULL, NULL, NULL },
};

static const Option table[] = {
        { "VIEW", OPTION_ARGUMENT, offsetof(ParkedOptions, view), NULL, "", "of this view" },
        { "TYPE", OPTION_ARGUMENT, offsetof(ParkedOptions, type), NULL, "",
          "only the aggregate of this type" },
        { "ID", OPTION_ARGUMENT, offsetof(ParkedOptions, id), NULL, "", "and with this id" },
        { "retry", OPTION_FLAG, offsetof(ParkedOptions, retry), NULL, NULL,
          "apply what is held, in order: of one aggregate, or of all" },
        { "drop", OPTION_TEXT, offsetof(ParkedOptions, drop), NULL, "",
          "id of the event that cannot be applied: leave it out for ever, apply the rest" },
        { "dropped", OPTION_FLAG, offsetof(ParkedOptions, dropped), NULL, NULL,
          "list the events that were left out" },
        { "undecodable", OPTION_FLAG, offsetof(ParkedOptions, undecodable), NULL, NULL,
          "list messages of the topics that are no events; takes no VIEW" },
        OPERATOR_OPTIONS("SKAFU_PROJECTOR_URL", "http://127.0.0.1:8083", "projector-svc"),
        { NULL, OPTION_FLAG, 0, NULL, NULL, NULL },
};

static const char usage[] =
        "parked VIEW [TYPE ID] [OPTION…]\n\n"
        "An event that a view cannot apply parks its aggregate there: its events are held, all others go on. List what is\n"
        "parked, have it tried again once the reason is gone, or drop the event.\n\n"
        "  skafuctl parked VIEW\n"
        "  skafuctl parked VIEW --retry\n"
        "  skafuctl parked VIEW TYPE ID --drop EVENT-ID";

/* What is asked for. */
typedef struct Ask {
        const char *method;
        Buffer path, body;
        const JsonColumn *columns;
        const char *empty;
        bool is_list; /* which has pages */
} Ask;

static void ask_deinit(Ask *ask)
{
        buffer_deinit(&ask->path);
        buffer_deinit(&ask->body);
}

/* Return: NULL, or what is wrong. */
static const char *compose(Ask *ask, const ParkedOptions *options)
{
        bool one = *options->id, acts = options->retry || *options->drop;

        if (acts + options->dropped + options->undecodable > 1 ||
            (options->retry && *options->drop))
                return "one of --retry, --drop, --dropped and --undecodable";
        if (options->undecodable) {
                ask->is_list = true;
                buffer_append_string(&ask->path, "/v1/undecodable");
                ask->columns = undecodable_columns;
                ask->empty = "all messages of the topics were events";
                return *options->view ? "--undecodable takes no VIEW" : NULL;
        }
        if (!*options->view)
                return "VIEW is missing";
        if (*options->type && !one)
                return "ID is missing";
        if (options->dropped && *options->type)
                return "--dropped lists those of all aggregates: it takes VIEW only";
        if (*options->drop && !one)
                return "--drop needs TYPE and ID";
        buffer_append_string(&ask->path, "/v1/views");
        operator_path(&ask->path, options->view);
        buffer_append_string(&ask->path, options->dropped ? "/dropped" : "/parked");
        if (options->dropped) {
                ask->columns = dropped_columns;
                ask->empty = "no event was left out";
                ask->is_list = true;
                return NULL;
        }
        if (one) {
                operator_path(&ask->path, options->type);
                operator_path(&ask->path, options->id);
        }
        ask->method = acts ? "POST" : "GET";
        ask->is_list = !acts && !one;
        if (options->retry)
                buffer_append_string(&ask->path, "/retry");
        if (*options->drop) {
                buffer_append_string(&ask->path, "/drop");
                json_write_object(&ask->body, NULL);
                json_write_string(&ask->body, "eventId", options->drop);
                json_write_object_end(&ask->body);
        }
        return NULL;
}

int skafuctl_parked(int argc, char **argv)
{
        _cleanup_(ask_deinit) Ask ask = { .method = "GET",
                                          .columns = parked_columns,
                                          .empty = "nothing is parked" };
        ParkedOptions options = { .view = NULL };
        json_t *answer = NULL;
        Error err = ERROR_INIT;
        const char *fault;
        int code = options_parse(table, usage, &options, argc, argv);

        if (code >= 0)
                return code;
        fault = compose(&ask, &options);
        if (fault) {
                (void)fprintf(stderr, "skafuctl: %s\n", fault);
                return EXIT_BAD_USAGE;
        }
        if (ask.is_list ? operator_ask_all(&options.operator, ask.path.data, &answer, &err)
                        : operator_ask(&options.operator, ask.method, ask.path.data, ask.body.data,
                                       &answer, &err))
                return operator_failed(&err);
        if (json_object_get(answer, "aggregates") && !options.operator.json)
                (void)printf("%" JSON_INTEGER_FORMAT " aggregates are tried again\n",
                             json_integer_value(json_object_get(answer, "aggregates")));
        else
                operator_print(&options.operator, answer, ask.columns, ask.empty);
        json_decref(answer);
        return EXIT_OK;
}
