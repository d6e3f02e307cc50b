/*
 * What scenarios say when they fail. The tests that fail here on purpose run first, in a runner of their own;
 * what they said is compared afterwards.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/state.h"
#include "scenario.h"

/* ---- a domain: an account is opened and closed, which a row shows ---------------------------------- */

typedef struct Account {
        char *holder;
        bool closed;
} Account;

static void account_fini(void *state)
{
        free(((Account *)state)->holder);
}

static ErrorCode close_account(const void *state, const Command *command, EventList *ret,
                               Error *err)
{
        if (((const Account *)state)->closed)
                return error_set_field(err, ERROR_INVALID, "payload.accountId", "it is closed");
        event_begin(ret, "AccountClosed", 1);
        event_string(ret, "accountId", command->aggregate_id);
        event_copy(ret, command, "reason");
        event_end(ret);
        return ERROR_NONE;
}

static void evolve_opened(void *state, const Event *event, JsonFields *data)
{
        state_text_set(&((Account *)state)->holder, json_fields_string(data, "holder"));
}

static void evolve_closed(void *state, const Event *event, JsonFields *data)
{
        ((Account *)state)->closed = true;
}

static void project_opened(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_put(changes, event->aggregate_id);
        row_copy(changes, "holder", data, "holder");
        row_copy(changes, "credit", data, "credit");
        row_json(changes, "tags", data, "tags");
        row_string(changes, "state", "OPEN");
}

static void project_closed(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_set(changes, event->aggregate_id);
        row_string(changes, "state", "CLOSED");
        row_time(changes, "closedAt", event->timestamp_us);
}

static const PayloadField close_fields[] = {
        { "accountId", PAYLOAD_ID, true },
        { "reason", PAYLOAD_STRING },
        { NULL },
};
static const AllowRule anybody[] = { { ALLOW_SIGNED_IN }, { ALLOW_END } };
static const CommandType commands[] = {
        { "CloseAccount", close_fields, "accountId", false, anybody, close_account },
        { NULL },
};
static const EventType events[] = {
        { "AccountOpened", 1, evolve_opened },
        { "AccountClosed", 1, evolve_closed },
        { NULL },
};
static const Projection projections[] = {
        { "AccountOpened", "Account", project_opened },
        { "AccountClosed", "Account", project_closed },
        { NULL },
};
static const AggregateType account = {
        .name = "account",
        .state_size = sizeof(Account),
        .state_fini = account_fini,
        .commands = commands,
        .events = events,
        .projections = projections,
};

const AggregateType *const domain_aggregates[] = { &account, NULL };

/* ---- expectations that are not met ------------------------------------------------------------------ */

static const Actor ann = ACTOR_USER("ann");

#define OPENED "{'holder':'ann','credit':2,'tags':['a', 'b']}"

static Scenario *open_account(void)
{
        Scenario *s = scenario_new("account", "a1");

        given(s, "AccountOpened", OPENED);
        return s;
}

static Scenario *closed_account(void)
{
        Scenario *s = open_account();

        when(s, "CloseAccount", "{'accountId':'a1','reason':'moved'}", &ann);
        return s;
}

START_TEST(a_row_differs)
{
        then_row(open_account(), "Account", "a1",
                 "{'holder':'ben','credit':'2','state':'OPEN','closedAt':'now'}");
}
END_TEST

START_TEST(a_row_is_missing)
{
        then_row(open_account(), "Account", "a2", "{}");
}
END_TEST

START_TEST(a_row_is_there)
{
        then_no_row(open_account(), "Account", "a1");
}
END_TEST

START_TEST(rows_are_counted)
{
        then_row_count(open_account(), "Account", 2);
}
END_TEST

START_TEST(an_event_differs)
{
        then_event(closed_account(), "AccountClosed", "{'accountId':'a1','reason':'rich'}");
}
END_TEST

START_TEST(an_event_is_written_in_another_way)
{
        then_event(closed_account(), "AccountClosed", "{'reason':'moved','accountId':'a1'}");
}
END_TEST

START_TEST(an_event_is_another_one)
{
        then_event(closed_account(), "AccountOpened", "{}");
}
END_TEST

START_TEST(there_is_more)
{
        then_nothing_more(closed_account());
}
END_TEST

START_TEST(there_is_no_more)
{
        Scenario *s = closed_account();

        then_event(s, "AccountClosed", "{'accountId':'a1','reason':'moved'}");
        then_event(s, "AccountClosed", "{'accountId':'a1'}");
}
END_TEST

START_TEST(it_was_not_refused)
{
        then_refused(closed_account(), ERROR_INVALID, "payload.accountId");
}
END_TEST

START_TEST(it_was_refused_otherwise)
{
        Scenario *s = closed_account();

        when(s, "CloseAccount", "{'accountId':'a1'}", &ann);
        then_refused(s, ERROR_NOT_FOUND, "payload.accountId");
}
END_TEST

