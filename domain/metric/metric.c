/*
 * metric.c — one measured value, recorded once and never changed. High volume: the state is a flag.
 */

#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "common/domain/aggregate.h"

#define NAME_BYTES_MAX 256
#define UNIT_BYTES_MAX 64
#define TAGS_BYTES_MAX 4096

extern const AggregateType metric_aggregate;

typedef struct Metric {
        bool recorded;
} Metric;

static int64_t measured_at(const Command *command)
{
        const char *text = command_string(command, "timestamp");
        int64_t time_us;

        if (!text || clock_parse(text, strlen(text), &time_us, NULL))
                return command->received_us;
        return time_us;
}

static ErrorCode record_metric(const void *state, const Command *command, EventList *ret,
                               Error *err)
{
        const Metric *metric = state;

        if (metric->recorded)
                return error_set_field(err, ERROR_CONFLICT, "payload.metricId",
                                       "metric \"%s\" is recorded already; a metric never changes",
                                       command->aggregate_id);
        event_begin(ret, "MetricRecorded", 1);
        event_string(ret, "metricId", command->aggregate_id);
        event_copy(ret, command, "name");
        event_copy(ret, command, "value");
        event_copy(ret, command, "unit");
        event_copy(ret, command, "tags");
        event_time(ret, "timestamp", measured_at(command));
        event_copy(ret, command, "source");
        event_end(ret);
        return ERROR_NONE;
}

static void evolve_recorded(void *state, const Event *event, JsonFields *data)
{
        Metric *metric = state;

        metric->recorded = true;
}

static void encode(const void *state, Buffer *ret)
{
        const Metric *metric = state;

        json_write_object(ret, NULL);
        json_write_bool(ret, "recorded", metric->recorded);
        json_write_object_end(ret);
}

static ErrorCode decode(void *state, JsonFields *data, Error *err)
{
        Metric *metric = state;

        if (!json_fields_bool(data, "recorded", &metric->recorded))
                return error_set_field(err, ERROR_MALFORMED, "recorded",
                                       "recorded is not a boolean");
        return ERROR_NONE;
}

static const SnapshotOps snapshot = { 1, encode, decode };

static void project_recorded(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_put(changes, event->aggregate_id);
        row_copy(changes, "name", data, "name");
        row_copy(changes, "value", data, "value");
        row_copy(changes, "unit", data, "unit");
        row_json(changes, "tags", data, "tags");
        row_copy(changes, "timestamp", data, "timestamp");
        row_copy(changes, "source", data, "source");
}

static const PayloadField record_fields[] = {
        { "metricId", PAYLOAD_ID },
        { "name", PAYLOAD_STRING, true, NAME_BYTES_MAX },
        { "value", PAYLOAD_NUMBER, true },
        { "unit", PAYLOAD_STRING, true, UNIT_BYTES_MAX },
        { "tags", PAYLOAD_OBJECT, false, TAGS_BYTES_MAX },
        { "timestamp", PAYLOAD_DATETIME },
        { "source", PAYLOAD_STRING, true, NAME_BYTES_MAX },
        { NULL },
};

static const AllowRule who_may_record[] = {
        { ALLOW_GROUP, "Admin" },
        { ALLOW_GROUP, "Developer" },
        { ALLOW_API_KEY },
        { ALLOW_END },
};

static const CommandType commands[] = {
        { "RecordMetric", record_fields, "metricId", true, who_may_record, record_metric },
        { NULL },
};

static const EventType events[] = {
        { "MetricRecorded", 1, evolve_recorded },
        { NULL },
};

static const Projection projections[] = {
        { "MetricRecorded", "Metric", project_recorded },
        { NULL },
};

const AggregateType metric_aggregate = {
        .name = "metric",
        .state_size = sizeof(Metric),
        .snapshot = &snapshot,
        .commands = commands,
        .events = events,
        .projections = projections,
};
