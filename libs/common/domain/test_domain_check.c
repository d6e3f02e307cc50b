#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/domain.h"

static ErrorCode decide(const void *state, const Command *command, EventList *ret, Error *err)
{
        return ERROR_NONE;
}

static void evolve(void *state, const Event *event, JsonFields *data)
{
}

static void upcast(int version, JsonFields *data, Buffer *ret)
{
}

static void project(const Event *event, JsonFields *data, RowChanges *changes)
{
}

static void encode(const void *state, Buffer *ret)
{
}

static ErrorCode decode(void *state, JsonFields *data, Error *err)
{
        return ERROR_NONE;
}

static const char *owner(const void *state)
{
        return NULL;
}

static const char *const values[] = { "A", NULL };
static const char *const no_values[] = { NULL };

/* A sound domain; each test spoils a copy of it. */
typedef struct Tables {
        PayloadField fields[4];
        AllowRule allow[3];
        CommandType commands[3];
        EventType events[3];
        Projection projections[3];
        SnapshotOps snapshot;
        AggregateType aggregate;
} Tables;

static Tables tables;

const AggregateType *const domain_aggregates[] = { &tables.aggregate, NULL };

static void make_sound(void)
{
        tables = (Tables){
                .fields = { { "thingId", PAYLOAD_ID, true },
                            { "kind", PAYLOAD_ENUM, .values = values } },
                .allow = { { ALLOW_OWNER }, { ALLOW_GROUP, "Admin" } },
                .commands = { { "MakeThing", tables.fields, "thingId", false, tables.allow,
                                decide } },
                .events = { { "ThingMade", 2, evolve, upcast }, { "ThingGone", 1, evolve } },
                .projections = { { "ThingMade", "Thing", project } },
                .snapshot = { 1, encode, decode },
                .aggregate = { .name = "thing",
                               .state_size = 1,
                               .owner = owner,
                               .snapshot = &tables.snapshot,
                               .commands = tables.commands,
                               .events = tables.events,
                               .projections = tables.projections },
        };
}

static void check_wrong(const char *part)
{
        Error err = ERROR_INIT;

        ck_assert_msg(domain_check(&err) == ERROR_INTERNAL, "nothing is wrong, not \"%s\"", part);
        ck_assert_msg(strstr(err.message, part), "\"%s\" does not say \"%s\"", err.message, part);
        make_sound();
}

START_TEST(a_sound_domain)
{
        Error err = ERROR_INIT;

        make_sound();
        ck_assert_msg(domain_check(&err) == ERROR_NONE, "%s", err.message);
        tables.commands[0].creates = true;
        tables.fields[0].required = false;
        ck_assert_msg(domain_check(&err) == ERROR_NONE, "%s", err.message);
}
END_TEST

START_TEST(aggregates)
{
        make_sound();
        tables.aggregate.name = "Thing";
        check_wrong("snake_case");
        tables.aggregate.name = "";
        check_wrong("snake_case");
        tables.aggregate.name = "a234567890123456789012345678901234567890123456789012345678901234";
        check_wrong("snake_case");
        tables.aggregate.name = NULL;
        check_wrong("no name");
        tables.aggregate.state_size = 0;
        check_wrong("lacks");
        tables.aggregate.projections = NULL;
        check_wrong("lacks");
}
END_TEST

START_TEST(commands)
{
        make_sound();
        tables.commands[0].name = "makeThing";
        check_wrong("PascalCase");
        tables.commands[0].name = "Make-Thing";
        check_wrong("PascalCase");
        tables.commands[1] = tables.commands[0];
        check_wrong("twice");
        tables.commands[0].decide = NULL;
        check_wrong("decide");
        tables.commands[0].fields = NULL;
        check_wrong("fields");
        tables.commands[0].id_field = NULL;
        check_wrong("id_field");
        tables.commands[0].id_field = "other";
        check_wrong("PAYLOAD_ID");
        tables.fields[0].kind = PAYLOAD_STRING;
        check_wrong("PAYLOAD_ID");
        tables.fields[0].required = false;
        check_wrong("optional");
        tables.commands[0].creates = true;
        check_wrong("requires");
}
END_TEST

START_TEST(fields)
{
        make_sound();
        tables.fields[1].name = "Kind";
        check_wrong("camelCase");
        tables.fields[1].name = "";
        check_wrong("camelCase");
        tables.fields[2] = tables.fields[1];
        check_wrong("twice");
        tables.fields[1].values = NULL;
        check_wrong("values");
        tables.fields[1].values = no_values;
        check_wrong("values");
}
END_TEST

START_TEST(rules)
{
        make_sound();
        tables.commands[0].allow = NULL;
        check_wrong("rule");
        tables.allow[0].kind = ALLOW_END;
        check_wrong("nobody");
        tables.allow[1].group = "";
        check_wrong("group");
        tables.aggregate.owner = NULL;
        check_wrong("owner");
}
END_TEST

START_TEST(events)
{
        make_sound();
        tables.events[1].name = "thingGone";
        check_wrong("PascalCase");
        tables.events[1].name = "ThingMade";
        check_wrong("twice");
        tables.events[1].version = 0;
        check_wrong("version");
        tables.events[1].evolve = NULL;
        check_wrong("evolve");
        tables.events[0].upcast = NULL;
        check_wrong("upcast");
        tables.events[1].upcast = upcast;
        check_wrong("upcast");
}
END_TEST

START_TEST(projections)
{
        make_sound();
        tables.projections[0].event_type = "ThingMad";
        check_wrong("does not have");
        tables.projections[0].model = NULL;
        check_wrong("model");
        tables.projections[0].project = NULL;
        check_wrong("project");
}
END_TEST

START_TEST(snapshots)
{
        make_sound();
        tables.snapshot.decode = NULL;
        check_wrong("decode");
        tables.snapshot.encode = NULL;
        check_wrong("encode");
        tables.snapshot.state_version = 0;
        check_wrong("state_version");
        tables.aggregate.snapshot = NULL;
        ck_assert_int_eq(domain_check(NULL), ERROR_NONE);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("domain_check");
        TCase *tcase = tcase_create("domain_check");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, a_sound_domain);
        tcase_add_test(tcase, aggregates);
        tcase_add_test(tcase, commands);
        tcase_add_test(tcase, fields);
        tcase_add_test(tcase, rules);
        tcase_add_test(tcase, events);
        tcase_add_test(tcase, projections);
        tcase_add_test(tcase, snapshots);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
