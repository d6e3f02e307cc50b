#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/daemon/metrics.h"
#include "common/domain/domain.h"
#include "common/domain/event_projection.h"
#include "common/domain/row_fold.h"
#include "common/pg/pg_params.h"
#include "common/store/store.h"
#include "library_stack.h"
#include "tests/support/eventually.h"

/* In the order of the model; times in the form in which projections write them. */
static const char read_rows[] =
        "SELECT id, title, kind, pages::text, to_json(tags)::text, notes::text, shelf, "
        "to_char(\"placedAt\", 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), \"_aggregate\", \"_sequence\" "
        "FROM read.book ORDER BY id, \"_aggregate\"";

static const RowColumn columns[] = {
        { .name = "id" },    { .name = "title" },
        { .name = "kind" },  { .name = "pages", .number = true },
        { .name = "tags" },  { .name = "notes" },
        { .name = "shelf" }, { .name = "placedAt" },
};

static void need(ErrorCode code, const Error *err)
{
        ck_assert_msg(code == ERROR_NONE, "%s", err->message);
}

static int64_t deadline_us(void)
{
        return clock_monotonic_us() + LIBRARY_WAIT_MS * US_PER_MS;
}

/* Which events the view does not show: those that were dropped, and what parked aggregates hold. */
static const char read_left_out[] =
        "SELECT e.partition, e.position FROM event_store.events e JOIN projection.dropped d "
        "USING (partition, position) UNION ALL "
        "SELECT e.partition, e.position FROM event_store.events e JOIN projection.parked p "
        "USING (aggregate_id) WHERE e.event_sequence >= p.event_sequence";

static bool is_left_out(const PGresult *left_out, const Event *event)
{
        for (int row = 0; row < PQntuples(left_out); row++)
                if (strtoll(PQgetvalue(left_out, row, 0), NULL, 10) == event->partition &&
                    strtoll(PQgetvalue(left_out, row, 1), NULL, 10) == event->position)
                        return true;
        return false;
}

static void fold_partition(LibraryStack *stack, RowFold *fold, int partition,
                           const PGresult *left_out)
{
        _cleanup_(event_projection_deinit) EventProjection projection = EVENT_PROJECTION_INIT;
        _cleanup_(row_changes_freep) RowChanges *changes = row_changes_new();
        int64_t after = 0;
        bool more = true;

        while (more) {
                _cleanup_(event_batch_freep) EventBatch *batch = NULL;
                Error err = ERROR_INIT;

                need(store_read_log(stack->conn, "shelf", partition, after, INT32_MAX, &batch,
                                    deadline_us(), &err),
                     &err);
                more = batch->more;
                for (size_t i = 0; i < batch->n_events; i++) {
                        const Event *event = &batch->events[i];

                        after = event->position;
                        if (is_left_out(left_out, event))
                                continue;
                        row_changes_clear(changes);
                        need(event_project(&projection, domain_aggregates[0], event, "Book",
                                           changes, &err),
                             &err);
                        need(row_fold_apply(fold, event, changes, 0, row_changes_count(changes),
                                            &err),
                             &err);
                }
        }
}

static void compare_row(const PGresult *res, int row, const RowFold *fold)
{
        const char *id = PQgetvalue(res, row, 0);
        const char *aggregate = PQgetvalue(res, row, (int)ARRAY_SIZE(columns));
        FoldRow fresh;

        ck_assert_msg(row_fold_find(fold, id, aggregate, &fresh) && fresh.present,
                      "row %s should not be there", id);
        for (int c = 0; c < (int)ARRAY_SIZE(columns); c++) {
                const char *stored = PQgetisnull(res, row, c) ? NULL : PQgetvalue(res, row, c);

                if (!stored || !fresh.values[c])
                        ck_assert_msg(!stored && !fresh.values[c],
                                      "row %s: %s is \"%s\", not \"%s\"", id, columns[c].name,
                                      stored ? stored : "null",
                                      fresh.values[c] ? fresh.values[c] : "null");
                else
                        ck_assert_str_eq(stored, fresh.values[c]);
        }
        ck_assert_int_eq(strtoll(PQgetvalue(res, row, (int)ARRAY_SIZE(columns) + 1), NULL, 10),
                         fresh.sequence);
}

void library_expect_fresh(LibraryStack *stack)
{
        _cleanup_(row_fold_freep) RowFold *fold = row_fold_new(columns, ARRAY_SIZE(columns));
        _cleanup_(PQclearp) PGresult *res = NULL, *left_out = NULL;
        Error err = ERROR_INIT;
        int n_present = 0;

        ck_assert_msg(eventually(LIBRARY_WAIT_MS, library_caught_up(stack)),
                      "the view has not caught up");
        need(pg_exec(stack->conn, read_left_out, NULL, &left_out, deadline_us(), "look", &err),
             &err);
        for (int p = 0; p < LIBRARY_PARTITIONS; p++)
                fold_partition(stack, fold, p, left_out);
        need(pg_exec(stack->conn, read_rows, NULL, &res, deadline_us(), "read rows", &err), &err);
        for (int row = 0; row < PQntuples(res); row++)
                compare_row(res, row, fold);
        for (size_t i = 0; i < row_fold_count(fold); i++)
                n_present += row_fold_at(fold, i).present;
        ck_assert_int_eq(PQntuples(res), n_present);
}

int64_t library_metric(const char *name)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        double sum = 0;

        metrics_write(&text);
        for (const char *line = buffer_text(&text); *line;) {
                size_t size = strcspn(line, "\n");
                const char *value = memrchr(line, ' ', size);

                if (strncmp(line, name, strlen(name)) == 0 && value)
                        sum += strtod(value, NULL);
                line += size + (line[size] == '\n');
        }
        return (int64_t)sum;
}
