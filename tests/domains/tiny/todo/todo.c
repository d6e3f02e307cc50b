/*
 * todo.c — one thing to do, perhaps in a list; lists are counted. TodoCreated is at its second schema version: the
 * first had "text" for "title" and no priority.
 */

#include <string.h>

#include "common/base/json_writer.h"
#include "common/domain/aggregate.h"
#include "common/domain/state.h"

extern const AggregateType todo_aggregate;

typedef struct Todo {
        char *owner;
        char *list; /* NULL: in none */
        bool done;
        bool dropped;
} Todo;

static void todo_fini(void *state)
{
        Todo *todo = state;

        free(todo->owner);
        free(todo->list);
}

static size_t todo_bytes(const void *state)
{
        const Todo *todo = state;

        return state_text_bytes(todo->owner) + state_text_bytes(todo->list);
}

static const char *todo_owner(const void *state)
{
        const Todo *todo = state;

        return todo->owner;
}

#define PRIORITY_MAX 9

static ErrorCode create_todo(const void *state, const Command *command, EventList *ret, Error *err)
{
        int64_t priority = 0;

        if (command->version > 0)
                return error_set_field(err, ERROR_CONFLICT, "payload.todoId",
                                       "todo \"%s\" exists already", command->aggregate_id);
        (void)json_fields_int64(command->payload, "priority", &priority);
        if (priority < 0 || priority > PRIORITY_MAX)
                return error_set_field(err, ERROR_INVALID, "payload.priority",
                                       "payload.priority must be 0 to %d", PRIORITY_MAX);
        event_begin(ret, "TodoCreated", 2);
        event_string(ret, "todoId", command->aggregate_id);
        event_copy(ret, command, "title");
        event_int(ret, "priority", priority);
        event_string(ret, "owner", command->actor->user);
        event_copy(ret, command, "list");
        event_end(ret);
        return ERROR_NONE;
}

static ErrorCode check_open(const Todo *todo, const Command *command, Error *err)
{
        if (command->version == 0 || todo->dropped)
                return error_set_field(err, ERROR_NOT_FOUND, "payload.todoId",
                                       "there is no todo \"%s\"", command->aggregate_id);
        return ERROR_NONE;
}

/* Events that change what is counted say where. */
static void tell_list(EventList *ret, const Todo *todo)
{
        if (todo->list)
                event_string(ret, "list", todo->list);
}

static ErrorCode complete_todo(const void *state, const Command *command, EventList *ret,
                               Error *err)
{
        const Todo *todo = state;
        ErrorCode code = check_open(todo, command, err);

        if (code || todo->done)
                return code;
        event_begin(ret, "TodoCompleted", 1);
        event_string(ret, "todoId", command->aggregate_id);
        tell_list(ret, todo);
        event_end(ret);
        return ERROR_NONE;
}

static ErrorCode drop_todo(const void *state, const Command *command, EventList *ret, Error *err)
{
        const Todo *todo = state;
        ErrorCode code = check_open(todo, command, err);

        if (code)
                return code;
        event_begin(ret, "TodoDropped", 1);
        event_string(ret, "todoId", command->aggregate_id);
        if (!todo->done)
                tell_list(ret, todo);
        event_end(ret);
        return ERROR_NONE;
}

/* "text" as often as "times" says, in each of "events" events: more than was sent. */
static ErrorCode echo_todo(const void *state, const Command *command, EventList *ret, Error *err)
{
        JsonSpan text = json_fields_get(command->payload, "text");
        int64_t times = 0, n_events = 0;
        ErrorCode code = check_open(state, command, err);

        (void)json_fields_int64(command->payload, "times", &times);
        (void)json_fields_int64(command->payload, "events", &n_events);
        for (int64_t i = 0; !code && i < n_events; i++) {
                _cleanup_(buffer_deinit) Buffer texts = BUFFER_INIT;

                for (int64_t n = 0; n < times; n++) {
                        buffer_append_char(&texts, n ? ',' : '[');
                        buffer_append(&texts, text.text, text.size);
                }
                buffer_append_char(&texts, ']');
                event_begin(ret, "TodoEchoed", 1);
                event_raw(ret, "texts", (JsonSpan){ texts.data, texts.size });
                event_end(ret);
        }
        return code;
}

static void evolve_echoed(void *state, const Event *event, JsonFields *data)
{
}

static void evolve_created(void *state, const Event *event, JsonFields *data)
{
        Todo *todo = state;

        state_text_set(&todo->owner, json_fields_string(data, "owner"));
        state_text_set(&todo->list, json_fields_string(data, "list"));
}

static void evolve_completed(void *state, const Event *event, JsonFields *data)
{
        Todo *todo = state;

        todo->done = true;
}

static void evolve_dropped(void *state, const Event *event, JsonFields *data)
{
        Todo *todo = state;

        todo->dropped = true;
}

