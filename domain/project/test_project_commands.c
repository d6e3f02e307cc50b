#include <string.h>

#include "common/domain/testing/test_main.h"
#include "project_scenarios.h"

static const Actor alice = ACTOR_USER("alice");
static const Actor bob = ACTOR_USER("bob");
static const Actor admin = ACTOR_IN_GROUP("root", "Admin");
static const Actor developer = ACTOR_IN_GROUP("dave", "Developer");
static const Actor api_key = ACTOR_API_KEY;

START_TEST(create_makes_a_project_of_its_creator)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        when(s, "CreateProject", "{'projectId':'p1','name':'Apollo','description':'to the moon'}",
             &alice);
        then_event(s, "ProjectCreated", CREATED);
        then_nothing_more(s);
}
END_TEST

START_TEST(create_without_id_and_description)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        when(s, "CreateProject", "{'name':'Apollo'}", &alice);
        then_event(s, "ProjectCreated",
                   "{'projectId':'p1','name':'Apollo','description':null,'owner':'alice'}");
        then_nothing_more(s);
}
END_TEST

START_TEST(create_keeps_the_name_byte_for_byte)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        when(s, "CreateProject", "{'name':'\\u00e9t\\u00e9 \\\\ \\/'}", &alice);
        then_event(
                s, "ProjectCreated",
                "{'projectId':'p1','name':'\\u00e9t\\u00e9 \\\\ \\/','description':null,'owner':'alice'}");
}
END_TEST

START_TEST(create_for_oneself_by_name)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        when(s, "CreateProject", "{'name':'Apollo','owner':'alice'}", &alice);
        then_event(s, "ProjectCreated",
                   "{'projectId':'p1','name':'Apollo','description':null,'owner':'alice'}");
}
END_TEST

START_TEST(create_for_somebody_else_is_for_admins)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        when(s, "CreateProject", "{'name':'Apollo','owner':'alice'}", &bob);
        then_refused(s, ERROR_FORBIDDEN, "payload.owner");
        when(s, "CreateProject", "{'name':'Apollo','owner':'alice'}", &admin);
        then_event(s, "ProjectCreated",
                   "{'projectId':'p1','name':'Apollo','description':null,'owner':'alice'}");
}
END_TEST

START_TEST(create_refuses_a_blank_owner)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        when(s, "CreateProject", "{'name':'Apollo','owner':' '}", &admin);
        then_refused(s, ERROR_INVALID, "payload.owner");
}
END_TEST

START_TEST(create_takes_an_absent_owner_as_null)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        when(s, "CreateProject", "{'name':'Apollo','owner':null,'description':null}", &alice);
        then_event(s, "ProjectCreated",
                   "{'projectId':'p1','name':'Apollo','description':null,'owner':'alice'}");
}
END_TEST

START_TEST(create_refuses_an_existing_project)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        when(s, "CreateProject", "{'projectId':'p1','name':'Apollo'}", &alice);
        then_refused(s, ERROR_CONFLICT, "payload.projectId");
}
END_TEST

START_TEST(create_refuses_a_deleted_project)
{
        _cleanup_(scenario_freep) Scenario *s = deleted_project();

        when(s, "CreateProject", "{'projectId':'p1','name':'Apollo'}", &alice);
        then_refused(s, ERROR_CONFLICT, "payload.projectId");
        ck_assert_ptr_nonnull(strstr(scenario_message(s), "deleted"));
}
END_TEST

START_TEST(create_refuses_malformed_payloads)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        when(s, "CreateProject", "{}", &alice);
        then_refused(s, ERROR_MALFORMED, "payload.name");
        when(s, "CreateProject", "{'name':' '}", &alice);
        then_refused(s, ERROR_MALFORMED, "payload.name");
        when(s, "CreateProject", "{'name':null}", &alice);
        then_refused(s, ERROR_MALFORMED, "payload.name");
        when(s, "CreateProject", "{'name':7}", &alice);
        then_refused(s, ERROR_MALFORMED, "payload.name");
        when(s, "CreateProject", "{'name':'a','projectId':'p 1'}", &alice);
        then_refused(s, ERROR_MALFORMED, "payload.projectId");
        when(s, "CreateProject", "{'name':'a','status':'ACTIVE'}", &alice);
        then_refused(s, ERROR_MALFORMED, "payload.status");
        when(s, "CreateProject", "{'name':'a'", &alice);
        then_refused(s, ERROR_MALFORMED, "");
}
END_TEST

