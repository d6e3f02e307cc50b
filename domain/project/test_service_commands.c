#include <stdio.h>

#include "common/domain/testing/test_main.h"
#include "project_scenarios.h"

static const Actor alice = ACTOR_USER("alice");
static const Actor bob = ACTOR_USER("bob");

START_TEST(add_service)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        when(s, "AddService", ADDED, &alice);
        then_event(s, "ServiceAdded", ADDED);
        then_nothing_more(s);
}
END_TEST

START_TEST(add_service_makes_an_id_up)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        when(s, "AddService", "{'projectId':'p1','serviceName':'web','serviceType':'FRONTEND'}",
             &alice);
        then_event(s, "ServiceAdded",
                   "{'projectId':'p1','serviceId':'" SCENARIO_FRESH_ID "','serviceName':'web',"
                   "'serviceType':'FRONTEND','configuration':null}");
        then_nothing_more(s);
}
END_TEST

START_TEST(add_service_takes_any_json_as_configuration)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        when(s, "AddService",
             "{'projectId':'p1','serviceId':'a','serviceName':'a','serviceType':'WORKER',"
             "'configuration':[ 1.50, {'b':2,'a':1} ]}",
             &alice);
        then_event(s, "ServiceAdded",
                   "{'projectId':'p1','serviceId':'a','serviceName':'a','serviceType':'WORKER',"
                   "'configuration':[ 1.50, {'b':2,'a':1} ]}");
}
END_TEST

START_TEST(add_service_refuses_what_is_there)
{
        _cleanup_(scenario_freep) Scenario *s = project_with_service();

        when(s, "AddService",
             "{'projectId':'p1','serviceId':'s1','serviceName':'other','serviceType':'API'}",
             &alice);
        then_refused(s, ERROR_INVALID, "payload.serviceId");
        when(s, "AddService", "{'projectId':'p1','serviceName':'billing','serviceType':'API'}",
             &alice);
        then_refused(s, ERROR_INVALID, "payload.serviceName");
}
END_TEST

START_TEST(add_service_refuses_malformed_payloads)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        when(s, "AddService", "{'projectId':'p1','serviceType':'API'}", &alice);
        then_refused(s, ERROR_MALFORMED, "payload.serviceName");
        when(s, "AddService", "{'projectId':'p1','serviceName':'a','serviceType':'DATABASE'}",
             &alice);
        then_refused(s, ERROR_MALFORMED, "payload.serviceType");
        when(s, "AddService", "{'projectId':'p1','serviceName':'a','serviceType':'api'}", &alice);
        then_refused(s, ERROR_MALFORMED, "payload.serviceType");
        when(s, "AddService", "{'projectId':'p1','serviceName':'a'}", &alice);
        then_refused(s, ERROR_MALFORMED, "payload.serviceType");
        when(s, "AddService",
             "{'projectId':'p1','serviceId':'','serviceName':'a','serviceType':'API'}", &alice);
        then_refused(s, ERROR_MALFORMED, "payload.serviceId");
}
END_TEST

START_TEST(configure_service)
{
        _cleanup_(scenario_freep) Scenario *s = project_with_service();

        when(s, "ConfigureService",
             "{'projectId':'p1','serviceId':'s1','configuration':{'port':1}}", &alice);
        then_event(s, "ServiceConfigured",
                   "{'projectId':'p1','serviceId':'s1','configuration':{'port':1}}");
        then_nothing_more(s);
        when(s, "ConfigureService",
             "{'projectId':'p1','serviceId':'s1','configuration':{'port':1}}", &alice);
        then_nothing_more(s);
        when(s, "ConfigureService", "{'projectId':'p1','serviceId':'s1','configuration':null}",
             &alice);
        then_event(s, "ServiceConfigured",
                   "{'projectId':'p1','serviceId':'s1','configuration':null}");
        when(s, "ConfigureService", "{'projectId':'p1','serviceId':'s1','configuration':null}",
             &alice);
        then_nothing_more(s);
}
END_TEST

START_TEST(configure_with_what_it_has_does_nothing)
{
        _cleanup_(scenario_freep) Scenario *s = project_with_service();

        when(s, "ConfigureService",
             "{'projectId':'p1','serviceId':'s1','configuration':{'port': 8080}}", &alice);
        then_nothing_more(s);
}
END_TEST

START_TEST(configure_wants_the_configuration_said)
{
        _cleanup_(scenario_freep) Scenario *s = project_with_service();

        when(s, "ConfigureService", "{'projectId':'p1','serviceId':'s1'}", &alice);
        then_refused(s, ERROR_INVALID, "payload.configuration");
}
END_TEST

START_TEST(remove_service_frees_its_id_and_name)
{
        _cleanup_(scenario_freep) Scenario *s = project_with_service();

        when(s, "RemoveService", "{'projectId':'p1','serviceId':'s1'}", &alice);
        then_event(s, "ServiceRemoved", "{'projectId':'p1','serviceId':'s1'}");
        then_nothing_more(s);
        when(s, "AddService", ADDED, &alice);
        then_event(s, "ServiceAdded", ADDED);
}
END_TEST

