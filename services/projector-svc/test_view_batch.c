#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "view_batch.h"

/* A business of one aggregate: "Put" makes the row of its name, "Other" concerns no view. */
static void evolve_nothing(void *state, const Event *event, JsonFields *data)
{
}

static void project_put(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_put(changes, json_fields_string(data, "name"));
        row_copy(changes, "value", data, "value");
}

static const EventType events[] = {
        { "Put", 1, evolve_nothing, NULL },
        { "Other", 1, evolve_nothing, NULL },
        { NULL, 0, NULL, NULL },
};

static const Projection projections[] = {
        { "Put", "Thing", project_put },
        { NULL, NULL, NULL },
};

static const AggregateType aggregate = { .name = "thing",
                                         .events = events,
                                         .projections = projections };

const AggregateType *const domain_aggregates[] = { &aggregate, NULL };

static RowColumn columns[] = { { .name = "id" }, { .name = "value" } };
static char model_name[] = "Thing";
static Model model = { .name = model_name };
static const View view = { .model = &model, .columns = columns, .n_columns = 2 };

static ViewBatch batch;
static ParkedSet parked;
static Feed left, right;

static void setup(void)
{
        view_batch_init(&batch, &view, &parked);
        left = (Feed){ .aggregate = &aggregate, .position = 10, .offset = 100 };
        right = (Feed){ .aggregate = &aggregate, .partition = 1, .position = 5, .offset = 50 };
        feed_rewind(&left);
        feed_rewind(&right);
}

static void teardown(void)
{
        view_batch_deinit(&batch);
}

static ErrorCode add(Feed *feed, const char *type, const char *data)
{
        Event event = { .type = type,
                        .version = 1,
                        .aggregate_id = "a",
                        .sequence = feed->next_position + 1,
                        .data = { data, strlen(data) },
                        .position = feed->next_position + 1 };
        Error err = ERROR_INIT;

        return view_batch_add(&batch, feed, &event, feed->next_offset + 1, &err);
}

START_TEST(feeds_move_with_their_events)
{
        ck_assert_int_eq(add(&left, "Put", "{\"name\":\"x\",\"value\":\"1\"}"), 0);
        ck_assert_int_eq(add(&right, "Other", "{}"), 0);
        view_batch_skip(&batch, &left, 12, -1); /* from the event store: no offset */
        ck_assert_uint_eq(batch.n_items, 3);
        ck_assert_int_eq(left.next_position, 12);
        ck_assert_int_eq(left.next_offset, 101);
        ck_assert_int_eq(right.next_position, 6);
        ck_assert_int_eq(left.position, 10);
        ck_assert_uint_eq(batch.items[0].n_changes, 1);
        ck_assert_uint_eq(batch.items[1].n_changes, 0);
}
END_TEST

START_TEST(what_cannot_be_projected_leaves_no_trace)
{
        ck_assert_int_eq(add(&left, "Put", "{\"name\":\"x\"}"), 0);
        ck_assert_int_eq(add(&left, "Put", "{\"value\":\"no name\"}"), ERROR_INVALID);
        ck_assert_int_eq(add(&left, "Unheard", "{}"), ERROR_INVALID);
        ck_assert_int_eq(add(&left, "Put", "{"), ERROR_MALFORMED);
        ck_assert_uint_eq(batch.n_items, 1);
        ck_assert_uint_eq(row_changes_count(batch.changes), 1);
        ck_assert_int_eq(left.next_position, 11);
        ck_assert_int_eq(add(&left, "Put", "{\"name\":\"y\"}"), 0);
}
END_TEST

START_TEST(a_dropped_feed_goes_back_and_others_stay)
{
        _cleanup_(row_fold_freep) RowFold *fold = row_fold_new(columns, ARRAY_SIZE(columns));
        size_t culprit = SIZE_MAX;
        Error err = ERROR_INIT;
        FoldRow row;

        ck_assert_int_eq(add(&left, "Put", "{\"name\":\"a\",\"value\":\"1\"}"), 0);
        ck_assert_int_eq(add(&right, "Put", "{\"name\":\"b\",\"value\":\"1\"}"), 0);
        ck_assert_int_eq(add(&left, "Put", "{\"name\":\"a\",\"value\":\"2\"}"), 0);
        ck_assert_int_eq(add(&right, "Put", "{\"name\":\"b\",\"value\":\"2\"}"), 0);
        ck_assert_int_eq(add(&left, "Put", "{\"name\":\"c\"}"), 0);
        view_batch_drop_feed(&batch, &left, 2);
        ck_assert_int_eq(left.next_position, 11);
        ck_assert_int_eq(left.next_offset, 101);
        ck_assert_int_eq(right.next_position, 7);

        ck_assert_int_eq(view_batch_fold(&batch, 0, batch.n_items, fold, &culprit, &err), 0);
        ck_assert(row_fold_find(fold, "a", "a", &row));
        ck_assert_str_eq(row.values[1], "1");
        ck_assert(row_fold_find(fold, "b", "a", &row));
        ck_assert_str_eq(row.values[1], "2");
        ck_assert(!row_fold_find(fold, "c", "a", &row));
}
END_TEST

START_TEST(a_cleared_batch_begins_again)
{
        for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 500; i++)
                        ck_assert_int_eq(add(&left, "Put", "{\"name\":\"a\",\"value\":\"1\"}"), 0);
                ck_assert_uint_eq(batch.n_items, 500);
                ck_assert_uint_gt(batch.bytes, 500);
                view_batch_clear(&batch);
                ck_assert_uint_eq(batch.n_items, 0);
                ck_assert_uint_eq(batch.bytes, 0);
        }
        ck_assert_int_eq(left.next_position, 1510);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("view_batch");
        TCase *tcase = tcase_create("view_batch");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, feeds_move_with_their_events);
        tcase_add_test(tcase, what_cannot_be_projected_leaves_no_trace);
        tcase_add_test(tcase, a_dropped_feed_goes_back_and_others_stay);
        tcase_add_test(tcase, a_cleared_batch_begins_again);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