START_TEST(create_limits_the_texts)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");
        _cleanup_(buffer_deinit) Buffer payload = BUFFER_INIT;

        buffer_append_string(&payload, "{'name':'");
        for (int i = 0; i < 257; i++)
                buffer_append_char(&payload, 'x');
        buffer_append_string(&payload, "'}");
        when(s, "CreateProject", buffer_text(&payload), &alice);
        then_refused(s, ERROR_TOO_LARGE, "payload.name");
}
END_TEST

START_TEST(create_is_not_for_api_keys)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        when(s, "CreateProject", "{'name':'Apollo'}", &api_key);
        then_refused(s, ERROR_FORBIDDEN, "");
}
END_TEST

START_TEST(rename_changes_the_name)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        when(s, "RenameProject", "{'projectId':'p1','name':'Gemini'}", &alice);
        then_event(s, "ProjectRenamed", "{'projectId':'p1','name':'Gemini'}");
        then_nothing_more(s);
}
END_TEST

START_TEST(rename_to_the_same_name_does_nothing)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        when(s, "RenameProject", "{'projectId':'p1','name':'Apollo'}", &alice);
        then_nothing_more(s);
        when(s, "RenameProject", "{'projectId':'p1','name':'\\u0041pollo'}", &alice);
        then_nothing_more(s);
        ck_assert_int_eq(scenario_version(s), 1);
}
END_TEST

START_TEST(describe_changes_and_removes_the_description)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        when(s, "DescribeProject", "{'projectId':'p1','description':'and back'}", &alice);
        then_event(s, "ProjectDescribed", "{'projectId':'p1','description':'and back'}");
        then_nothing_more(s);
        when(s, "DescribeProject", "{'projectId':'p1','description':'and back'}", &alice);
        then_nothing_more(s);
        when(s, "DescribeProject", "{'projectId':'p1','description':null}", &alice);
        then_event(s, "ProjectDescribed", "{'projectId':'p1','description':null}");
        when(s, "DescribeProject", "{'projectId':'p1','description':null}", &alice);
        then_nothing_more(s);
        when(s, "DescribeProject", "{'projectId':'p1','description':''}", &alice);
        then_event(s, "ProjectDescribed", "{'projectId':'p1','description':''}");
}
END_TEST

START_TEST(describe_wants_the_description_said)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        when(s, "DescribeProject", ID_ONLY, &alice);
        then_refused(s, ERROR_INVALID, "payload.description");
}
END_TEST

START_TEST(archive_and_restore)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        when(s, "ArchiveProject", ID_ONLY, &alice);
        then_event(s, "ProjectArchived", ID_ONLY);
        then_nothing_more(s);
        when(s, "ArchiveProject", ID_ONLY, &alice);
        then_nothing_more(s);
        when(s, "RestoreProject", ID_ONLY, &alice);
        then_event(s, "ProjectRestored", ID_ONLY);
        then_nothing_more(s);
        when(s, "RenameProject", "{'projectId':'p1','name':'Gemini'}", &alice);
        then_event(s, "ProjectRenamed", "{'projectId':'p1','name':'Gemini'}");
}
END_TEST

START_TEST(restore_is_for_archived_projects)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        when(s, "RestoreProject", ID_ONLY, &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
}
END_TEST

