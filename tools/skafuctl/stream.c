#include "stream.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/domain/domain.h"
#include "common/store/store.h"
#include "event_line.h"
#include "options.h"
#include "past_state.h"
#include "skafuctl.h"

#define TIMEOUT_US (60 * US_PER_SEC)
#define READ_SIZE  500

typedef struct EventsOptions {
        const char *pg_url, *type, *id;
        const char *at; /* "": not by time */
        int after, limit;
        int version; /* -1: not by version */
        bool state, json;
} EventsOptions;

/* @ret_shown: how many there were. */
static ErrorCode show_stream(PGconn *conn, const EventsOptions *options, int *ret_shown, Error *err)
{
        _cleanup_(buffer_deinit) Buffer line = BUFFER_INIT;
        int64_t after = options->after;
        bool more = true;

        *ret_shown = 0;
        while (more && !ferror(stdout)) {
                _cleanup_(event_batch_freep) EventBatch *batch = NULL;
                ErrorCode code =
                        store_read_stream(conn, options->type, options->id, after, READ_SIZE,
                                          &batch, clock_monotonic_us() + TIMEOUT_US, err);

                if (code)
                        return code;
                more = batch->more;
                buffer_clear(&line);
                for (size_t i = 0; i < batch->n_events; i++) {
                        if (options->limit && *ret_shown == options->limit) {
                                more = false;
                                break;
                        }
                        after = batch->events[i].sequence;
                        if (options->json)
                                event_line_json(&line, &batch->events[i]);
                        else
                                event_line_text(&line, &batch->events[i]);
                        (*ret_shown)++;
                }
                (void)fwrite(buffer_text(&line), 1, line.size, stdout);
        }
        return ERROR_NONE;
}

/* What the options ask of --state; -1 to go on, or the exit code. */
static int parse_state(const EventsOptions *options, PastState *ret)
{
        *ret = (PastState){ .type = domain_aggregate(options->type),
                            .id = options->id,
                            .version = options->version > 0 ? options->version : 0,
                            .by_time = *options->at != '\0' };
        if (!options->state && (options->version >= 0 || ret->by_time))
                (void)fputs("skafuctl: --version and --at go with --state\n", stderr);
        else if (options->state && (options->after || options->limit))
                (void)fputs("skafuctl: --after and --limit are about events, not --state\n",
                            stderr);
        else if (options->version >= 0 && ret->by_time)
                (void)fputs("skafuctl: --version or --at, not both\n", stderr);
        else if (options->version == 0)
                (void)fputs("skafuctl: --version: versions begin at 1\n", stderr);
        else if (ret->by_time && clock_parse(options->at, strlen(options->at), &ret->time_us, NULL))
                (void)fputs("skafuctl: --at is a time like 2026-01-31T23:59:59Z\n", stderr);
        else if (options->state && !ret->type)
                (void)fprintf(stderr, "skafuctl: there is no aggregate type \"%s\"\n",
                              options->type);
        else
                return -1;
        return EXIT_BAD_USAGE;
}

static ErrorCode show_state(PGconn *conn, const PastState *wanted, bool json, Error *err)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        ErrorCode code = past_state_write(conn, wanted, json, &text, err);

        if (!code)
                (void)fwrite(buffer_text(&text), 1, text.size, stdout);
        return code;
}

static const Option table[] = {
        { "TYPE", OPTION_ARGUMENT, offsetof(EventsOptions, type), NULL, NULL, "aggregate type" },
        { "ID", OPTION_ARGUMENT, offsetof(EventsOptions, id), NULL, NULL, "id of the aggregate" },
        { "pg-url", OPTION_TEXT, offsetof(EventsOptions, pg_url), "SKAFU_PG_URL", NULL,
          "the database, as a role that may read the event store" },
        { "after", OPTION_INT, offsetof(EventsOptions, after), NULL, "0",
          "leave out the events up to this version" },
        { "limit", OPTION_INT, offsetof(EventsOptions, limit), NULL, "0", "end after so many" },
        { "state", OPTION_FLAG, offsetof(EventsOptions, state), NULL, NULL,
          "not the events, but the state that they give" },
        { "version", OPTION_INT, offsetof(EventsOptions, version), NULL, NULL,
          "the state after this many events" },
        { "at", OPTION_TEXT, offsetof(EventsOptions, at), NULL, "",
          "the state at this time, as 2026-01-31T23:59:59Z" },
        { "json", OPTION_FLAG, offsetof(EventsOptions, json), NULL, NULL,
          "a JSON object per line: partition, position, event; of a state: version, timestamp, state" },
        { NULL, OPTION_FLAG, 0, NULL, NULL, NULL },
};

static const char usage[] =
        "events TYPE ID [OPTION…]\n\n"
        "Show the stream of one aggregate: when, type/partition:position, aggregate#sequence, event type, actor, data.\n"
        "With --state: the state that its events give, all of them or those up to a version or a time, folded\n"
        "by the rules that commands are decided by.\n\n"
        "  skafuctl events TYPE ID --state --version 3\n"
        "  skafuctl events TYPE ID --state --at 2026-01-31T23:59:59Z";

int skafuctl_events(int argc, char **argv)
{
        _cleanup_(PQfinishp) PGconn *conn = NULL;
        EventsOptions options = { .version = -1 };
        PastState wanted;
        Error err = ERROR_INIT;
        int shown = 0, code = options_parse(table, usage, &options, argc, argv);

        if (code < 0)
                code = parse_state(&options, &wanted);
        if (code >= 0)
                return code;
        if (pg_connect(&conn, options.pg_url, "skafuctl events", clock_monotonic_us() + TIMEOUT_US,
                       &err) ||
            (options.state ? show_state(conn, &wanted, options.json, &err)
                           : show_stream(conn, &options, &shown, &err))) {
                (void)fprintf(stderr, "skafuctl: %s\n", err.message);
                return EXIT_FAILED;
        }
        if (shown || options.state)
                return EXIT_OK;
        (void)fprintf(stderr, "skafuctl: there is no %s \"%s\"%s\n", options.type, options.id,
                      options.after ? " with events after that version" : "");
        return EXIT_FAILED;
}