START_TEST(services_are_kept_apart)
{
        _cleanup_(scenario_freep) Scenario *s = project_with_service();

        when(s, "AddService",
             "{'projectId':'p1','serviceId':'s2','serviceName':'web','serviceType':'API'}", &alice);
        when(s, "AddService",
             "{'projectId':'p1','serviceId':'s3','serviceName':'mail','serviceType':'API'}",
             &alice);
        when(s, "RemoveService", "{'projectId':'p1','serviceId':'s1'}", &alice);
        when(s, "ConfigureService", "{'projectId':'p1','serviceId':'s3','configuration':3}",
             &alice);
        then_event(s, "ServiceConfigured", "{'projectId':'p1','serviceId':'s3','configuration':3}");
        when(s, "ConfigureService", "{'projectId':'p1','serviceId':'s2','configuration':3}",
             &alice);
        then_event(s, "ServiceConfigured", "{'projectId':'p1','serviceId':'s2','configuration':3}");
        when(s, "RemoveService", "{'projectId':'p1','serviceId':'s1'}", &alice);
        then_refused(s, ERROR_NOT_FOUND, "payload.serviceId");
}
END_TEST

START_TEST(an_unknown_service_is_not_found)
{
        _cleanup_(scenario_freep) Scenario *s = project_with_service();

        when(s, "ConfigureService", "{'projectId':'p1','serviceId':'s2','configuration':1}",
             &alice);
        then_refused(s, ERROR_NOT_FOUND, "payload.serviceId");
        when(s, "RemoveService", "{'projectId':'p1','serviceId':'s2'}", &alice);
        then_refused(s, ERROR_NOT_FOUND, "payload.serviceId");
}
END_TEST

START_TEST(a_missing_project_has_no_services)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        when(s, "AddService", "{'projectId':'p1','serviceName':'a','serviceType':'API'}", &alice);
        then_refused(s, ERROR_NOT_FOUND, "payload.projectId");
        when(s, "ConfigureService", "{'projectId':'p1','serviceId':'s1','configuration':1}",
             &alice);
        then_refused(s, ERROR_NOT_FOUND, "payload.projectId");
        when(s, "RemoveService", "{'projectId':'p1','serviceId':'s1'}", &alice);
        then_refused(s, ERROR_NOT_FOUND, "payload.projectId");
}
END_TEST

START_TEST(services_of_an_archived_project_cannot_be_changed)
{
        _cleanup_(scenario_freep) Scenario *s = archived_project();

        when(s, "AddService", "{'projectId':'p1','serviceName':'a','serviceType':'API'}", &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
        when(s, "ConfigureService", "{'projectId':'p1','serviceId':'s1','configuration':1}",
             &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
        when(s, "RemoveService", "{'projectId':'p1','serviceId':'s1'}", &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
}
END_TEST

START_TEST(services_of_a_deleted_project_cannot_be_changed)
{
        _cleanup_(scenario_freep) Scenario *s = deleted_project();

        when(s, "AddService", "{'projectId':'p1','serviceName':'a','serviceType':'API'}", &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
        when(s, "ConfigureService", "{'projectId':'p1','serviceId':'s1','configuration':1}",
             &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
        when(s, "RemoveService", "{'projectId':'p1','serviceId':'s1'}", &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
}
END_TEST

START_TEST(services_belong_to_the_owner)
{
        _cleanup_(scenario_freep) Scenario *s = project_with_service();

        when(s, "AddService", "{'projectId':'p1','serviceName':'a','serviceType':'API'}", &bob);
        then_refused(s, ERROR_FORBIDDEN, "");
        when(s, "ConfigureService", "{'projectId':'p1','serviceId':'s1','configuration':1}", &bob);
        then_refused(s, ERROR_FORBIDDEN, "");
        when(s, "RemoveService", "{'projectId':'p1','serviceId':'s1'}", &bob);
        then_refused(s, ERROR_FORBIDDEN, "");
}
END_TEST

START_TEST(services_have_a_limit_that_delete_can_handle)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();
        char payload[128];

        for (int i = 0; i < 50; i++) {
                (void)snprintf(
                        payload, sizeof payload,
                        "{'projectId':'p1','serviceId':'s%d','serviceName':'n%d','serviceType':'API'}",
                        i, i);
                when(s, "AddService", payload, &alice);
                ck_assert_str_eq(scenario_message(s), "");
        }
        when(s, "AddService", "{'projectId':'p1','serviceName':'one more','serviceType':'API'}",
             &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
        when(s, "DeleteProject", ID_ONLY, &alice);
        for (int i = 0; i < 50; i++) {
                (void)snprintf(payload, sizeof payload, "{'projectId':'p1','serviceId':'s%d'}", i);
                then_event(s, "ServiceRemoved", payload);
        }
        then_event(s, "ProjectDeleted", ID_ONLY);
        then_nothing_more(s);
        then_row_count(s, "Service", 0);
}
END_TEST

TEST_MAIN("service_commands", add_service, add_service_makes_an_id_up,
          add_service_takes_any_json_as_configuration, add_service_refuses_what_is_there,
          add_service_refuses_malformed_payloads, configure_service,
          configure_with_what_it_has_does_nothing, configure_wants_the_configuration_said,
          remove_service_frees_its_id_and_name, services_are_kept_apart,
          an_unknown_service_is_not_found, a_missing_project_has_no_services,
          services_of_an_archived_project_cannot_be_changed,
          services_of_a_deleted_project_cannot_be_changed, services_belong_to_the_owner,
          services_have_a_limit_that_delete_can_handle)
