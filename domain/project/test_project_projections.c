#include "common/domain/testing/test_main.h"
#include "project_scenarios.h"

#define T1 "2026-01-01T00:00:01.000000Z"
#define T2 "2026-01-01T00:00:02.000000Z"
#define T3 "2026-01-01T00:00:03.000000Z"

START_TEST(created_puts_the_project)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        then_row(s, "Project", "p1",
                 "{'name':'Apollo','description':'to the moon','status':'ACTIVE','createdAt':'" T1
                 "','updatedAt':'" T1 "','owner':'alice'}");
        then_row_count(s, "Service", 0);
}
END_TEST

START_TEST(created_without_description)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        given(s, "ProjectCreated",
              "{'projectId':'p1','name':'Apollo','description':null,'owner':'alice'}");
        then_row(s, "Project", "p1",
                 "{'name':'Apollo','description':null,'status':'ACTIVE','createdAt':'" T1
                 "','updatedAt':'" T1 "','owner':'alice'}");
}
END_TEST

START_TEST(renamed)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        given(s, "ProjectRenamed", "{'projectId':'p1','name':'Gem\\u00efni'}");
        then_row(s, "Project", "p1",
                 "{'name':'Gemïni','description':'to the moon','status':'ACTIVE','createdAt':'" T1
                 "','updatedAt':'" T2 "','owner':'alice'}");
}
END_TEST

START_TEST(described)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        given(s, "ProjectDescribed", "{'projectId':'p1','description':'and back'}");
        then_row(s, "Project", "p1",
                 "{'name':'Apollo','description':'and back','status':'ACTIVE','createdAt':'" T1
                 "','updatedAt':'" T2 "','owner':'alice'}");
        given(s, "ProjectDescribed", "{'projectId':'p1','description':null}");
        then_row(s, "Project", "p1",
                 "{'name':'Apollo','description':null,'status':'ACTIVE','createdAt':'" T1
                 "','updatedAt':'" T3 "','owner':'alice'}");
}
END_TEST

START_TEST(archived_and_restored)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        given(s, "ProjectArchived", ID_ONLY);
        then_row(s, "Project", "p1",
                 "{'name':'Apollo','description':'to the moon','status':'ARCHIVED','createdAt':'" T1
                 "','updatedAt':'" T2 "','owner':'alice'}");
        given(s, "ProjectRestored", ID_ONLY);
        then_row(s, "Project", "p1",
                 "{'name':'Apollo','description':'to the moon','status':'ACTIVE','createdAt':'" T1
                 "','updatedAt':'" T3 "','owner':'alice'}");
}
END_TEST

START_TEST(deleted_stays_as_a_row)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        given(s, "ProjectDeleted", ID_ONLY);
        then_row(s, "Project", "p1",
                 "{'name':'Apollo','description':'to the moon','status':'DELETED','createdAt':'" T1
                 "','updatedAt':'" T2 "','owner':'alice'}");
}
END_TEST

START_TEST(service_added_puts_the_service_and_moves_updated_at)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        given(s, "ServiceAdded", ADDED);
        then_row(s, "Service", "s1",
                 "{'projectId':'p1','name':'billing','type':'API','configuration':{'port': 8080}}");
        then_row(s, "Project", "p1",
                 "{'name':'Apollo','description':'to the moon','status':'ACTIVE','createdAt':'" T1
                 "','updatedAt':'" T2 "','owner':'alice'}");
}
END_TEST

START_TEST(service_configured_keeps_the_json_text)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        given(s, "ServiceAdded", ADDED);
        given(s, "ServiceConfigured",
              "{'projectId':'p1','serviceId':'s1','configuration':[1.0, 'a']}");
        then_row(s, "Service", "s1",
                 "{'projectId':'p1','name':'billing','type':'API','configuration':[1.0, 'a']}");
        then_row(s, "Project", "p1",
                 "{'name':'Apollo','description':'to the moon','status':'ACTIVE','createdAt':'" T1
                 "','updatedAt':'" T3 "','owner':'alice'}");
}
END_TEST

START_TEST(a_string_as_configuration_stays_json)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        given(s, "ServiceAdded", ADDED);
        given(s, "ServiceConfigured", "{'projectId':'p1','serviceId':'s1','configuration':'fast'}");
        then_row(s, "Service", "s1",
                 "{'projectId':'p1','name':'billing','type':'API','configuration':'\\'fast\\''}");
        given(s, "ServiceConfigured", "{'projectId':'p1','serviceId':'s1','configuration':null}");
        then_row(s, "Service", "s1",
                 "{'projectId':'p1','name':'billing','type':'API','configuration':null}");
}
END_TEST

START_TEST(service_removed_deletes_the_service)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        given(s, "ServiceAdded", ADDED);
        given(s, "ServiceRemoved", "{'projectId':'p1','serviceId':'s1'}");
        then_no_row(s, "Service", "s1");
        then_row(s, "Project", "p1",
                 "{'name':'Apollo','description':'to the moon','status':'ACTIVE','createdAt':'" T1
                 "','updatedAt':'" T3 "','owner':'alice'}");
}
END_TEST

TEST_MAIN("project_projections", created_puts_the_project, created_without_description, renamed,
          described, archived_and_restored, deleted_stays_as_a_row,
          service_added_puts_the_service_and_moves_updated_at,
          service_configured_keeps_the_json_text, a_string_as_configuration_stays_json,
          service_removed_deletes_the_service)
