#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/json_writer.h"
#include "common/domain/domain.h"
#include "common/domain/state.h"

/* A domain of one aggregate whose only event is at its third version: {"sum":n}, before {"add":n},
 * before {"n":n}. */
typedef struct Counter {
        int64_t sum;
        char *owner;
} Counter;

static void evolve_counted(void *state, const Event *event, JsonFields *data)
{
        Counter *counter = state;
        int64_t sum = 0;

        (void)json_fields_int64(data, "sum", &sum);
        counter->sum += sum;
        state_text_set(&counter->owner, json_fields_string(data, "owner"));
}

static void upcast_counted(int version, JsonFields *data, Buffer *ret)
{
        json_write_object(ret, NULL);
        json_write_raw(ret, version == 1 ? "add" : "sum",
                       json_fields_get(data, version == 1 ? "n" : "add"));
        json_write_raw(ret, "owner", json_fields_get(data, "owner"));
        json_write_object_end(ret);
}

static void counter_fini(void *state)
{
        Counter *counter = state;

        free(counter->owner);
}

static size_t counter_bytes(const void *state)
{
        const Counter *counter = state;

        return state_text_bytes(counter->owner);
}

static const char *counter_owner(const void *state)
{
        const Counter *counter = state;

        return counter->owner;
}

static ErrorCode decide_nothing(const void *state, const Command *command, EventList *ret,
                                Error *err)
{
        return ERROR_NONE;
}

static const AllowRule owner_or_admin[] = { { ALLOW_OWNER },
                                            { ALLOW_GROUP, "Admin" },
                                            { ALLOW_END } };
static const AllowRule signed_in[] = { { ALLOW_SIGNED_IN }, { ALLOW_END } };
static const AllowRule api_key[] = { { ALLOW_API_KEY }, { ALLOW_END } };
static const AllowRule nobody[] = { { ALLOW_END } };

static const PayloadField id_fields[] = { { "counterId", PAYLOAD_ID, true }, { NULL } };

static const CommandType commands[] = {
        { "CountUp", id_fields, "counterId", false, owner_or_admin, decide_nothing },
        { "LookAt", id_fields, "counterId", false, signed_in, decide_nothing },
        { "Feed", id_fields, "counterId", false, api_key, decide_nothing },
        { "Never", id_fields, "counterId", false, nobody, decide_nothing },
        { NULL },
};

static const EventType events[] = {
        { "Counted", 3, evolve_counted, upcast_counted },
        { NULL },
};

static const Projection projections[] = { { NULL } };

static const AggregateType counter_aggregate = {
        .name = "counter",
        .state_size = sizeof(Counter),
        .state_fini = counter_fini,
        .state_bytes = counter_bytes,
        .owner = counter_owner,
        .commands = commands,
        .events = events,
        .projections = projections,
};

const AggregateType *const domain_aggregates[] = { &counter_aggregate, NULL };

static Event counted(int64_t sequence, int version, const char *data)
{
        return (Event){
                .type = "Counted",
                .version = version,
                .aggregate_type = "counter",
                .aggregate_id = "c",
                .sequence = sequence,
                .data = { data, strlen(data) },
        };
}

static const Actor ann = { .user = "ann" };
static const Actor ben = { .user = "ben" };
static const Actor admin = { .user = "root",
                             .groups = (const char *const[]){ "Staff", "Admin" },
                             .n_groups = 2 };
static const Actor key = { .user = "", .api_key = true };
static const Actor unknown = { .user = "" };

static ErrorCode allowed(size_t command, const Actor *actor, int64_t version, Error *err)
{
        static char owner[] = "ann";
        Counter state = { .owner = version ? owner : NULL };

        return command_allowed(
                &counter_aggregate, &state,
                &(Command){ .type = &commands[command], .actor = actor, .version = version }, err);
}

