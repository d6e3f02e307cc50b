#include "past_state.h"

#include <inttypes.h>

#include "common/base/clock.h"
#include "common/base/json_fields.h"
#include "common/base/json_writer.h"
#include "common/store/store.h"

#define PAGE_TIMEOUT_US (60 * US_PER_SEC)
#define PAGE_EVENTS_MAX 1000
#define PAGE_BYTES_MAX  (INT64_C(4) << 20)

typedef struct Fold {
        Aggregate *aggregate;
        int64_t last_us; /* when its last event was stored */
        bool done;       /* what comes now was stored later than what is asked for */
} Fold;

static bool covers(const PastState *wanted, const Event *event)
{
        if (wanted->by_time)
                return event->timestamp_us <= wanted->time_us;
        return wanted->version == 0 || event->sequence <= wanted->version;
}

static ErrorCode fold_page(Fold *fold, const PastState *wanted, const EventBatch *events,
                           Error *err)
{
        for (size_t i = 0; i < events->n_events && !fold->done; i++) {
                const Event *event = &events->events[i];
                ErrorCode code = ERROR_NONE;

                fold->done = !covers(wanted, event);
                if (!fold->done)
                        code = aggregate_apply(fold->aggregate, event, err);
                if (code)
                        return code;
                if (!fold->done)
                        fold->last_us = event->timestamp_us;
        }
        return ERROR_NONE;
}

/* From the first event on, never from a snapshot: this shows what the events say. */
static ErrorCode fold_stream(Fold *fold, PGconn *conn, const PastState *wanted, Error *err)
{
        bool last = false;

        while (!fold->done && !last) {
                const AggregateRead read = {
                        .aggregate_type = wanted->type->name,
                        .aggregate_id = wanted->id,
                        .after = fold->aggregate->version,
                        .events_max = PAGE_EVENTS_MAX,
                        .bytes_max = PAGE_BYTES_MAX,
                };
                _cleanup_(aggregate_page_deinit) AggregatePage page = { .last = false };
                ErrorCode code = store_read_aggregate(conn, &read, &page,
                                                      clock_monotonic_us() + PAGE_TIMEOUT_US, err);

                if (!code)
                        code = fold_page(fold, wanted, page.events, err);
                if (code)
                        return code;
                last = page.last;
        }
        return ERROR_NONE;
}

static ErrorCode check_found(const Fold *fold, const PastState *wanted, Error *err)
{
        const int64_t version = fold->aggregate->version;

        if (version == 0)
                return error_set(err, ERROR_NOT_FOUND, "there %s no %s \"%.128s\"%s",
                                 fold->done ? "was" : "is", wanted->type->name, wanted->id,
                                 fold->done ? " then" : "");
        if (version < wanted->version)
                return error_set(err, ERROR_NOT_FOUND,
                                 "%s \"%.128s\" is at version %" PRId64
                                 ", there is no version %" PRId64 " yet",
                                 wanted->type->name, wanted->id, version, wanted->version);
        return ERROR_NONE;
}

static void write_json(const Fold *fold, const PastState *wanted, const Buffer *state, Buffer *ret)
{
        json_write_object(ret, NULL);
        json_write_string(ret, "aggregateType", wanted->type->name);
        json_write_string(ret, "aggregateId", wanted->id);
        json_write_int(ret, "version", fold->aggregate->version);
        json_write_time(ret, "timestamp", fold->last_us);
        json_write_raw(ret, "state", (JsonSpan){ state->data, state->size });
        json_write_object_end(ret);
        buffer_append_char(ret, '\n');
}

static ErrorCode write_text(const Fold *fold, const PastState *wanted, const Buffer *state,
                            Buffer *ret, Error *err)
{
        _cleanup_(json_fields_deinit) JsonFields members = JSON_FIELDS_INIT;
        ErrorCode code = json_fields_parse(&members, state->data, state->size, err);
        char time[CLOCK_TEXT_SIZE];

        if (code)
                return code;
        clock_format(fold->last_us, time);
        buffer_printf(ret, "%s  %s  version %" PRId64 "  %s\n", wanted->type->name, wanted->id,
                      fold->aggregate->version, time);
        for (size_t i = 0; i < members.n_fields; i++) {
                const JsonField *member = &members.fields[i];

                buffer_append_string(ret, "  ");
                buffer_append(ret, member->key.text, member->key.size);
                buffer_append_string(ret, ": ");
                buffer_append(ret, member->value.text, member->value.size);
                buffer_append_char(ret, '\n');
        }
        return ERROR_NONE;
}

ErrorCode past_state_write(PGconn *conn, const PastState *wanted, bool json, Buffer *ret,
                           Error *err)
{
        _cleanup_(aggregate_freep) Aggregate *aggregate = aggregate_new(wanted->type);
        _cleanup_(buffer_deinit) Buffer state = BUFFER_INIT;
        Fold fold = { .aggregate = aggregate };
        ErrorCode code;

        if (!aggregate_can_encode(wanted->type))
                return error_set(err, ERROR_INVALID,
                                 "the state of a %s cannot be shown: the type has no snapshots, "
                                 "which would say how to write it",
                                 wanted->type->name);
        code = fold_stream(&fold, conn, wanted, err);
        if (!code)
                code = check_found(&fold, wanted, err);
        if (code)
                return code;
        aggregate_encode(aggregate, &state);
        if (!json)
                return write_text(&fold, wanted, &state, ret, err);
        write_json(&fold, wanted, &state, ret);
        return ERROR_NONE;
}
