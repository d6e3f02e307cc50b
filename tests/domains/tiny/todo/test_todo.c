#include "common/domain/testing/domain_rules.h"
#include "common/domain/testing/scenario.h"
#include "common/domain/testing/test_main.h"

static const Actor ann = ACTOR_USER("ann");
static const Actor ben = ACTOR_USER("ben");
static const Actor admin = ACTOR_IN_GROUP("root", "Admin");
static const Actor api_key = ACTOR_API_KEY;

static const char *const ignored_events[] = { NULL };

#define CREATED "{'todoId':'t1','title':'sleep','priority':2,'owner':'ann'}"
#define ID_ONLY "{'todoId':'t1'}"

START_TEST(tables_agree_and_every_event_is_projected)
{
        check_domain_rules(ignored_events);
}
END_TEST

START_TEST(create)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("todo", "t1");

        when(s, "CreateTodo", "{'title':'sleep','priority':2}", &ann);
        then_event(s, "TodoCreated", CREATED);
        then_nothing_more(s);
        when(s, "CreateTodo", "{'todoId':'t1','title':'sleep'}", &ann);
        then_refused(s, ERROR_CONFLICT, "payload.todoId");
}
END_TEST

START_TEST(create_without_priority)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("todo", "t1");

        when(s, "CreateTodo", "{'title':'sleep'}", &ann);
        then_event(s, "TodoCreated", "{'todoId':'t1','title':'sleep','priority':0,'owner':'ann'}");
}
END_TEST

START_TEST(create_refuses)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("todo", "t1");

        when(s, "CreateTodo", "{'title':'sleep','priority':1.5}", &ann);
        then_refused(s, ERROR_MALFORMED, "payload.priority");
        when(s, "CreateTodo", "{'title':'sleep','priority':10}", &ann);
        then_refused(s, ERROR_INVALID, "payload.priority");
        when(s, "CreateTodo", "{'title':'sleep'}", &api_key);
        then_refused(s, ERROR_FORBIDDEN, "");
}
END_TEST

START_TEST(complete_once)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("todo", "t1");

        given(s, "TodoCreated", CREATED);
        when(s, "CompleteTodo", ID_ONLY, &ben);
        then_refused(s, ERROR_FORBIDDEN, "");
        when(s, "CompleteTodo", ID_ONLY, &ann);
        then_event(s, "TodoCompleted", ID_ONLY);
        when(s, "CompleteTodo", ID_ONLY, &ann);
        then_nothing_more(s);
}
END_TEST

START_TEST(drop_is_final)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("todo", "t1");

        when(s, "DropTodo", ID_ONLY, &ann);
        then_refused(s, ERROR_NOT_FOUND, "payload.todoId");
        when(s, "CreateTodo", "{'title':'sleep'}", &ann);
        when(s, "DropTodo", ID_ONLY, &admin);
        then_event(s, "TodoDropped", ID_ONLY);
        when(s, "CompleteTodo", ID_ONLY, &ann);
        then_refused(s, ERROR_NOT_FOUND, "payload.todoId");
}
END_TEST

START_TEST(echo)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("todo", "t1");

        given(s, "TodoCreated", CREATED);
        when(s, "EchoTodo", "{'todoId':'t1','text':'ho','times':2,'events':1}", &ann);
        then_event(s, "TodoEchoed", "{'texts':['ho','ho']}");
        when(s, "EchoTodo", "{'todoId':'t1','text':'ho','times':2,'events':65}", &ann);
        then_refused(s, ERROR_INVALID, "");
        then_row(s, "Noise", "t1", "{'todoId':'t1','echoes':1}");
}
END_TEST

START_TEST(rows)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("todo", "t1");

        given(s, "TodoCreated", CREATED);
        then_row(s, "Todo", "t1",
                 "{'title':'sleep','priority':2,'done':false,'owner':'ann','listId':null,"
                 "'createdAt':'2026-01-01T00:00:01.000000Z'}");
        given(s, "TodoCompleted", ID_ONLY);
        then_row(s, "Todo", "t1",
                 "{'title':'sleep','priority':2,'done':true,'owner':'ann','listId':null,"
                 "'createdAt':'2026-01-01T00:00:01.000000Z'}");
        given(s, "TodoDropped", ID_ONLY);
        then_row_count(s, "Todo", 0);
}
END_TEST

START_TEST(lists_are_counted)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("todo", "t1");

        when(s, "CreateTodo", "{'title':'sleep','priority':2,'list':'home'}", &ann);
        then_event(s, "TodoCreated",
                   "{'todoId':'t1','title':'sleep','priority':2,'owner':'ann','list':'home'}");
        then_row(s, "Tally", "home", "{'name':'home','created':1,'open':1,'priorities':2}");
        when(s, "CompleteTodo", ID_ONLY, &ann);
        then_event(s, "TodoCompleted", "{'todoId':'t1','list':'home'}");
        then_row(s, "Tally", "home", "{'name':'home','created':1,'open':0,'priorities':2}");
        when(s, "DropTodo", ID_ONLY, &ann);
        then_event(s, "TodoDropped", ID_ONLY);
        then_row(s, "Tally", "home", "{'name':'home','created':1,'open':0,'priorities':2}");
}
END_TEST

START_TEST(what_is_in_no_list_is_not_counted)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("todo", "t1");

        when(s, "CreateTodo", "{'title':'sleep'}", &ann);
        when(s, "DropTodo", ID_ONLY, &ann);
        then_row_count(s, "Tally", 0);
}
END_TEST

START_TEST(what_is_dropped_open_is_open_no_more)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("todo", "t1");

        when(s, "CreateTodo", "{'title':'sleep','list':'home'}", &ann);
        when(s, "DropTodo", ID_ONLY, &ann);
        then_event(s, "TodoDropped", "{'todoId':'t1','list':'home'}");
        then_row(s, "Tally", "home", "{'name':'home','created':1,'open':0,'priorities':0}");
}
END_TEST

START_TEST(the_first_version_of_created_is_read_as_the_second)
{
        _cleanup_(scenario_freep) Scenario *s = scenario_new("todo", "t1");

        given_version(s, "TodoCreated", 1, "{'todoId':'t1','text':'sl\\u00e9ep','owner':'ann'}");
        then_row(s, "Todo", "t1",
                 "{'title':'sléep','priority':0,'done':false,'owner':'ann','listId':null,"
                 "'createdAt':'2026-01-01T00:00:01.000000Z'}");
        when(s, "CompleteTodo", ID_ONLY, &ben);
        then_refused(s, ERROR_FORBIDDEN, "");
        when(s, "CompleteTodo", ID_ONLY, &ann);
        then_event(s, "TodoCompleted", ID_ONLY);
}
END_TEST

TEST_MAIN("todo", tables_agree_and_every_event_is_projected, create, create_without_priority,
          create_refuses, complete_once, drop_is_final, echo, rows, lists_are_counted,
          what_is_in_no_list_is_not_counted, what_is_dropped_open_is_open_no_more,
          the_first_version_of_created_is_read_as_the_second)