START_TEST(things_are_found_by_name)
{
        const AggregateType *type = NULL;

        ck_assert_ptr_eq(domain_aggregate("counter"), &counter_aggregate);
        ck_assert_ptr_null(domain_aggregate("Counter"));
        ck_assert_ptr_eq(domain_command("LookAt", &type), &commands[1]);
        ck_assert_ptr_eq(type, &counter_aggregate);
        ck_assert_ptr_eq(domain_command("LookAt", NULL), &commands[1]);
        ck_assert_ptr_null(domain_command("lookAt", &type));
        ck_assert_ptr_null(domain_command("", NULL));
        ck_assert_ptr_eq(aggregate_event(&counter_aggregate, "Counted"), &events[0]);
        ck_assert_ptr_null(aggregate_event(&counter_aggregate, "Uncounted"));
}
END_TEST

START_TEST(owners_and_groups)
{
        ck_assert_int_eq(allowed(0, &ann, 1, NULL), ERROR_NONE);
        ck_assert_int_eq(allowed(0, &admin, 1, NULL), ERROR_NONE);
        ck_assert_int_eq(allowed(0, &ben, 1, NULL), ERROR_FORBIDDEN);
        ck_assert_int_eq(allowed(0, &key, 1, NULL), ERROR_FORBIDDEN);
        ck_assert_int_eq(allowed(0, &unknown, 1, NULL), ERROR_FORBIDDEN);
}
END_TEST

START_TEST(what_does_not_exist_is_everybodys)
{
        ck_assert_int_eq(allowed(0, &ben, 0, NULL), ERROR_NONE);
        ck_assert_int_eq(allowed(0, &key, 0, NULL), ERROR_FORBIDDEN);
        ck_assert_int_eq(allowed(0, &unknown, 0, NULL), ERROR_FORBIDDEN);
}
END_TEST

START_TEST(what_lost_its_owner_is_nobodys)
{
        Counter state = { .sum = 1 };
        Command command = { .type = &commands[0], .actor = &unknown, .version = 1 };

        ck_assert_int_eq(command_allowed(&counter_aggregate, &state, &command, NULL),
                         ERROR_FORBIDDEN);
        command.actor = &ann;
        ck_assert_int_eq(command_allowed(&counter_aggregate, &state, &command, NULL),
                         ERROR_FORBIDDEN);
}
END_TEST

START_TEST(signed_in_users_and_api_keys)
{
        ck_assert_int_eq(allowed(1, &ben, 1, NULL), ERROR_NONE);
        ck_assert_int_eq(allowed(1, &key, 1, NULL), ERROR_FORBIDDEN);
        ck_assert_int_eq(allowed(1, &unknown, 1, NULL), ERROR_FORBIDDEN);
        ck_assert_int_eq(allowed(2, &key, 1, NULL), ERROR_NONE);
        ck_assert_int_eq(allowed(2, &admin, 1, NULL), ERROR_FORBIDDEN);
        ck_assert_int_eq(allowed(3, &admin, 1, NULL), ERROR_FORBIDDEN);
}
END_TEST

START_TEST(a_refusal_says_who_may)
{
        Error err = ERROR_INIT;

        (void)allowed(0, &ben, 1, &err);
        ck_assert_str_eq(err.message, "CountUp is open to: the owner of the counter, group Admin");
        (void)allowed(3, &ben, 1, &err);
        ck_assert_str_eq(err.message, "Never is open to: nobody");
}
END_TEST

START_TEST(command_fields)
{
        _cleanup_(json_fields_deinit) JsonFields payload = JSON_FIELDS_INIT;
        static const char text[] = "{\"a\":\"x\",\"b\":null,\"c\":1}";
        Command command = { .payload = &payload };

        ck_assert_int_eq(json_fields_parse(&payload, text, strlen(text), NULL), ERROR_NONE);
        ck_assert_str_eq(command_string(&command, "a"), "x");
        ck_assert_ptr_null(command_string(&command, "b"));
        ck_assert_ptr_null(command_string(&command, "d"));
        ck_assert(command_has(&command, "a") && command_has(&command, "c"));
        ck_assert(!command_has(&command, "b") && !command_has(&command, "d"));
}
END_TEST

