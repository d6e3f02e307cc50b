#include "view_rows.h"

#include <stdlib.h>
#include <string.h>

#include "change_causes.h"
#include "change_texts.h"
#include "common/model/row_image.h"
#include "common/pg/pg_params.h"
#include "view_session.h"

struct ViewRows {
        const View *view;
        PgParams *params;
        FoldRow *rows; /* scratch: those to write, by id, then those to delete */
        size_t capacity;
        ChangeTexts changes;
        Buffer image;
        bool images_known; /* of the rows that were loaded, and for what is sent next */
};

ViewRows *view_rows_new(const View *view)
{
        ViewRows *rows = calloc(1, sizeof *rows);

        if (!rows)
                return NULL;
        rows->view = view;
        rows->params = pg_params_new();
        if (!rows->params) {
                free(rows);
                return NULL;
        }
        return rows;
}

void view_rows_free(ViewRows *rows)
{
        if (!rows)
                return;
        pg_params_free(rows->params);
        change_texts_deinit(&rows->changes);
        buffer_deinit(&rows->image);
        free(rows->rows);
        free(rows);
}

/* Rows that are only put need not be known but for their changes, and cannot be there before the aggregate is. */
static bool must_load(const ViewRows *rows, const BatchItem *item, const RowChange *change)
{
        if (change->kind == ROW_PUT)
                return rows->view->with_changes && item->sequence > 1;
        return change->kind != ROW_ADD;
}

static bool add_keys(const ViewRows *rows, const ViewBatch *batch, size_t from, size_t to)
{
        int ids = pg_params_array(rows->params, PG_ARRAY_TEXT);
        int owners = pg_params_array(rows->params, PG_ARRAY_TEXT);
        const char *last = "", *last_owner = "";

        for (size_t i = from; i < to; i++) {
                const BatchItem *item = &batch->items[i];

                for (size_t c = 0; !item->dropped && c < item->n_changes; c++) {
                        const RowChange *change =
                                row_changes_at(batch->changes, item->first_change + c);

                        if (!must_load(rows, item, change) ||
                            (strcmp(change->id, last) == 0 &&
                             strcmp(item->aggregate_id, last_owner) == 0))
                                continue;
                        pg_array_text(rows->params, ids, change->id);
                        pg_array_text(rows->params, owners, item->aggregate_id);
                        last = change->id;
                        last_owner = item->aggregate_id;
                }
        }
        return *last;
}

/* The image of a stored row, or what says that PostgreSQL has to make it. */
static const char *make_image(ViewRows *rows, const char *const *values)
{
        buffer_clear(&rows->image);
        if (rows->view->with_changes && rows->images_known)
                rows->images_known = row_image_append(&rows->image, rows->view->model, values);
        return buffer_text(&rows->image);
}

ErrorCode view_rows_load(ViewRows *rows, PGconn *conn, const ViewBatch *batch, size_t from,
                         size_t to, RowFold *fold, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        const char *values[PG_PARAMS_MAX] = { NULL };
        int n_columns = (int)rows->view->n_columns;
        ErrorCode code;

        pg_params_clear(rows->params);
        rows->images_known = true;
        if (!add_keys(rows, batch, from, to))
                return ERROR_NONE;
        code = pg_exec_prepared(conn, "view_load", rows->view->load_sql, rows->params, &res,
                                view_session_deadline_us(), "load rows", err);
        if (code)
                return code;
        for (int row = 0; row < PQntuples(res); row++) {
                for (int c = 0; c < n_columns; c++)
                        values[c] = PQgetisnull(res, row, c) ? NULL : PQgetvalue(res, row, c);
                row_fold_load(fold, values[0], PQgetvalue(res, row, n_columns),
                              strtoll(PQgetvalue(res, row, n_columns + 1), NULL, 10), values,
                              make_image(rows, values));
        }
        return ERROR_NONE;
}

static void add_checkpoints(PgParams *params, const FeedList *feeds)
{
        int types = pg_params_array(params, PG_ARRAY_TEXT);
        int partitions = pg_params_array(params, PG_ARRAY_INT4);
        int positions = pg_params_array(params, PG_ARRAY_INT8);
        int offsets = pg_params_array(params, PG_ARRAY_INT8);
        int epochs = pg_params_array(params, PG_ARRAY_INT8);

        for (size_t i = 0; i < feeds->n_feeds; i++) {
                const Feed *feed = feeds->feeds[i];

                if (!feed->mark_position)
                        continue;
                pg_array_text(params, types, feed->aggregate->name);
                pg_array_int(params, partitions, feed->partition);
                pg_array_int(params, positions, feed->mark_position);
                pg_array_int(params, offsets, feed->mark_offset > 0 ? feed->mark_offset : 0);
                pg_array_int(params, epochs, feed->epoch);
        }
}

/* One that was made and deleted again in the batch may have been stored before: it was not loaded. */
static bool is_deleted(const FoldRow *row)
{
        return row->changed && !row->present;
}

