#include <check.h>
#include <stdlib.h>

#include "common/domain/testing/scenario.h"

#define CREATED "{'projectId':'p1','name':'Apollo','description':'to the moon','owner':'alice'}"
#define ADDED                                                                             \
        "{'projectId':'p1','serviceId':'s1','serviceName':'billing','serviceType':'API'," \
        "'configuration':{'port': 8080}}"
#define ID_ONLY "{'projectId':'p1'}"

#define T1      "2026-01-01T00:00:01.000000Z"
#define T2      "2026-01-01T00:00:02.000000Z"
#define T3      "2026-01-01T00:00:03.000000Z"

static Scenario *active_project(void)
{
        Scenario *s = scenario_new("project", "p1");

        given(s, "ProjectCreated", CREATED);
        return s;
}

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

int main(void)
{
        Suite *suite = suite_create("project_projections");
        TCase *tcase = tcase_create("project_projections");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tcase, created_puts_the_project);
        tcase_add_test(tcase, created_without_description);
        tcase_add_test(tcase, renamed);
        tcase_add_test(tcase, described);
        tcase_add_test(tcase, archived_and_restored);
        tcase_add_test(tcase, deleted_stays_as_a_row);
        tcase_add_test(tcase, service_added_puts_the_service_and_moves_updated_at);
        tcase_add_test(tcase, service_configured_keeps_the_json_text);
        tcase_add_test(tcase, a_string_as_configuration_stays_json);
        tcase_add_test(tcase, service_removed_deletes_the_service);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