START_TEST(old_versions_are_cast_up_step_by_step)
{
        static const struct {
                int version;
                const char *data;
        } versions[] = { { 1, "{\"n\":7}" }, { 2, "{\"add\":7}" }, { 3, "{\"sum\":7}" } };

        for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
                _cleanup_(json_fields_deinit) JsonFields data = JSON_FIELDS_INIT;
                _cleanup_(buffer_deinit) Buffer upcast = BUFFER_INIT;
                Event event = counted(1, versions[i].version, versions[i].data);
                int64_t sum = 0;

                /* Twice into the same memory. */
                for (int round = 0; round < 2; round++) {
                        ck_assert_int_eq(event_current_data(&counter_aggregate, &event, &upcast,
                                                            &data, NULL),
                                         ERROR_NONE);
                        ck_assert(json_fields_int64(&data, "sum", &sum) && sum == 7);
                }
        }
}
END_TEST

START_TEST(events_that_cannot_be_read)
{
        _cleanup_(json_fields_deinit) JsonFields data = JSON_FIELDS_INIT;
        _cleanup_(buffer_deinit) Buffer upcast = BUFFER_INIT;
        Event event = counted(1, 4, "{}");
        Error err = ERROR_INIT;

        ck_assert_int_eq(event_current_data(&counter_aggregate, &event, &upcast, &data, &err),
                         ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(err.message, "4"));
        event.version = 0;
        ck_assert_int_eq(event_current_data(&counter_aggregate, &event, &upcast, &data, &err),
                         ERROR_INVALID);
        event = counted(1, 3, "[]");
        ck_assert_int_eq(event_current_data(&counter_aggregate, &event, &upcast, &data, &err),
                         ERROR_MALFORMED);
        event = counted(1, 1, "{\"n\":");
        ck_assert_int_eq(event_current_data(&counter_aggregate, &event, &upcast, &data, &err),
                         ERROR_MALFORMED);
        event = counted(1, 3, "{}");
        event.type = "Other";
        ck_assert_int_eq(event_current_data(&counter_aggregate, &event, &upcast, &data, &err),
                         ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(err.message, "Other"));
}
END_TEST

START_TEST(an_aggregate_follows_its_events)
{
        _cleanup_(aggregate_freep) Aggregate *aggregate = aggregate_new(&counter_aggregate);
        const Counter *counter = aggregate->state;
        size_t bytes = aggregate_bytes(aggregate);
        Event event = counted(1, 1, "{\"n\":1,\"owner\":\"ann\"}");
        Error err = ERROR_INIT;

        ck_assert_int_eq(aggregate->version, 0);
        ck_assert_int_eq(aggregate_apply(aggregate, &event, NULL), ERROR_NONE);
        /* What the allocator hands out at least. */
        ck_assert_uint_eq(aggregate_bytes(aggregate), bytes + 32);
        event = counted(2, 3, "{\"sum\":2,\"owner\":\"ann\"}");
        ck_assert_int_eq(aggregate_apply(aggregate, &event, NULL), ERROR_NONE);
        ck_assert_int_eq(counter->sum, 3);
        ck_assert_int_eq(aggregate->version, 2);

        /* Again, beyond the next, unreadable: nothing changes. */
        ck_assert_int_eq(aggregate_apply(aggregate, &event, &err), ERROR_INVALID);
        event.sequence = 4;
        ck_assert_int_eq(aggregate_apply(aggregate, &event, &err), ERROR_INVALID);
        event = counted(3, 3, "{");
        ck_assert_int_eq(aggregate_apply(aggregate, &event, &err), ERROR_MALFORMED);
        ck_assert_int_eq(counter->sum, 3);
        ck_assert_int_eq(aggregate->version, 2);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("domain");
        TCase *tcase = tcase_create("domain");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, things_are_found_by_name);
        tcase_add_test(tcase, owners_and_groups);
        tcase_add_test(tcase, what_does_not_exist_is_everybodys);
        tcase_add_test(tcase, what_lost_its_owner_is_nobodys);
        tcase_add_test(tcase, signed_in_users_and_api_keys);
        tcase_add_test(tcase, a_refusal_says_who_may);
        tcase_add_test(tcase, command_fields);
        tcase_add_test(tcase, old_versions_are_cast_up_step_by_step);
        tcase_add_test(tcase, events_that_cannot_be_read);
        tcase_add_test(tcase, an_aggregate_follows_its_events);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
