#include "change_causes.h"

/* In the order of change_sql_entries(). */
enum {
        ORDER,
        AGGREGATE_TYPE,
        PARTITION,
        POSITION,
        EVENT_ID,
        TRACEPARENT
};

ChangeCauses change_causes_init(PgParams *params, const ViewBatch *batch)
{
        ChangeCauses causes = { .params = params, .batch = batch };

        causes.first = pg_params_array(params, PG_ARRAY_INT4);
        (void)pg_params_array(params, PG_ARRAY_TEXT);
        (void)pg_params_array(params, PG_ARRAY_INT4);
        (void)pg_params_array(params, PG_ARRAY_INT8);
        (void)pg_params_array(params, PG_ARRAY_UUID);
        (void)pg_params_array(params, PG_ARRAY_TEXT);
        return causes;
}

void change_causes_add(const ChangeCauses *causes, size_t change)
{
        const BatchItem *item = view_batch_cause(causes->batch, change);
        PgParams *params = causes->params;
        int first = causes->first;

        pg_array_int(params, first + ORDER, (int64_t)change);
        pg_array_text(params, first + AGGREGATE_TYPE, item->feed->aggregate->name);
        pg_array_int(params, first + PARTITION, item->feed->partition);
        pg_array_int(params, first + POSITION, item->position);
        pg_array_uuid(params, first + EVENT_ID, &item->event_id);
        pg_array_text(params, first + TRACEPARENT, item->traceparent);
}
