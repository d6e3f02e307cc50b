#include "library.h"

#include <stdio.h>

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

const char library_schema_stock[] = "type Stock @model @auth(rules: [{ allow: private }]) {\n"
                                    "  id: ID!\n"
                                    "  label: String\n"
                                    "  placed: Int\n"
                                    "  pages: Int @default(value: \"1000\")\n"
                                    "  notes: AWSJSON\n"
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

static void stock_book(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_put(changes, json_fields_string(data, "bookId"));
        row_copy(changes, "label", data, "title");
        row_copy(changes, "pages", data, "pages");
        row_json(changes, "notes", data, "notes");
}

static void stock_retitled(const Event *event, JsonFields *data, RowChanges *changes)
{
        row_set(changes, json_fields_string(data, "bookId"));
        row_copy(changes, "label", data, "title");
}

static void count_placed(JsonFields *data, RowChanges *changes, const char *id, int64_t pages)
{
        row_add(changes, id);
        row_number(changes, "placed", 1);
        row_number(changes, "pages", pages);
        row_copy(changes, "label", data, "label");
        row_string(changes, "notes", "{ \"shared\" : true }");
}

static void stock_placed(const Event *event, JsonFields *data, RowChanges *changes)
{
        const char *kind = json_fields_string(data, "kind");
        char last[16] = "";
        int64_t pages = 0;

        if (!kind)
                return;
        (void)json_fields_int64(data, "pages", &pages);
        (void)snprintf(last, sizeof last, "last-%d", (int)(pages % 10));
        /* in no order, so that whoever writes has to bring them into one */
        count_placed(data, changes, pages % 2 ? kind : last, pages);
        count_placed(data, changes, pages % 2 ? last : kind, pages);
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
        { "BookPlaced", "Book", project_placed },    { "BookRetitled", "Book", project_retitled },
        { "BookRemoved", "Book", project_removed },  { "BookPlaced", "Stock", stock_book },
        { "BookRetitled", "Stock", stock_retitled }, { "BookRemoved", "Stock", project_removed },
        { "BookPlaced", "Stock", stock_placed },     { NULL, NULL, NULL },
};

static const AggregateType shelf = {
        .name = "shelf",
        .commands = commands,
        .events = events,
        .projections = projections,
};

const AggregateType *const domain_aggregates[] = { &shelf, NULL };
