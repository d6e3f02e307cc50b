#include "tail.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/domain/domain.h"
#include "common/store/store.h"
#include "event_line.h"
#include "options.h"
#include "skafuctl.h"

#define TIMEOUT_US    (60 * US_PER_SEC)
#define LOOK_EVERY_US (200 * US_PER_MS)
#define READ_SIZE     500

typedef struct TailOptions {
        const char *pg_url, *type, *aggregate, *event_type; /* "": any */
        int last, limit;
        bool from_start, no_follow, json;
} TailOptions;

/* Where we are in one log partition. */
typedef struct Cursor {
        const char *aggregate_type;
        int32_t partition;
        int64_t position; /* of the last event that was read */
} Cursor;

typedef struct Tail {
        const TailOptions *options;
        PGconn *conn;
        Cursor *cursors;
        size_t n_cursors;
        int64_t shown;
        Buffer line;
} Tail;

static bool wanted(const TailOptions *options, const Event *event)
{
        return (!*options->aggregate || strcmp(options->aggregate, event->aggregate_id) == 0) &&
               (!*options->event_type || strcmp(options->event_type, event->type) == 0);
}

static bool is_full(const Tail *tail)
{
        return tail->options->limit && tail->shown >= tail->options->limit;
}

static void show(Tail *tail, const Event *event)
{
        buffer_clear(&tail->line);
        if (tail->options->json)
                event_line_json(&tail->line, event);
        else
                event_line_text(&tail->line, event);
        (void)fwrite(tail->line.data, 1, tail->line.size, stdout);
        tail->shown++;
}

static Cursor *find_cursor(Tail *tail, const char *aggregate_type, int32_t partition)
{
        for (size_t i = 0; i < tail->n_cursors; i++)
                if (tail->cursors[i].aggregate_type == aggregate_type &&
                    tail->cursors[i].partition == partition)
                        return &tail->cursors[i];
        return NULL;
}

/* Partitions that are new to us: at the start, and when more were added while we follow. */
static ErrorCode add_cursors(Tail *tail, const AggregateType *type, bool at_start, Error *err)
{
        _cleanup_(freep) LogHead *heads = NULL;
        size_t n_heads = 0;
        ErrorCode code = store_read_heads(tail->conn, type->name, &heads, &n_heads,
                                          clock_monotonic_us() + TIMEOUT_US, err);

        for (size_t i = 0; !code && i < n_heads; i++) {
                int64_t from = heads[i].last_position - tail->options->last;
                Cursor *more;

                if (find_cursor(tail, type->name, heads[i].partition))
                        continue;
                if (tail->options->from_start || !at_start || from < 0)
                        from = 0;
                more = reallocarray(tail->cursors, tail->n_cursors + 1, sizeof *more);
                if (!more)
                        return error_no_memory(err);
                tail->cursors = more;
                more[tail->n_cursors++] = (Cursor){ type->name, heads[i].partition, from };
        }
        return code;
}

static ErrorCode find_logs(Tail *tail, bool at_start, Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && domain_aggregates[i]; i++)
                if (!*tail->options->type ||
                    strcmp(tail->options->type, domain_aggregates[i]->name) == 0)
                        code = add_cursors(tail, domain_aggregates[i], at_start, err);
        return code;
}

/* @ret_more: set when there may be more at once. */
static ErrorCode read_on(Tail *tail, Cursor *cursor, bool *ret_more, Error *err)
{
        _cleanup_(event_batch_freep) EventBatch *batch = NULL;
        ErrorCode code = store_read_log(tail->conn, cursor->aggregate_type, cursor->partition,
                                        cursor->position, READ_SIZE, &batch,
                                        clock_monotonic_us() + TIMEOUT_US, err);

        for (size_t i = 0; !code && i < batch->n_events && !is_full(tail); i++) {
                cursor->position = batch->events[i].position;
                if (wanted(tail->options, &batch->events[i]))
                        show(tail, &batch->events[i]);
        }
        *ret_more |= !code && batch->more;
        return code;
}

