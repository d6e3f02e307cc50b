#include "common/domain/row_fold.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/hash.h"

#define ROWS_FIRST    64
#define COMPACT_FIRST ((size_t)4 * 1024 * 1024) /* bytes of text; below that garbage is no matter */

typedef struct Row {
        uint64_t hash;
        const char *id;
        const char *aggregate;
        int64_t sequence;
        size_t last_change;
        bool present;
        bool changed;
        const char *stored;
} Row;

struct RowFold {
        RowColumns columns;
        Row *rows;
        const char **values; /* n_columns for each row */
        size_t n_rows, rows_capacity;
        uint32_t *slots; /* open addressing: row number + 1, 0 is free */
        size_t n_slots;  /* a power of two, at least twice rows_capacity */
        Arena texts;
        size_t compact_at; /* bytes of text */
};

static void *check_memory(void *memory)
{
        if (!memory) {
                (void)fprintf(stderr, "out of memory\n");
                abort(); /* as Buffer: nothing sensible is left to do */
        }
        return memory;
}

RowFold *row_fold_new(const RowColumn *columns, size_t n_columns)
{
        RowFold *fold = check_memory(calloc(1, sizeof *fold));

        assert(n_columns > 0 && strcmp(columns[0].name, "id") == 0);

        fold->columns.items = check_memory(calloc(n_columns, sizeof *columns));
        memcpy(fold->columns.items, columns, n_columns * sizeof *columns);
        fold->columns.n = n_columns;
        fold->compact_at = COMPACT_FIRST;
        return fold;
}

void row_fold_free(RowFold *fold)
{
        if (!fold)
                return;
        arena_deinit(&fold->texts);
        free(fold->slots);
        free(fold->values);
        free(fold->rows);
        free(fold->columns.items);
        free(fold);
}

void row_fold_leave_out(RowFold *fold)
{
        fold->columns.leaves_out = true;
}

const char *row_fold_left_out(const RowFold *fold)
{
        return fold->columns.left_out;
}

void row_fold_clear(RowFold *fold)
{
        arena_clear(&fold->texts);
        if (fold->slots)
                memset(fold->slots, 0, fold->n_slots * sizeof *fold->slots);
        fold->n_rows = 0;
        fold->compact_at = COMPACT_FIRST;
}

static const char **row_values(const RowFold *fold, size_t index)
{
        return fold->values + index * fold->columns.n;
}

static const char *keep(Arena *texts, const char *text)
{
        return text ? arena_copy(texts, text) : NULL;
}

static void place(RowFold *fold, size_t index)
{
        size_t slot = fold->rows[index].hash & (fold->n_slots - 1);

        while (fold->slots[slot])
                slot = (slot + 1) & (fold->n_slots - 1);
        fold->slots[slot] = (uint32_t)(index + 1);
}

static void grow(RowFold *fold)
{
        size_t capacity = fold->rows_capacity ? fold->rows_capacity * 2 : ROWS_FIRST;

        assert(capacity < UINT32_MAX / 2);
        fold->rows = check_memory(realloc(fold->rows, capacity * sizeof *fold->rows));
        fold->values = check_memory(
                realloc(fold->values, capacity * fold->columns.n * sizeof *fold->values));
        fold->rows_capacity = capacity;
        free(fold->slots);
        fold->n_slots = capacity * 2;
        fold->slots = check_memory(calloc(fold->n_slots, sizeof *fold->slots));
        for (size_t i = 0; i < fold->n_rows; i++)
                place(fold, i);
}

/* Most rows have the id of their aggregate: 3 is odd, so that these spread as well as any. */
static uint64_t hash_key(const char *id, const char *aggregate)
{
        return hash_bytes(id, strlen(id)) + 2 * hash_bytes(aggregate, strlen(aggregate));
}

static Row *find(const RowFold *fold, const char *id, const char *aggregate, uint64_t hash)
{
        size_t slot = hash & (fold->n_slots - 1);

        if (!fold->n_slots)
                return NULL;
        for (; fold->slots[slot]; slot = (slot + 1) & (fold->n_slots - 1)) {
                Row *row = &fold->rows[fold->slots[slot] - 1];

                if (row->hash == hash && strcmp(row->id, id) == 0 &&
                    strcmp(row->aggregate, aggregate) == 0)
                        return row;
        }
        return NULL;
}

