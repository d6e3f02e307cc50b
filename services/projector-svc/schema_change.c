#include "schema_change.h"

#include <inttypes.h>
#include <string.h>

#include "common/domain/domain.h"
#include "common/domain/event_projection.h"
#include "common/model/model_column.h"
#include "common/store/store.h"

#define SAMPLE_EVENTS     200 /* at either end of a log partition */
#define SAMPLE_PARTITIONS 16  /* of an aggregate type */

typedef struct Sample {
        PGconn *conn;
        const Model *model;
        EventProjection projection;
        RowChanges *changes;
        int64_t deadline_us;
} Sample;

static void sample_deinit(Sample *sample)
{
        event_projection_deinit(&sample->projection);
        row_changes_free(sample->changes);
}

/* Whether any of the event's changes of this row gives the field a value. */
static bool gives(const RowChanges *changes, const char *id, const char *field)
{
        for (size_t c = 0; c < row_changes_count(changes); c++) {
                const RowChange *change = row_changes_at(changes, c);

                for (size_t i = 0; i < change->n_values && strcmp(change->id, id) == 0; i++)
                        if (strcmp(change->values[i].field, field) == 0 && change->values[i].text)
                                return true;
        }
        return false;
}

/* Whether a row begins without a value for @field, which needs one. */
static bool lacks(const Sample *sample, const RowChange *change, const Field *field)
{
        if (field->kind != FIELD_COLUMN || !field->required || field->default_text ||
            strcmp(field->name, "id") == 0)
                return false;
        if (change->kind == ROW_ADD && model_column_is_number(field))
                return false;
        return !gives(sample->changes, change->id, field->name);
}

/* Whether a projection adds to a field that is no number, or sets one that is. */
static bool misuses(const RowChange *change, const Field *field)
{
        for (size_t i = 0; change->kind == ROW_ADD && i < change->n_values; i++)
                if (field->kind == FIELD_COLUMN &&
                    strcmp(change->values[i].field, field->name) == 0)
                        return change->values[i].added != model_column_is_number(field);
        return false;
}

static ErrorCode fault(const Model *model, const Field *field, const Event *event,
                       const char *problem, const char *verb, Error *err)
{
        return error_set(err, ERROR_INVALID,
                         "model %s: field \"%s\" %s, and %s of %s \"%.64s\" (position %" PRId64
                         " of partition %" PRId32 ") %s",
                         model->name, field->name, problem, event->type, event->aggregate_type,
                         event->aggregate_id, event->position, event->partition, verb);
}

static ErrorCode check_row(const Sample *sample, const Event *event, const RowChange *change,
                           Error *err)
{
        const Model *model = sample->model;
        bool whole = change->kind == ROW_PUT || change->kind == ROW_ADD;

        for (size_t i = 0; whole && i < model->n_fields; i++) {
                const Field *field = &model->fields[i];

                if (lacks(sample, change, field))
                        return fault(model, field, event, "is required, has no @default",
                                     "gives none", err);
                if (misuses(change, field) && model_column_is_number(field))
                        return fault(model, field, event, "is an Int of a shared row",
                                     "sets it instead of adding to it", err);
                if (misuses(change, field))
                        return fault(model, field, event, "is no Int", "adds to it", err);
        }
        return ERROR_NONE;
}

static ErrorCode check_event(Sample *sample, const AggregateType *type, const Event *event,
                             Error *err)
{
        Error fault = ERROR_INIT;
        ErrorCode code = ERROR_NONE;

        row_changes_clear(sample->changes);
        if (event_project(&sample->projection, type, event, sample->model->name, sample->changes,
                          &fault))
                return ERROR_NONE; /* poison, whatever the schema says */
        for (size_t i = 0; !code && i < row_changes_count(sample->changes); i++)
                code = check_row(sample, event, row_changes_at(sample->changes, i), err);
        return code;
}

static ErrorCode check_range(Sample *sample, const AggregateType *type, const LogHead *head,
                             int64_t after, Error *err)
{
        const int64_t until = after + SAMPLE_EVENTS;
        ErrorCode code = ERROR_NONE;
        bool more = true;

        while (!code && more && after < until) {
                _cleanup_(event_batch_freep) EventBatch *events = NULL;

                code = store_read_log(sample->conn, type->name, head->partition, after,
                                      (int)(until - after), &events, sample->deadline_us, err);
                for (size_t i = 0; !code && i < events->n_events; i++)
                        code = check_event(sample, type, &events->events[i], err);
                more = !code && events->more;
                if (more)
                        after = events->events[events->n_events - 1].position;
        }
        return code;
}

static ErrorCode check_type(Sample *sample, const AggregateType *type, Error *err)
{
        _cleanup_(freep) LogHead *heads = NULL;
        size_t n = 0;
        ErrorCode code;

        code = store_read_heads(sample->conn, type->name, &heads, &n, sample->deadline_us, err);
        for (size_t i = 0; !code && i < n && i < SAMPLE_PARTITIONS; i++) {
                code = check_range(sample, type, &heads[i], 0, err);
                if (!code && heads[i].last_position > SAMPLE_EVENTS)
                        code = check_range(sample, type, &heads[i],
                                           heads[i].last_position - SAMPLE_EVENTS, err);
        }
        return code;
}

ErrorCode schema_change_check(PGconn *conn, const Model *model, int64_t deadline_us, Error *err)
{
        _cleanup_(sample_deinit) Sample sample = { .conn = conn,
                                                   .model = model,
                                                   .projection = EVENT_PROJECTION_INIT,
                                                   .changes = row_changes_new(),
                                                   .deadline_us = deadline_us };
        ErrorCode code = sample.changes ? ERROR_NONE : error_no_memory(err);

        for (size_t i = 0; !code && domain_aggregates[i]; i++)
                if (aggregate_feeds(domain_aggregates[i], model->name))
                        code = check_type(&sample, domain_aggregates[i], err);
        return code;
}