static ErrorCode follow(Tail *tail, Error *err)
{
        ErrorCode code = find_logs(tail, true, err);

        while (!code && !is_full(tail) && !ferror(stdout)) { /* main() says what is wrong with it */
                bool more = false;

                for (size_t i = 0; !code && i < tail->n_cursors; i++)
                        code = read_on(tail, &tail->cursors[i], &more, err);
                (void)fflush(stdout);
                if (code || more || is_full(tail) || ferror(stdout))
                        continue;
                if (tail->options->no_follow)
                        return ERROR_NONE;
                clock_wait_us(LOOK_EVERY_US);
                code = find_logs(tail, false, err);
        }
        return code;
}

static const Option table[] = {
        { "pg-url", OPTION_TEXT, offsetof(TailOptions, pg_url), "SKAFU_PG_URL", NULL,
          "the database, as a role that may read the event store" },
        { "type", OPTION_TEXT, offsetof(TailOptions, type), NULL, "", "only this aggregate type" },
        { "aggregate", OPTION_TEXT, offsetof(TailOptions, aggregate), NULL, "",
          "only the aggregate with this id" },
        { "event-type", OPTION_TEXT, offsetof(TailOptions, event_type), NULL, "",
          "only events of this type" },
        { "last", OPTION_INT, offsetof(TailOptions, last), NULL, "0",
          "begin so many events back in each log partition" },
        { "from-start", OPTION_FLAG, offsetof(TailOptions, from_start), NULL, NULL,
          "begin with the first event" },
        { "limit", OPTION_INT, offsetof(TailOptions, limit), NULL, "0", "end after so many" },
        { "no-follow", OPTION_FLAG, offsetof(TailOptions, no_follow), NULL, NULL,
          "end when everything that is there has been shown" },
        { "json", OPTION_FLAG, offsetof(TailOptions, json), NULL, NULL,
          "a JSON object per line: partition, position, event" },
        { NULL, OPTION_FLAG, 0, NULL, NULL, NULL },
};

static const char usage[] =
        "tail [OPTION…]\n\n"
        "Show events as they are stored, until Ctrl-C: when, type/partition:position, aggregate#sequence, event type,\n"
        "actor, data. They are read from the event store, so nothing is missing and a broker is not needed; events of\n"
        "one log partition come in order.\n\n"
        "  skafuctl tail --last 5                               the newest ones, and what comes\n"
        "  skafuctl tail --type TYPE --aggregate ID --from-start --no-follow\n"
        "  skafuctl tail --event-type EVENT --json | jq .event.eventData";

static bool type_is_known(const char *name)
{
        if (!*name || domain_aggregate(name))
                return true;
        (void)fprintf(stderr,
                      "skafuctl: --type: there is no aggregate type \"%s\"; there are:", name);
        for (size_t i = 0; domain_aggregates[i]; i++)
                (void)fprintf(stderr, " %s", domain_aggregates[i]->name);
        (void)fputc('\n', stderr);
        return false;
}

int skafuctl_tail(int argc, char **argv)
{
        _cleanup_(PQfinishp) PGconn *conn = NULL;
        TailOptions options = { .pg_url = NULL };
        Tail tail = { .options = &options };
        Error err = ERROR_INIT;
        ErrorCode failed;
        int code = options_parse(table, usage, &options, argc, argv);

        if (code >= 0)
                return code;
        if (!type_is_known(options.type))
                return EXIT_BAD_USAGE;
        failed = pg_connect(&conn, options.pg_url, "skafuctl tail",
                            clock_monotonic_us() + TIMEOUT_US, &err);
        tail.conn = conn;
        if (!failed)
                failed = follow(&tail, &err);
        free(tail.cursors);
        buffer_deinit(&tail.line);
        if (!failed)
                return EXIT_OK;
        (void)fprintf(stderr, "skafuctl: %s\n", err.message);
        return EXIT_FAILED;
}