static void encode(const void *state, Buffer *ret)
{
        const Todo *todo = state;

        json_write_object(ret, NULL);
        json_write_string(ret, "owner", todo->owner);
        json_write_string(ret, "list", todo->list);
        json_write_bool(ret, "done", todo->done);
        json_write_bool(ret, "dropped", todo->dropped);
        json_write_object_end(ret);
}

static ErrorCode decode(void *state, JsonFields *data, Error *err)
{
        Todo *todo = state;

        state_text_set(&todo->owner, json_fields_string(data, "owner"));
        state_text_set(&todo->list, json_fields_string(data, "list"));
        if (!json_fields_bool(data, "done", &todo->done) ||
            !json_fields_bool(data, "dropped", &todo->dropped))
                return error_set(err, ERROR_MALFORMED, "done and dropped are booleans");
        return ERROR_NONE;
}

static const SnapshotOps snapshot = { 2, encode, decode };

static void upcast_created(int version, JsonFields *data, Buffer *ret)
{
        json_write_object(ret, NULL);
        json_write_raw(ret, "todoId", json_fields_get(data, "todoId"));
        json_write_raw(ret, "title", json_fields_get(data, "text"));
        json_write_int(ret, "priority", 0);
        json_write_raw(ret, "owner", json_fields_get(data, "owner"));
        json_write_object_end(ret);
}

static void project_created(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_put(changes, event->aggregate_id);
        row_copy(changes, "title", data, "title");
        row_copy(changes, "priority", data, "priority");
        row_string(changes, "done", "false");
        row_time(changes, "createdAt", event->timestamp_us);
        row_copy(changes, "owner", data, "owner");
        row_copy(changes, "listId", data, "list");
}

static void project_completed(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_set(changes, event->aggregate_id);
        row_string(changes, "done", "true");
}

static void project_dropped(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_delete(changes, event->aggregate_id);
}

/* @created and @open: how many more there are. */
static void tally(JsonFields *data, RowChanges *changes, int created, int open)
{
        const char *list = json_fields_string(data, "list");
        int64_t priority = 0;

        if (!list)
                return;
        (void)json_fields_int64(data, "priority", &priority);
        row_add(changes, list);
        row_string(changes, "name", list);
        row_number(changes, "created", created);
        row_number(changes, "open", open);
        row_number(changes, "priorities", priority);
}

static void tally_created(const Event *event, JsonFields *data, RowChanges *changes)
{
        tally(data, changes, 1, 1);
}

static void tally_closed(const Event *event, JsonFields *data, RowChanges *changes)
{
        tally(data, changes, 0, -1);
}

static void count_echo(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_add(changes, event->aggregate_id);
        row_string(changes, "todoId", event->aggregate_id);
        row_number(changes, "echoes", 1);
}

static const PayloadField create_fields[] = {
        { "todoId", PAYLOAD_ID },
        { "title", PAYLOAD_STRING, true },
        { "priority", PAYLOAD_INTEGER },
        { "list", PAYLOAD_ID },
        { NULL },
};

static const PayloadField id_fields[] = {
        { "todoId", PAYLOAD_ID, true },
        { NULL },
};

static const PayloadField echo_fields[] = {
        { "todoId", PAYLOAD_ID, true },
        { "text", PAYLOAD_STRING, true, 1000000 },
        { "times", PAYLOAD_INTEGER, true },
        { "events", PAYLOAD_INTEGER, true },
        { NULL },
};

static const AllowRule signed_in[] = {
        { ALLOW_SIGNED_IN },
        { ALLOW_END },
};

static const AllowRule owner_or_admin[] = {
        { ALLOW_OWNER },
        { ALLOW_GROUP, "Admin" },
        { ALLOW_END },
};

static const CommandType commands[] = {
        { "CreateTodo", create_fields, "todoId", true, signed_in, create_todo },
        { "CompleteTodo", id_fields, "todoId", false, owner_or_admin, complete_todo },
        { "DropTodo", id_fields, "todoId", false, owner_or_admin, drop_todo },
        { "EchoTodo", echo_fields, "todoId", false, owner_or_admin, echo_todo },
        { NULL },
};

static const EventType events[] = {
        { "TodoCreated", 2, evolve_created, upcast_created },
        { "TodoCompleted", 1, evolve_completed },
        { "TodoDropped", 1, evolve_dropped },
        { "TodoEchoed", 1, evolve_echoed },
        { NULL },
};

static const Projection projections[] = {
        { "TodoCreated", "Todo", project_created }, { "TodoCompleted", "Todo", project_completed },
        { "TodoDropped", "Todo", project_dropped }, { "TodoCreated", "Tally", tally_created },
        { "TodoCompleted", "Tally", tally_closed }, { "TodoDropped", "Tally", tally_closed },
        { "TodoEchoed", "Noise", count_echo },      { NULL },
};

const AggregateType todo_aggregate = {
        .name = "todo",
        .state_size = sizeof(Todo),
        .state_fini = todo_fini,
        .state_bytes = todo_bytes,
        .owner = todo_owner,
        .snapshot = &snapshot,
        .commands = commands,
        .events = events,
        .projections = projections,
};