/* Both texts of a row's key, one copy when they are the same. */
static void keep_key(Arena *texts, Row *row, const char *id, const char *aggregate)
{
        bool same = strcmp(id, aggregate) == 0;

        row->id = keep(texts, id);
        row->aggregate = same ? row->id : keep(texts, aggregate);
}

static Row *find_or_add(RowFold *fold, const char *id, const char *aggregate)
{
        uint64_t hash = hash_key(id, aggregate);
        Row *row = find(fold, id, aggregate, hash);

        if (row)
                return row;
        if (fold->n_rows == fold->rows_capacity)
                grow(fold);
        row = &fold->rows[fold->n_rows];
        *row = (Row){ .hash = hash };
        keep_key(&fold->texts, row, id, aggregate);
        place(fold, fold->n_rows++);
        return row;
}

/* Texts that no row has any more cost memory: copy those that are in use, drop the rest. */
static void compact(RowFold *fold)
{
        Arena texts = ARENA_INIT;

        for (size_t i = 0; i < fold->n_rows; i++) {
                Row *row = &fold->rows[i];
                const char **values = row_values(fold, i);

                keep_key(&texts, row, row->id, row->aggregate);
                row->stored = keep(&texts, row->stored);
                if (!row->present)
                        continue;
                values[0] = row->id;
                for (size_t c = 1; c < fold->columns.n; c++)
                        values[c] = keep(&texts, values[c]);
        }
        arena_deinit(&fold->texts);
        fold->texts = texts;
        fold->compact_at = texts.used * 2 > COMPACT_FIRST ? texts.used * 2 : COMPACT_FIRST;
}

void row_fold_load(RowFold *fold, const char *id, const char *aggregate, int64_t sequence,
                   const char *const *values, const char *stored)
{
        Row *row = find_or_add(fold, id, aggregate);
        const char **kept = row_values(fold, (size_t)(row - fold->rows));

        assert(!row->present && !row->changed);

        row->sequence = sequence;
        row->present = true;
        row->stored = arena_copy(&fold->texts, stored);
        kept[0] = row->id;
        for (size_t c = 1; c < fold->columns.n; c++)
                kept[c] = keep(&fold->texts, values[c]);
}

static ErrorCode check_label(const RowFold *fold, const RowChange *change, size_t column,
                             const char *others, Error *err)
{
        const char *label = row_columns_text(&fold->columns, change, column);

        if (label == others || (label && others && strcmp(label, others) == 0))
                return ERROR_NONE;
        return error_set(
                err, ERROR_INVALID,
                "\"%s\" of the shared row \"%.64s\" is \"%.64s\", and the event gives \"%.64s\"",
                fold->columns.items[column].name, change->id, others ? others : "null",
                label ? label : "null");
}

/* Whoever adds to a row says the same about its labels: those before, and the event itself before change @at. */
static ErrorCode check_labels(const RowFold *fold, const RowChanges *changes, size_t first,
                              size_t at, Error *err)
{
        const RowChange *change = row_changes_at(changes, at), *other = NULL;
        const Row *row = find(fold, change->id, ROW_SHARED, hash_key(change->id, ROW_SHARED));
        ErrorCode code = ERROR_NONE;

        for (size_t i = first; !row && !other && i < at; i++) {
                other = row_changes_at(changes, i);
                if (other->kind != ROW_ADD || strcmp(other->id, change->id) != 0)
                        other = NULL;
        }
        for (size_t c = 1; !code && (row || other) && c < fold->columns.n; c++)
                if (!fold->columns.items[c].number)
                        code = check_label(fold, change, c,
                                           row ? row_values(fold, (size_t)(row - fold->rows))[c]
                                               : row_columns_text(&fold->columns, other, c),
                                           err);
        return code;
}

/* An aggregate's events come in order: an earlier one was applied before, and is not what it claims to be. */
static ErrorCode check_order(const RowFold *fold, const Event *event, const RowChange *change,
                             Error *err)
{
        const Row *row = find(fold, change->id, event->aggregate_id,
                              hash_key(change->id, event->aggregate_id));

        if (!row || event->sequence >= row->sequence)
                return ERROR_NONE;
        return error_set(err, ERROR_INVALID,
                         "the event has sequence %" PRId64 ", and the row one of sequence %" PRId64
                         " already",
                         event->sequence, row->sequence);
}