START_TEST(archived_projects_cannot_be_changed)
{
        _cleanup_(scenario_freep) Scenario *s = archived_project();

        when(s, "RenameProject", "{'projectId':'p1','name':'Gemini'}", &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
        when(s, "DescribeProject", "{'projectId':'p1','description':'x'}", &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
        ck_assert_ptr_nonnull(strstr(scenario_message(s), "restore"));
}
END_TEST

START_TEST(delete_is_final)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        when(s, "DeleteProject", ID_ONLY, &alice);
        then_event(s, "ProjectDeleted", ID_ONLY);
        then_nothing_more(s);
        when(s, "DeleteProject", ID_ONLY, &alice);
        then_nothing_more(s);
        when(s, "RestoreProject", ID_ONLY, &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
        when(s, "ArchiveProject", ID_ONLY, &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
        when(s, "RenameProject", "{'projectId':'p1','name':'Gemini'}", &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
        when(s, "DescribeProject", "{'projectId':'p1','description':'x'}", &alice);
        then_refused(s, ERROR_INVALID, "payload.projectId");
}
END_TEST

START_TEST(archived_projects_can_be_deleted)
{
        _cleanup_(scenario_freep) Scenario *s = archived_project();

        when(s, "DeleteProject", ID_ONLY, &admin);
        then_event(s, "ProjectDeleted", ID_ONLY);
        then_nothing_more(s);
}
END_TEST

START_TEST(a_missing_project_is_not_found)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        when(s, "RenameProject", "{'projectId':'p1','name':'Gemini'}", &alice);
        then_refused(s, ERROR_NOT_FOUND, "payload.projectId");
        when(s, "DescribeProject", "{'projectId':'p1','description':'x'}", &alice);
        then_refused(s, ERROR_NOT_FOUND, "payload.projectId");
        when(s, "ArchiveProject", ID_ONLY, &alice);
        then_refused(s, ERROR_NOT_FOUND, "payload.projectId");
        when(s, "RestoreProject", ID_ONLY, &alice);
        then_refused(s, ERROR_NOT_FOUND, "payload.projectId");
        when(s, "DeleteProject", ID_ONLY, &alice);
        then_refused(s, ERROR_NOT_FOUND, "payload.projectId");
}
END_TEST

START_TEST(changes_are_for_the_owner_and_admins)
{
        _cleanup_(scenario_freep) Scenario *s = active_project();

        static const char *const commands[] = { "ArchiveProject", "RestoreProject",
                                                "DeleteProject" };

        for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
                when(s, commands[i], ID_ONLY, &bob);
                then_refused(s, ERROR_FORBIDDEN, "");
                when(s, commands[i], ID_ONLY, &developer);
                then_refused(s, ERROR_FORBIDDEN, "");
                when(s, commands[i], ID_ONLY, &api_key);
                then_refused(s, ERROR_FORBIDDEN, "");
        }
        when(s, "RenameProject", "{'projectId':'p1','name':'Gemini'}", &bob);
        then_refused(s, ERROR_FORBIDDEN, "");
        when(s, "DescribeProject", "{'projectId':'p1','description':'x'}", &bob);
        then_refused(s, ERROR_FORBIDDEN, "");
        when(s, "RenameProject", "{'projectId':'p1','name':'Gemini'}", &admin);
        then_event(s, "ProjectRenamed", "{'projectId':'p1','name':'Gemini'}");
}
END_TEST

START_TEST(other_commands_want_an_id)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("project", "p1");

        when(s, "RenameProject", "{'name':'Gemini'}", &alice);
        then_refused(s, ERROR_MALFORMED, "payload.projectId");
}
END_TEST

TEST_MAIN("project_commands", create_makes_a_project_of_its_creator,
          create_without_id_and_description, create_keeps_the_name_byte_for_byte,
          create_for_oneself_by_name, create_for_somebody_else_is_for_admins,
          create_refuses_a_blank_owner, create_takes_an_absent_owner_as_null,
          create_refuses_an_existing_project, create_refuses_a_deleted_project,
          create_refuses_malformed_payloads, create_limits_the_texts, create_is_not_for_api_keys,
          rename_changes_the_name, rename_to_the_same_name_does_nothing,
          describe_changes_and_removes_the_description, describe_wants_the_description_said,
          archive_and_restore, restore_is_for_archived_projects,
          archived_projects_cannot_be_changed, delete_is_final, archived_projects_can_be_deleted,
          a_missing_project_is_not_found, changes_are_for_the_owner_and_admins,
          other_commands_want_an_id)
