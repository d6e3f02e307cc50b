#include "library.h"

#include "common/domain/aggregate.h"

#define BOOK_FIELDS          \
        "  id: ID!\n"        \
        "  title: String!\n" \
        "  kind: Kind\n"     \
        "  pages: Int\n"     \
        "  tags: [String]\n" \
        "  notes: AWSJSON\n" \
        "  shelf: String\n"  \
        "  placedAt: AWSDateTime\n"

const char library_schema[] =
        "enum Kind { NOVEL ESSAY }\n"
        "type Book @model @auth(rules: [{ allow: private }]) {\n" BOOK_FIELDS "}\n";

const char library_schema_changed[] =
        "enum Kind { NOVEL ESSAY }\n"
        "type Book @model @auth(rules: [{ allow: private }]) {\n" BOOK_FIELDS "  price: Int\n"
        "}\n";

static void evolve_nothing(void *state, const Event *event, JsonFields *data)
{
}

static ErrorCode decide_nothing(const void *state, const Command *command, EventList *ret,
                                Error *err)
{
        return ERROR_NONE;
}

static void project_placed(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_put(changes, json_fields_string(data, "bookId"));
        row_copy(changes, "title", data, "title");
        row_copy(changes, "kind", data, "kind");
        row_copy(changes, "pages", data, "pages");
        row_json(changes, "tags", data, "tags");
        row_json(changes, "notes", data, "notes");
        row_string(changes, "shelf", event->aggregate_id);
        row_time(changes, "placedAt", event->timestamp_us);
}

static void project_retitled(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_set(changes, json_fields_string(data, "bookId"));
        row_copy(changes, "title", data, "title");
}

static void project_removed(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_delete(changes, json_fields_string(data, "bookId"));
}

static const PayloadField fields[] = {
        { "shelfId", PAYLOAD_ID, true, 0, NULL },
        { NULL, PAYLOAD_STRING, false, 0, NULL },
};

static const AllowRule anybody[] = {
        { ALLOW_SIGNED_IN, NULL },
        { ALLOW_END, NULL },
};

static const CommandType commands[] = {
        { "PaintShelf", fields, "shelfId", false, anybody, decide_nothing },
        { NULL, NULL, NULL, false, NULL, NULL },
};

static const EventType events[] = {
        { "BookPlaced", 1, evolve_nothing, NULL },
        { "BookRetitled", 1, evolve_nothing, NULL },
        { "BookRemoved", 1, evolve_nothing, NULL },
        { "ShelfPainted", 1, evolve_nothing, NULL },
        { NULL, 0, NULL, NULL },
};

static const Projection projections[] = {
        { "BookPlaced", "Book", project_placed },
        { "BookRetitled", "Book", project_retitled },
        { "BookRemoved", "Book", project_removed },
        { NULL, NULL, NULL },
};

static const AggregateType shelf = {
        .name = "shelf",
        .commands = commands,
        .events = events,
        .projections = projections,
};

const AggregateType *const domain_aggregates[] = { &shelf, NULL };
