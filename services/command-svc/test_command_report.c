/* The step table, and records that are told along it. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "command_report.h"
#include "common/base/clock.h"

#define RECEIVED_US INT64_C(1767225600000000) /* 2026-01-01T00:00:00Z */

static const char *const views[] = { "project", "service" };

static CommandFacts stored(void)
{
        return (CommandFacts){
                .command_type = "CreateProject",
                .aggregate_type = "project",
                .aggregate_id = "p1",
                .correlation_id = "c1",
                .actor = "alice",
                .state = COMMAND_STORED,
                .status = 201,
                .version = 1,
                .event_count = 1,
                .stopped_at = COMMAND_STEP_END,
                .steps = { [STEP_RECEIVED] = { true, RECEIVED_US },
                           [STEP_VALIDATED] = { true, RECEIVED_US + 10 },
                           [STEP_DECIDED] = { true, RECEIVED_US + 30 },
                           [STEP_STORED] = { true, RECEIVED_US + 100 } },
                .views = views,
                .n_views = ARRAY_SIZE(views),
        };
}

static void expect(const CommandFacts *facts, const char *part)
{
        _cleanup_(buffer_deinit) Buffer buffer = BUFFER_INIT;

        command_report_write(&buffer, facts);
        ck_assert_msg(strstr(buffer_text(&buffer), part), "%s\nlacks\n%s", buffer_text(&buffer),
                      part);
}

/* A step with the time @after_us after the arrival; negative: without. */
static void expect_step(const CommandFacts *facts, const char *name, const char *view,
                        const char *state, int after_us, int duration_us)
{
        _cleanup_(buffer_deinit) Buffer part = BUFFER_INIT;
        char at[CLOCK_TEXT_SIZE];

        buffer_printf(&part, "{\"name\":\"%s\",", name);
        if (view)
                buffer_printf(&part, "\"view\":\"%s\",", view);
        clock_format(RECEIVED_US + after_us, at);
        if (after_us >= 0)
                buffer_printf(&part, "\"state\":\"%s\",\"at\":\"%s\",\"durationUs\":%d}", state, at,
                              duration_us);
        else
                buffer_printf(&part, "\"state\":\"%s\",\"at\":null,\"durationUs\":null}", state);
        expect(facts, part.data);
}

static void expect_no_time(const CommandFacts *facts, const char *name, const char *view,
                           const char *state)
{
        expect_step(facts, name, view, state, -1, 0);
}

START_TEST(the_steps_are_one_chain)
{
        unsigned n = 0;

        for (CommandStep step = STEP_RECEIVED; step != COMMAND_STEP_END;
             step = command_steps[step].next) {
                ck_assert_ptr_nonnull(command_steps[step].name);
                ck_assert_int_eq(command_step_find(command_steps[step].name), step);
                ck_assert_int_le(command_steps[step].retry.first_us,
                                 command_steps[step].retry.max_us);
                ck_assert_uint_lt(n, COMMAND_STEP_COUNT);
                n++;
        }
        ck_assert_uint_eq(n, COMMAND_STEP_COUNT);
        ck_assert_int_eq(command_step_find("nowhere"), COMMAND_STEP_END);
}
END_TEST

START_TEST(retries_follow_the_table)
{
        Backoff backoff = command_step_backoff(STEP_STORED);

        ck_assert(!command_step_retries(STEP_VALIDATED, ERROR_MALFORMED, 1));
        ck_assert(command_step_retries(STEP_DECIDED, ERROR_CONFLICT, 99));
        ck_assert(!command_step_retries(STEP_DECIDED, ERROR_CONFLICT, 100));
        ck_assert(!command_step_retries(STEP_DECIDED, ERROR_INVALID, 1));
        ck_assert(command_step_retries(STEP_STORED, ERROR_UNAVAILABLE, 100000));
        ck_assert(!command_step_retries(STEP_STORED, ERROR_INTERNAL, 1));
        ck_assert(command_step_retries(STEP_PUBLISHED, ERROR_INTERNAL, 100000));
        ck_assert_int_eq(backoff.first_us, 10 * US_PER_MS);
        ck_assert_int_eq(backoff.max_us, 200 * US_PER_MS);
}
END_TEST

