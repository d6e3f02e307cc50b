#include "common/domain/row_changes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buffer.h"
#include "common/base/clock.h"

/* Texts live in blocks that never move; they are reused after row_changes_clear(). */
typedef struct TextBlock {
        struct TextBlock *next;
        size_t used;
        size_t size;
        char text[];
} TextBlock;

#define TEXT_BLOCK_SIZE 4096

struct RowChanges {
        RowChange *changes; /* those behind n_changes keep their values' memory for later */
        size_t n_changes;
        size_t capacity;
        TextBlock *first, *current;
        Buffer decoded;
        const char *fault;
};

static void *check_memory(void *memory)
{
        if (!memory) {
                (void)fprintf(stderr, "out of memory\n");
                abort(); /* as Buffer: nothing sensible is left to do */
        }
        return memory;
}

RowChanges *row_changes_new(void)
{
        return check_memory(calloc(1, sizeof(RowChanges)));
}

void row_changes_free(RowChanges *changes)
{
        if (!changes)
                return;
        for (size_t i = 0; i < changes->capacity; i++)
                free(changes->changes[i].values);
        free(changes->changes);
        while (changes->first) {
                TextBlock *next = changes->first->next;

                free(changes->first);
                changes->first = next;
        }
        buffer_deinit(&changes->decoded);
        free(changes);
}

void row_changes_clear(RowChanges *changes)
{
        changes->n_changes = 0;
        for (TextBlock *block = changes->first; block; block = block->next)
                block->used = 0;
        changes->current = changes->first;
        changes->fault = NULL;
}

size_t row_changes_count(const RowChanges *changes)
{
        return changes->n_changes;
}

const RowChange *row_changes_at(const RowChanges *changes, size_t index)
{
        assert(index < changes->n_changes);
        return &changes->changes[index];
}

void row_changes_truncate(RowChanges *changes, size_t n)
{
        assert(n <= changes->n_changes);
        changes->n_changes = n;
        changes->fault = NULL;
}

const char *row_changes_fault(const RowChanges *changes)
{
        return changes->fault;
}

/* The block that has room for @size bytes: the current one, a later one, or a new one behind it. */
static TextBlock *block_with_room(RowChanges *changes, size_t size)
{
        TextBlock *block = changes->current;

        while (block && block->size - block->used < size && block->next)
                block = block->next;
        if (!block || block->size - block->used < size) {
                size_t block_size = size > TEXT_BLOCK_SIZE ? size : TEXT_BLOCK_SIZE;
                TextBlock *fresh = check_memory(malloc(sizeof *fresh + block_size));

                *fresh = (TextBlock){ .size = block_size };
                *(block ? &block->next : &changes->first) = fresh;
                block = fresh;
        }
        changes->current = block;
        return block;
}

static const char *keep_text(RowChanges *changes, const char *text, size_t size)
{
        TextBlock *block = block_with_room(changes, size + 1);
        char *kept = block->text + block->used;

        if (size)
                memcpy(kept, text, size);
        kept[size] = '\0';
        block->used += size + 1;
        return kept;
}

static void begin_change(RowChanges *changes, RowChangeKind kind, const char *id)
{
        RowChange *change;

        if (!id || !*id) {
                changes->fault = "a row has no id";
                id = "";
        }
        if (changes->n_changes == changes->capacity) {
                size_t capacity = changes->capacity ? changes->capacity * 2 : 4;

                changes->changes = check_memory(
                        realloc(changes->changes, capacity * sizeof *changes->changes));
                memset(changes->changes + changes->capacity, 0,
                       (capacity - changes->capacity) * sizeof *changes->changes);
                changes->capacity = capacity;
        }
        change = &changes->changes[changes->n_changes++];
        change->kind = kind;
        change->id = keep_text(changes, id, strlen(id));
        change->n_values = 0;
}

void row_put(RowChanges *changes, const char *id)
{
        begin_change(changes, ROW_PUT, id);
}

void row_set(RowChanges *changes, const char *id)
{
        begin_change(changes, ROW_SET, id);
}

void row_delete(RowChanges *changes, const char *id)
{
        begin_change(changes, ROW_DELETE, id);
}

void row_add(RowChanges *changes, const char *id)
{
        begin_change(changes, ROW_ADD, id);
}

/* The value of @field in the change that was begun last; a new one is null. */
static RowValue *value_of(RowChanges *changes, const char *field)
{
        RowChange *change;

        assert(changes->n_changes > 0);
        change = &changes->changes[changes->n_changes - 1];
        assert(change->kind != ROW_DELETE);
        for (size_t i = 0; i < change->n_values; i++)
                if (strcmp(change->values[i].field, field) == 0)
                        return &change->values[i];
        if (change->n_values == change->capacity) {
                size_t capacity = change->capacity ? change->capacity * 2 : 8;

                change->values =
                        check_memory(realloc(change->values, capacity * sizeof *change->values));
                change->capacity = capacity;
        }
        change->values[change->n_values] = (RowValue){ .field = field };
        return &change->values[change->n_values++];
}

/* @text is kept already, or NULL. A field that is named again takes the later value. */
static void set_value(RowChanges *changes, const char *field, const char *text)
{
        RowValue *value = value_of(changes, field);

        value->text = text;
        value->added = false;
}

void row_number(RowChanges *changes, const char *field, int64_t number)
{
        RowValue *value = value_of(changes, field);

        assert(changes->changes[changes->n_changes - 1].kind == ROW_ADD);
        value->added = true;
        if (__builtin_add_overflow(value->number, number, &value->number))
                changes->fault = "more is added to a number than 64 bits hold";
}

void row_string(RowChanges *changes, const char *field, const char *value)
{
        set_value(changes, field, value ? keep_text(changes, value, strlen(value)) : NULL);
}

void row_time(RowChanges *changes, const char *field, int64_t time_us)
{
        char text[CLOCK_TEXT_SIZE];

        clock_format(time_us, text);
        row_string(changes, field, text);
}

void row_copy(RowChanges *changes, const char *field, JsonFields *data, const char *key)
{
        JsonSpan span = json_fields_get(data, key);

        if (json_span_kind(span) != JSON_KIND_STRING) {
                row_json(changes, field, data, key);
                return;
        }
        buffer_clear(&changes->decoded);
        if (!json_string_decode(&changes->decoded, span)) {
                changes->fault = "a string cannot be decoded";
                return;
        }
        set_value(changes, field, keep_text(changes, changes->decoded.data, changes->decoded.size));
}

void row_json(RowChanges *changes, const char *field, const JsonFields *data, const char *key)
{
        JsonSpan span = json_fields_get(data, key);
        JsonKind kind = json_span_kind(span);
        bool null = kind == JSON_KIND_ABSENT || kind == JSON_KIND_NULL;

        set_value(changes, field, null ? NULL : keep_text(changes, span.text, span.size));
}
