#include "change_texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change_causes.h"
#include "change_entries.h"
#include "change_sql.h"
#include "common/model/row_image.h"

void change_texts_deinit(ChangeTexts *texts)
{
        buffer_deinit(&texts->text);
        buffer_deinit(&texts->new_image);
        free(texts->parts);
        free(texts->order);
        *texts = (ChangeTexts){ 0 };
}

static void *grow(void *items, size_t *capacity, size_t n, size_t size)
{
        if (n <= *capacity)
                return items;
        while (*capacity < n)
                *capacity = *capacity ? *capacity * 2 : 64;
        items = realloc(items, *capacity * size);
        if (!items) {
                (void)fprintf(stderr, "out of memory\n");
                abort();
        }
        return items;
}

static int compare_changes(const void *a, const void *b)
{
        const FoldRow *left = *(const FoldRow *const *)a, *right = *(const FoldRow *const *)b;

        return (left->last_change > right->last_change) - (left->last_change < right->last_change);
}

/* @n rows, by the change that made them; one change makes one row at most. */
static void sort_rows(ChangeTexts *texts, const FoldRow *rows, size_t n)
{
        texts->order = grow(texts->order, &texts->order_capacity, n, sizeof(const FoldRow *));
        for (size_t i = 0; i < n; i++)
                texts->order[i] = &rows[i];
        qsort(texts->order, n, sizeof(const FoldRow *), compare_changes);
}

static void count(ChangeTexts *texts)
{
        size_t begin = texts->n_parts > 1 ? texts->parts[texts->n_parts - 2].end : 0;

        if (texts->n_parts == 0 ||
            texts->parts[texts->n_parts - 1].end - begin >= CHANGE_SQL_BATCH_BYTES) {
                texts->parts = grow(texts->parts, &texts->capacity, texts->n_parts + 1,
                                    sizeof *texts->parts);
                texts->parts[texts->n_parts++] = (struct ChangePart){ 0 };
        }
        texts->parts[texts->n_parts - 1].n++;
        texts->parts[texts->n_parts - 1].end = texts->text.size;
}

static bool add_row(ChangeTexts *texts, const View *view, const ViewBatch *batch,
                    const FoldRow *row)
{
        Buffer *image = &texts->new_image;

        buffer_clear(image);
        if (row->present && !row_image_append(image, view->model, row->values))
                return false;
        if (row->stored ? row->present && strcmp(row->stored, buffer_text(image)) == 0
                        : !row->present)
                return true; /* as before */
        change_causes_begin(&texts->text, batch, row);
        change_entry_image(&texts->text, row->stored, row->stored ? strlen(row->stored) : 0);
        change_entry_image(&texts->text, row->present ? image->data : NULL, image->size);
        count(texts);
        return true;
}

bool change_texts_make(ChangeTexts *texts, const View *view, const ViewBatch *batch,
                       const FoldRow *rows, size_t n)
{
        buffer_clear(&texts->text);
        texts->n_parts = 0;
        sort_rows(texts, rows, n);
        for (size_t i = 0; i < n; i++)
                if (!add_row(texts, view, batch, texts->order[i]))
                        return false;
        return true;
}

void change_texts_add(const ChangeTexts *texts, PgParams *params)
{
        int counts = pg_params_array(params, PG_ARRAY_INT4);
        int entries = pg_params_array(params, PG_ARRAY_TEXT);
        size_t begin = 0;

        for (size_t i = 0; i < texts->n_parts; begin = texts->parts[i++].end) {
                pg_array_int(params, counts, texts->parts[i].n);
                pg_array_text_n(params, entries, texts->text.data + begin,
                                texts->parts[i].end - begin);
        }
}