START_TEST(a_stored_command_waits_for_its_views)
{
        CommandFacts facts = stored();
        Reached reached[] = { { true, RECEIVED_US + 900 }, { false, 0 } };

        expect_step(&facts, "received", NULL, "done", 0, 0);
        expect_step(&facts, "validated", NULL, "done", 10, 10);
        expect_step(&facts, "decided", NULL, "done", 30, 20);
        expect_step(&facts, "stored", NULL, "done", 100, 70);
        expect_no_time(&facts, "published", NULL, "pending");
        expect_no_time(&facts, "projected", "project", "pending");
        expect_no_time(&facts, "projected", "service", "pending");
        expect(&facts, "],\"complete\":false}");

        facts.steps[STEP_PUBLISHED] = (Reached){ true, RECEIVED_US + 600 };
        facts.view_steps = reached;
        expect_step(&facts, "published", NULL, "done", 600, 500);
        expect_step(&facts, "projected", "project", "done", 900, 300);
        expect_no_time(&facts, "projected", "service", "pending");
        reached[1] = (Reached){ .parked = true };
        expect_no_time(&facts, "projected", "service", "parked");
        expect(&facts, "],\"complete\":false}");
        reached[1] = (Reached){ .dropped = true };
        expect_no_time(&facts, "projected", "service", "skipped");
        reached[1] = (Reached){ true, 0 }; /* its mark has expired */
        expect_no_time(&facts, "projected", "service", "done");
        expect(&facts, "],\"complete\":true}");
}
END_TEST

START_TEST(a_record_says_who_and_what)
{
        CommandFacts facts = stored();
        _cleanup_(buffer_deinit) Buffer buffer = BUFFER_INIT;

        facts.token = "project.0.1";
        command_report_write(&buffer, &facts);
        *strstr(buffer.data, ",\"steps\"") = '\0';
        ck_assert_str_eq(buffer.data,
                         "{\"commandId\":\"00000000-0000-0000-0000-000000000000\",\"commandType\":"
                         "\"CreateProject\",\"aggregateType\":\"project\",\"aggregateId\":\"p1\","
                         "\"status\":\"stored\",\"httpStatus\":201,\"version\":1,\"eventCount\":1,"
                         "\"actor\":\"alice\",\"correlationId\":\"c1\",\"consistencyToken\":"
                         "\"project.0.1\"");
}
END_TEST

START_TEST(a_refusal_is_stored_and_goes_no_further)
{
        CommandFacts facts = stored();
        StoredProblem problem = { .version = 4 };

        (void)error_set(&problem.error, ERROR_CONFLICT, "no");
        facts.state = COMMAND_REFUSED;
        facts.status = 409;
        facts.event_count = 0;
        facts.problem = &problem;
        facts.stopped_at = STEP_DECIDED;
        expect(&facts, "\"status\":\"refused\",\"httpStatus\":409");
        expect(&facts,
               "\"problem\":{\"type\":\"https://skafu.dev/problems/conflict\",\"title\":\"Conflict\","
               "\"status\":409,\"detail\":\"no\",\"currentVersion\":4,\"commandId\":"
               "\"00000000-0000-0000-0000-000000000000\"},\"steps\":[");
        expect_step(&facts, "decided", NULL, "refused", 30, 20);
        expect_step(&facts, "stored", NULL, "done", 100, 70);
        expect_no_time(&facts, "published", NULL, "skipped");
        expect_no_time(&facts, "projected", "service", "skipped");
        expect(&facts, "],\"complete\":true}");
}
END_TEST

START_TEST(a_failure_ends_at_its_step)
{
        CommandFacts facts = stored();

        facts.state = COMMAND_FAILED;
        facts.event_count = 0;
        facts.stopped_at = STEP_STORED;
        facts.n_views = 0; /* of an unknown type */
        expect_step(&facts, "stored", NULL, "failed", 100, 70);
        expect_no_time(&facts, "published", NULL, "skipped");
        expect_no_time(&facts, "projected", NULL, "skipped");
        expect(&facts, "],\"complete\":true}");
}
END_TEST

START_TEST(a_running_command_is_not_stored_yet)
{
        CommandFacts facts = stored();

        facts.state = COMMAND_RUNNING;
        facts.status = 0;
        facts.version = facts.event_count = FACT_UNKNOWN;
        facts.steps[STEP_DECIDED] = facts.steps[STEP_STORED] = (Reached){ .yes = false };
        expect(&facts,
               "\"status\":\"running\",\"httpStatus\":null,\"version\":null,\"eventCount\":null");
        expect_no_time(&facts, "decided", NULL, "pending");
        expect_no_time(&facts, "stored", NULL, "pending");
        expect_no_time(&facts, "projected", "project", "pending");
        expect(&facts, "],\"complete\":false}");
}
END_TEST

/* PostgreSQL's clock may be behind ours. */
START_TEST(times_never_go_backwards)
{
        CommandFacts facts = stored();

        facts.steps[STEP_STORED].at_us = RECEIVED_US - 5000;
        expect_step(&facts, "stored", NULL, "done", 30, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("command_report");
        TCase *tcase = tcase_create("command_report");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, the_steps_are_one_chain);
        tcase_add_test(tcase, retries_follow_the_table);
        tcase_add_test(tcase, a_stored_command_waits_for_its_views);
        tcase_add_test(tcase, a_record_says_who_and_what);
        tcase_add_test(tcase, a_refusal_is_stored_and_goes_no_further);
        tcase_add_test(tcase, a_failure_ends_at_its_step);
        tcase_add_test(tcase, a_running_command_is_not_stored_yet);
        tcase_add_test(tcase, times_never_go_backwards);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
