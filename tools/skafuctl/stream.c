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
#include "skafuctl.h"

#define TIMEOUT_US (60 * US_PER_SEC)
#define READ_SIZE  500

typedef struct EventsOptions {
        const char *pg_url, *type, *id;
        int after, limit;
        bool json;
} EventsOptions;

/* @ret_shown: how many there were. */
static ErrorCode show_stream(PGconn *conn, const EventsOptions *options, int *ret_shown, Error *err)
{
        _cleanup_(buffer_deinit) Buffer line = BUFFER_INIT;
        int64_t after = options->after;
        bool more = true;

        *ret_shown = 0;
        while (more) {
                _cleanup_(event_batch_freep) EventBatch *batch = NULL;
                ErrorCode code =
                        store_read_stream(conn, options->type, options->id, after, READ_SIZE,
                                          &batch, clock_monotonic_us() + TIMEOUT_US, err);

                if (code)
                        return code;
                more = batch->n_events == READ_SIZE;
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

static const Option table[] = {
        { "TYPE", OPTION_ARGUMENT, offsetof(EventsOptions, type), NULL, NULL, "aggregate type" },
        { "ID", OPTION_ARGUMENT, offsetof(EventsOptions, id), NULL, NULL, "id of the aggregate" },
        { "pg-url", OPTION_TEXT, offsetof(EventsOptions, pg_url), "SKAFU_PG_URL", NULL,
          "the database, as a role that may read the event store" },
        { "after", OPTION_INT, offsetof(EventsOptions, after), NULL, "0",
          "leave out the events up to this version" },
        { "limit", OPTION_INT, offsetof(EventsOptions, limit), NULL, "0", "end after so many" },
        { "json", OPTION_FLAG, offsetof(EventsOptions, json), NULL, NULL,
          "a JSON object per line: partition, position, event" },
        { NULL, OPTION_FLAG, 0, NULL, NULL, NULL },
};

static const char usage[] =
        "events TYPE ID [OPTION…]\n\n"
        "Show the stream of one aggregate: when, type/partition:position, aggregate#sequence, event type, actor, data.";

int skafuctl_events(int argc, char **argv)
{
        _cleanup_(PQfinishp) PGconn *conn = NULL;
        EventsOptions options = { .pg_url = NULL };
        Error err = ERROR_INIT;
        int shown = 0, code = options_parse(table, usage, &options, argc, argv);

        if (code >= 0)
                return code;
        if (pg_connect(&conn, options.pg_url, "skafuctl events", clock_monotonic_us() + TIMEOUT_US,
                       &err) ||
            show_stream(conn, &options, &shown, &err)) {
                (void)fprintf(stderr, "skafuctl: %s\n", err.message);
                return EXIT_FAILED;
        }
        if (shown)
                return EXIT_OK;
        (void)fprintf(stderr, "skafuctl: there is no %s \"%s\"%s\n", options.type, options.id,
                      options.after ? " with events after that version" : "");
        return EXIT_FAILED;
}