static const TTest **const unmet[] = {
        &a_row_differs,
        &a_row_is_missing,
        &a_row_is_there,
        &rows_are_counted,
        &an_event_differs,
        &an_event_is_written_in_another_way,
        &an_event_is_another_one,
        &there_is_more,
        &there_is_no_more,
        &it_was_not_refused,
        &it_was_refused_otherwise,
};

static const char *const messages[ARRAY_SIZE(unmet)] = {
        "Account \"a1\" differs\n"
        "#   expected: {\"holder\":\"ben\",\"credit\":\"2\",\"state\":\"OPEN\",\"closedAt\":\"now\"}\n"
        "#   found:    {\"holder\":\"ann\",\"credit\":\"2\",\"tags\":[\"a\", \"b\"],\"state\":\"OPEN\"}\n"
        "#   \"holder\" is \"ann\", not \"ben\"\n"
        "#   \"closedAt\" is null, not \"now\"\n"
        "#   \"tags\" is [\"a\", \"b\"], not null",
        "Account has no row \"a2\"; there are: \"a1\"",
        "Account has a row \"a1\": {\"holder\":\"ann\",\"credit\":2,\"tags\":[\"a\", \"b\"],\"state\":\"OPEN\"}",
        "Account has 1 rows, not 2: \"a1\"",
        "AccountClosed differs\n"
        "#   expected: {\"accountId\":\"a1\",\"reason\":\"rich\"}\n"
        "#   found:    {\"accountId\":\"a1\",\"reason\":\"moved\"}\n"
        "#   \"reason\" is \"moved\", not \"rich\"",
        "AccountClosed differs\n"
        "#   expected: {\"reason\":\"moved\",\"accountId\":\"a1\"}\n"
        "#   found:    {\"accountId\":\"a1\",\"reason\":\"moved\"}\n"
        "#   the same members, written in another way",
        "the next event is no AccountOpened; what is there:\n"
        "#   AccountClosed {\"accountId\":\"a1\",\"reason\":\"moved\"}",
        "there is more:\n"
        "#   AccountClosed {\"accountId\":\"a1\",\"reason\":\"moved\"}",
        "there is no further event, expected AccountClosed {\"accountId\":\"a1\"}",
        "it was not refused, and made \n"
        "#   AccountClosed {\"accountId\":\"a1\",\"reason\":\"moved\"}",
        "refused as invalid of \"payload.accountId\", not as not-found of \"payload.accountId\": it is closed",
};

static char *said[ARRAY_SIZE(unmet)]; /* NULL: it passed */

/* A runner each: one that forks, so that a failure ends only what failed. */
static void run_unmet(void)
{
        for (size_t i = 0; i < ARRAY_SIZE(unmet); i++) {
                Suite *suite = suite_create("unmet");
                TCase *tcase = tcase_create("unmet");
                SRunner *runner = srunner_create(suite);

                tcase_add_test(tcase, *unmet[i]);
                suite_add_tcase(suite, tcase);
                srunner_set_fork_status(runner, CK_FORK);
                srunner_set_tap(runner, "/dev/null"); /* not what the environment says */
                srunner_run_all(runner, CK_SILENT);
                if (srunner_ntests_failed(runner) == 1) {
                        TestResult **failures = srunner_failures(runner);

                        state_text_set(&said[i], tr_msg(failures[0]));
                        free(failures);
                }
                srunner_free(runner);
        }
}

START_TEST(what_is_not_met_is_told)
{
        ck_assert_msg(said[_i], "it passed, instead of: %s", messages[_i]);
        ck_assert_str_eq(said[_i], messages[_i]);
}
END_TEST

/* ---- and met ------------------------------------------------------------------------------------------ */

START_TEST(what_is_met_passes)
{
        _cleanup_(scenario_freep) Scenario *s = closed_account();

        then_event(s, "AccountClosed", "{'accountId':'a1','reason':'moved'}");
        then_nothing_more(s);
        then_row(s, "Account", "a1",
                 "{'state':'CLOSED','closedAt':'2026-01-01T00:00:02.000000Z','holder':'ann',"
                 "'credit':2,'tags':['a', 'b']}");
        then_no_row(s, "Account", "a2");
        then_row_count(s, "Account", 1);
        when(s, "CloseAccount", "{'accountId':'a1'}", &ann);
        then_refused(s, ERROR_INVALID, "payload.accountId");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("scenario");
        TCase *tcase = tcase_create("scenario");
        SRunner *runner;
        int failed;

        run_unmet();
        runner = srunner_create(suite);
        tcase_add_loop_test(tcase, what_is_not_met_is_told, 0, ARRAY_SIZE(unmet));
        tcase_add_test(tcase, what_is_met_passes);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        for (size_t i = 0; i < ARRAY_SIZE(unmet); i++)
                free(said[i]);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
