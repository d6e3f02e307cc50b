/*
 * What a project's snapshot says, and what is refused as one. That every state survives it is checked by
 * every scenario (scenario.h).
 */

#include <string.h>

#include "common/domain/testing/scenario.h"
#include "common/domain/testing/test_main.h"

static const Actor ann = ACTOR_USER("ann");

#define DIGEST "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

START_TEST(every_kind_of_text_survives)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        given(s, "ProjectCreated",
              "{'projectId':'p1','name':'a\\u0022b\\\\c\\u0027\\n\\t\\u0001\\u007f','description':'é 漢 "
              "\\ud83d\\ude80 </script>','owner':'ann'}");
        given(s, "ServiceAdded",
              "{'projectId':'p1','serviceId':'s:1.2-3_4','serviceName':'\\u2028 {\\u0022id\\u0022:1}',"
              "'serviceType':'API','configuration':{'a':[1,'\\u00e9']}}");
        given(s, "ServiceAdded",
              "{'projectId':'p1','serviceId':'s2','serviceName':'','serviceType':'API',"
              "'configuration':null}");
        given(s, "ServiceRemoved", "{'projectId':'p1','serviceId':'s2'}");
        when(s, "ConfigureService",
             "{'projectId':'p1','serviceId':'s:1.2-3_4','configuration':{'a':[1,2]}}", &ann);
        then_event(s, "ServiceConfigured",
                   "{'projectId':'p1','serviceId':'s:1.2-3_4','configuration':{'a':[1,2]}}");
        when(s, "RenameProject", "{'projectId':'p1','name':'\\\\u0000 is text'}", &ann);
        when(s, "DescribeProject", "{'projectId':'p1','description':null}", &ann);
        when(s, "ArchiveProject", "{'projectId':'p1'}", &ann);
        when(s, "RestoreProject", "{'projectId':'p1'}", &ann);
        when(s, "DeleteProject", "{'projectId':'p1'}", &ann);
        when(s, "RenameProject", "{'projectId':'p1','name':'late'}", &ann);
        then_refused(s, ERROR_INVALID, "payload.projectId");
}
END_TEST

static ErrorCode decode(const char *text, Aggregate **ret, Error *err)
{
        return aggregate_decode(ret, domain_aggregate("project"), 7,
                                (JsonSpan){ text, strlen(text) }, err);
}

START_TEST(the_text)
{
        static const char text[] =
                "{\"status\":\"ARCHIVED\",\"name\":\"n\",\"description\":null,\"owner\":\"ann\","
                "\"services\":[{\"id\":\"s1\",\"name\":\"one\",\"configuration\":\"" DIGEST
                "\"},{\"id\":\"s2\",\"name\":\"two\",\"configuration\":\"" DIGEST "\"}]}";
        _cleanup_(aggregate_freep) Aggregate *aggregate = NULL;
        _cleanup_(buffer_deinit) Buffer again = BUFFER_INIT;
        Error err = ERROR_INIT;

        ck_assert_msg(decode(text, &aggregate, &err) == ERROR_NONE, "%s", err.message);
        ck_assert_int_eq(aggregate->version, 7);
        aggregate_encode(aggregate, &again);
        ck_assert_str_eq(buffer_text(&again), text);
}
END_TEST

#define REST ",\"description\":null,\"owner\":null"

START_TEST(what_is_no_state)
{
        static const struct {
                const char *text, *field;
        } cases[] = {
                { "", "" },
                { "[]", "" },
                { "{}", "status" },
                { "{\"status\":\"GONE\"}", "status" },
                { "{\"status\":1}", "status" },
                { "{\"status\":\"ACTIVE\",\"name\":null" REST ",\"services\":[]}", "name" },
                { "{\"status\":\"ACTIVE\",\"name\":\"\\ud800\"" REST ",\"services\":[]}", "name" },
                { "{\"status\":\"ACTIVE\",\"name\":\"n\",\"owner\":null,\"services\":[]}",
                  "description" },
                { "{\"status\":\"ACTIVE\",\"name\":\"n\",\"description\":null,\"owner\":1,"
                  "\"services\":[]}",
                  "owner" },
                { "{\"status\":\"ACTIVE\",\"name\":\"n\"" REST "}", "services" },
                { "{\"status\":\"ACTIVE\",\"name\":\"n\"" REST ",\"services\":{}}", "services" },
                { "{\"status\":\"ACTIVE\",\"name\":\"n\"" REST ",\"services\":[1]}", "services" },
                { "{\"status\":\"ACTIVE\",\"name\":\"n\"" REST
                  ",\"services\":[{\"id\":\"s\",\"name\":\"n\"}]}",
                  "services" },
                { "{\"status\":\"ACTIVE\",\"name\":\"n\"" REST
                  ",\"services\":[{\"id\":\"s\",\"name\":\"n\",\"configuration\":\"AAAA\"}]}",
                  "services" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Aggregate *aggregate = NULL;
                Error err = ERROR_INIT;

                ck_assert_msg(decode(cases[i].text, &aggregate, &err) == ERROR_MALFORMED, "%s",
                              cases[i].text);
                ck_assert_str_eq(err.field, cases[i].field);
                ck_assert_ptr_null(aggregate);
        }
}
END_TEST

TEST_MAIN("project_snapshot", every_kind_of_text_survives, the_text, what_is_no_state)