static int compare_keys(const void *a, const void *b)
{
        const FoldRow *left = a, *right = b;
        int by_id = strcmp(left->id, right->id);

        return by_id ? by_id : strcmp(left->aggregate, right->aggregate);
}

/* What is sent. */
typedef struct Sorted {
        size_t n_rows, n_deletes;
        bool shared;
} Sorted;

/* The rows to write into ->rows, by key: everybody locks in the same order. Those to delete behind them. */
static ErrorCode sort_rows(ViewRows *rows, const RowFold *fold, Sorted *ret, Error *err)
{
        size_t n = row_fold_count(fold);

        *ret = (Sorted){ 0 };
        if (n > rows->capacity) {
                FoldRow *grown = realloc(rows->rows, n * sizeof *grown);

                if (!grown)
                        return error_no_memory(err);
                rows->rows = grown;
                rows->capacity = n;
        }
        for (size_t i = 0; i < n; i++) {
                FoldRow row = row_fold_at(fold, i);

                if (!row.present || !row.changed)
                        continue;
                ret->shared |= strcmp(row.aggregate, ROW_SHARED) == 0;
                rows->rows[ret->n_rows++] = row;
        }
        if (ret->n_rows > 1)
                qsort(rows->rows, ret->n_rows, sizeof *rows->rows, compare_keys);
        for (size_t i = 0; i < n; i++) {
                FoldRow row = row_fold_at(fold, i);

                if (is_deleted(&row))
                        rows->rows[ret->n_rows + ret->n_deletes++] = row;
        }
        return ERROR_NONE;
}

static void add_deletes(const ViewRows *rows, const Sorted *sorted)
{
        int ids = pg_params_array(rows->params, PG_ARRAY_TEXT);
        int aggregates = pg_params_array(rows->params, PG_ARRAY_TEXT);

        for (size_t i = 0; i < sorted->n_deletes; i++) {
                const FoldRow *row = &rows->rows[sorted->n_rows + i];

                pg_array_text(rows->params, ids, row->id);
                pg_array_text(rows->params, aggregates, row->aggregate);
        }
}

static void add_rows(const ViewRows *rows, const Sorted *sorted)
{
        PgParams *params = rows->params;
        size_t n_columns = rows->view->n_columns;
        int first = pg_params_array(params, PG_ARRAY_TEXT), aggregates, sequences;

        for (size_t c = 1; c < n_columns; c++)
                (void)pg_params_array(params, PG_ARRAY_TEXT);
        aggregates = pg_params_array(params, PG_ARRAY_TEXT);
        sequences = pg_params_array(params, PG_ARRAY_INT8);
        for (size_t i = 0; i < sorted->n_rows; i++) {
                const FoldRow *row = &rows->rows[i];

                for (size_t c = 0; c < n_columns; c++)
                        pg_array_text(params, first + (int)c, row->values[c]);
                pg_array_text(params, aggregates, row->aggregate);
                pg_array_int(params, sequences, row->sequence);
        }
}

/* What made each row what it is, for PostgreSQL to make the images. */
static void add_causes(const ViewRows *rows, const ViewBatch *batch, size_t n)
{
        ChangeCauses causes = change_causes_init(rows->params, batch);

        for (size_t i = 0; i < n; i++)
                change_causes_add(&causes, &rows->rows[i]);
        change_causes_deinit(&causes);
}

typedef struct Statement {
        const char *name, *sql;
} Statement;

/* The changes, if there is a feed, and the statement that takes them. Images of shared rows are PostgreSQL's: others
 * add to them as well. */
static Statement add_changes(ViewRows *rows, const ViewBatch *batch, const Sorted *sorted)
{
        const View *view = rows->view;
        size_t n = sorted->n_rows + sorted->n_deletes;
        bool known = rows->images_known;

        rows->images_known = false;
        if (view->with_changes && known && !sorted->shared &&
            change_texts_make(&rows->changes, view, batch, rows->rows, n)) {
                change_texts_add(&rows->changes, rows->params);
                return (Statement){ "view_write_imaged", view->write_imaged_sql };
        }
        if (view->with_changes)
                add_causes(rows, batch, n);
        return sorted->shared ? (Statement){ "view_write_shared", view->write_shared_sql }
                              : (Statement){ "view_write", view->write_sql };
}

ErrorCode view_rows_send(ViewRows *rows, PGconn *conn, const ViewBatch *batch, const RowFold *fold,
                         const FeedList *feeds, Error *err)
{
        Statement statement = { "view_advance", rows->view->advance_sql };
        Sorted sorted;
        ErrorCode code = sort_rows(rows, fold, &sorted, err);

        if (code)
                return code;
        pg_params_clear(rows->params);
        add_checkpoints(rows->params, feeds);
        if (sorted.n_rows || sorted.n_deletes) {
                add_deletes(rows, &sorted);
                add_rows(rows, &sorted);
                statement = add_changes(rows, batch, &sorted);
        }
        return pg_send_prepared(conn, statement.name, statement.sql, rows->params,
                                view_session_deadline_us(), "write rows", err);
}