static void set_values(RowFold *fold, const char **values, const RowChange *change)
{
        size_t column = 0;

        for (size_t i = 0; i < change->n_values; i++) {
                column = row_columns_find(&fold->columns, change->values[i].field, column + 1);
                if (column != ROW_COLUMN_UNKNOWN)
                        values[column] = keep(&fold->texts, change->values[i].text);
        }
}

static void put_defaults(const RowFold *fold, const char **values, const char *id)
{
        values[0] = id;
        for (size_t c = 1; c < fold->columns.n; c++)
                values[c] = fold->columns.items[c].default_text;
}

static void add_numbers(RowFold *fold, const char **values, const RowChange *change)
{
        size_t column = 0;

        for (size_t i = 0; i < change->n_values; i++) {
                const RowValue *value = &change->values[i];
                int64_t sum;
                char text[24];

                column = row_columns_find(&fold->columns, value->field, column + 1);
                if (column == ROW_COLUMN_UNKNOWN || !value->added)
                        continue;
                sum = strtoll(values[column], NULL, 10) + value->number;
                (void)snprintf(text, sizeof text, "%" PRId64, sum);
                values[column] = keep(&fold->texts, text);
        }
}

/* It begins with labels and defaults; a number that has none with 0, whoever names it first. */
static void begin_shared(RowFold *fold, const char **values, const RowChange *change,
                         const char *id)
{
        values[0] = id;
        for (size_t c = 1; c < fold->columns.n; c++) {
                const RowColumn *column = &fold->columns.items[c];

                if (column->number)
                        values[c] = column->default_text ? column->default_text : "0";
                else
                        values[c] = keep(&fold->texts, row_columns_text(&fold->columns, change, c));
        }
}

static void apply_add(RowFold *fold, const RowChange *change, size_t number)
{
        Row *row = find_or_add(fold, change->id, ROW_SHARED);
        const char **values = row_values(fold, (size_t)(row - fold->rows));

        if (!row->present)
                begin_shared(fold, values, change, row->id);
        add_numbers(fold, values, change);
        row->present = row->changed = true;
        row->sequence++;
        row->last_change = number;
}

static void apply_change(RowFold *fold, const Event *event, const RowChanges *changes,
                         size_t number)
{
        const RowChange *change = row_changes_at(changes, number);
        Row *row = find_or_add(fold, change->id, event->aggregate_id);
        const char **values = row_values(fold, (size_t)(row - fold->rows));

        if (!row->present && change->kind != ROW_PUT)
                return;
        if (change->kind == ROW_PUT)
                put_defaults(fold, values, row->id);
        set_values(fold, values, change);
        row->present = change->kind != ROW_DELETE;
        row->sequence = event->sequence;
        row->last_change = number;
        row->changed = true;
}

ErrorCode row_fold_apply(RowFold *fold, const Event *event, const RowChanges *changes, size_t first,
                         size_t n, Error *err)
{
        for (size_t i = first; i < first + n; i++) {
                const RowChange *change = row_changes_at(changes, i);
                ErrorCode code = row_columns_check(&fold->columns, change, err);

                if (!code)
                        code = change->kind == ROW_ADD ? check_labels(fold, changes, first, i, err)
                                                       : check_order(fold, event, change, err);
                if (code)
                        return code;
        }
        for (size_t i = first; i < first + n; i++) {
                if (row_changes_at(changes, i)->kind == ROW_ADD)
                        apply_add(fold, row_changes_at(changes, i), i);
                else
                        apply_change(fold, event, changes, i);
        }
        if (fold->texts.used > fold->compact_at)
                compact(fold);
        return ERROR_NONE;
}

size_t row_fold_count(const RowFold *fold)
{
        return fold->n_rows;
}

FoldRow row_fold_at(const RowFold *fold, size_t index)
{
        const Row *row = &fold->rows[index];

        assert(index < fold->n_rows);
        return (FoldRow){ .id = row->id,
                          .values = row_values(fold, index),
                          .aggregate = row->aggregate,
                          .sequence = row->sequence,
                          .last_change = row->last_change,
                          .present = row->present,
                          .changed = row->changed,
                          .stored = row->stored };
}

bool row_fold_find(const RowFold *fold, const char *id, const char *aggregate, FoldRow *ret)
{
        const Row *row = find(fold, id, aggregate, hash_key(id, aggregate));

        if (!row)
                return false;
        *ret = row_fold_at(fold, (size_t)(row - fold->rows));
        return true;
}
