#include "change_causes.h"

#include "change_entries.h"

/* In the order of change_sql_entries(). */
enum {
        ORDER,
        ENTRY
};

ChangeCauses change_causes_init(PgParams *params, const ViewBatch *batch)
{
        ChangeCauses causes = { .params = params, .batch = batch };

        causes.first = pg_params_array(params, PG_ARRAY_INT4);
        (void)pg_params_array(params, PG_ARRAY_TEXT);
        return causes;
}

void change_causes_deinit(ChangeCauses *causes)
{
        buffer_deinit(&causes->entry);
}

void change_causes_begin(Buffer *entry, const ViewBatch *batch, const FoldRow *row)
{
        const BatchItem *item = view_batch_cause(batch, row->last_change);
        char event_id[UUID_TEXT_SIZE];
        const Change change = { .id = row->id,
                                .aggregate_id = row->aggregate,
                                .aggregate_type = item->feed->aggregate->name,
                                .partition = item->feed->partition,
                                .position = item->position,
                                .event_id = event_id,
                                .traceparent = item->traceparent };

        uuid_format(&item->event_id, event_id);
        change_entry_begin(entry, &change);
}

void change_causes_add(ChangeCauses *causes, const FoldRow *row)
{
        buffer_clear(&causes->entry);
        change_causes_begin(&causes->entry, causes->batch, row);
        pg_array_int(causes->params, causes->first + ORDER, (int64_t)row->last_change);
        pg_array_text_n(causes->params, causes->first + ENTRY, causes->entry.data,
                        causes->entry.size);
}
