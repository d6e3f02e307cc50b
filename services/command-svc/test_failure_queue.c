/* Records of failed commands in memory: bounded, fair, one per command and actor. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure_queue.h"

static FailureQueue *queue;

static void setup(void)
{
        queue = failure_queue_new(8);
        ck_assert_ptr_nonnull(queue);
}

static void teardown(void)
{
        failure_queue_free(queue);
}

static void add(const char *id, const char *actor, const char *problem)
{
        FailureRecord record = { .command_id = uuid_from_name(id, strlen(id)),
                                 .actor = actor,
                                 .command_type = "Test",
                                 .step = STEP_VALIDATED,
                                 .problem = problem };

        failure_queue_add(queue, &record);
}

/* The problem of a record, "" when there is none. */
static const char *find(const char *id, const char *actor)
{
        static char text[64];
        Uuid uuid = uuid_from_name(id, strlen(id));
        _cleanup_(failure_record_freep) FailureRecord *record =
                failure_queue_find(queue, &uuid, actor);

        (void)snprintf(text, sizeof text, "%s", record ? record->problem : "");
        return text;
}

START_TEST(a_record_is_its_actors)
{
        add("1", "alice", "a");
        add("1", "bob", "b");
        ck_assert_str_eq(find("1", "alice"), "a");
        ck_assert_str_eq(find("1", "bob"), "b");
        ck_assert_str_eq(find("1", "carol"), "");
        ck_assert_str_eq(find("2", "alice"), "");
        ck_assert_str_eq(find("1", NULL), "b"); /* anybody's: the last */
}
END_TEST

START_TEST(the_last_try_counts)
{
        add("1", "alice", "first");
        add("2", "alice", "other");
        add("1", "alice", "second");
        ck_assert_uint_eq(failure_queue_count(queue), 2);
        ck_assert_str_eq(find("1", "alice"), "second");
}
END_TEST

START_TEST(one_sender_has_a_quarter)
{
        add("1", "alice", "1");
        add("2", "alice", "2");
        add("3", "alice", "3");
        ck_assert_str_eq(find("3", "alice"), "");
        add("3", "bob", "3");
        ck_assert_str_eq(find("3", "bob"), "3");
        add("2", "alice", "again");
        ck_assert_str_eq(find("2", "alice"), "again");
}
END_TEST

START_TEST(it_has_a_bound)
{
        static const char *const actors[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i" };

        for (size_t i = 0; i < ARRAY_SIZE(actors); i++)
                add("1", actors[i], actors[i]);
        ck_assert_uint_eq(failure_queue_count(queue), 8);
        ck_assert_str_eq(find("1", "a"), "a");
        ck_assert_str_eq(find("1", "i"), "");
}
END_TEST

START_TEST(a_record_has_a_bound)
{
        char actor[8192];

        memset(actor, 'x', sizeof actor - 1);
        actor[sizeof actor - 1] = '\0';
        add("1", actor, "long");
        ck_assert_uint_eq(failure_queue_count(queue), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("failure_queue");
        TCase *tcase = tcase_create("failure_queue");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_record_is_its_actors);
        tcase_add_test(tcase, the_last_try_counts);
        tcase_add_test(tcase, one_sender_has_a_quarter);
        tcase_add_test(tcase, it_has_a_bound);
        tcase_add_test(tcase, a_record_has_a_bound);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
