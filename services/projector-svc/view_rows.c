#include "view_rows.h"

#include <stdlib.h>
#include <string.h>

#include "change_causes.h"
#include "change_texts.h"
#include "common/model/row_image.h"
#include "common/pg/pg_params.h"
#include "row_copy.h"
#include "view_session.h"

typedef struct Statement {
        const char *name, *sql;
} Statement;

struct ViewRows {
        const View *view;
        PgParams *params;
        Statement
                behind; /* what follows the rows that are copied; without a name: nothing is copied */
        FoldRow *rows; /* scratch: those to write, by id, then those to delete */
        size_t capacity;
        ChangeTexts changes;
        Buffer image;
        const RowFold *loaded; /* into which rows were loaded, until it is sent */
        bool images_known;     /* of those */
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

/* Whether it is known of every row that is not shared if it is stored. A version that is built gets most rows once: what
 * looking for them costs is less than what it saves. */
static bool knows_all(const ViewRows *rows)
{
        return rows->view->with_changes || rows->view->role == VIEW_BUILDING;
}

/* Rows that are only put need not be known otherwise, and cannot be there before the aggregate is. */
static bool must_load(const ViewRows *rows, const BatchItem *item, const RowChange *change)
{
        if (change->kind == ROW_PUT)
                return knows_all(rows) && item->sequence > 1;
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
        rows->loaded = fold;
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

static bool is_shared(const FoldRow *row)
{
        return strcmp(row->aggregate, ROW_SHARED) == 0;
}

static bool is_new(const ViewRows *rows, const FoldRow *row)
{
        return !row->stored && !is_shared(row) && (knows_all(rows) || row->sequence == 1) &&
               row_copy_takes(rows->view, row);
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
                ret->shared |= is_shared(&row);
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

/* All, or but for those that are copied. */
static void add_rows(const ViewRows *rows, const Sorted *sorted, bool copies)
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

                if (copies && is_new(rows, row))
                        continue;
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

/* Whether the changes of the batch, if there is a feed, are known without looking into PostgreSQL. Images of shared rows are
 * not: others add to them as well. */
static bool make_changes(ViewRows *rows, const ViewBatch *batch, const Sorted *sorted, bool known)
{
        return !rows->view->with_changes ||
               (known && !sorted->shared &&
                change_texts_make(&rows->changes, rows->view, batch, rows->rows,
                                  sorted->n_rows + sorted->n_deletes));
}

/* The changes, and the statement that takes them. */
static Statement add_changes(const ViewRows *rows, const ViewBatch *batch, const Sorted *sorted,
                             bool made)
{
        const View *view = rows->view;

        if (view->with_changes && made) {
                change_texts_add(&rows->changes, rows->params);
                return (Statement){ "view_write_imaged", view->write_imaged_sql };
        }
        if (view->with_changes)
                add_causes(rows, batch, sorted->n_rows + sorted->n_deletes);
        return sorted->shared ? (Statement){ "view_write_shared", view->write_shared_sql }
                              : (Statement){ "view_write", view->write_sql };
}

/* Whether rows are to be copied: when there are enough of them, and PostgreSQL need not look at them for their changes. */
static bool copies_rows(const ViewRows *rows, const Sorted *sorted, bool made)
{
        size_t n = 0;

        if (!made || sorted->shared)
                return false;
        for (size_t i = 0; i < sorted->n_rows; i++)
                n += is_new(rows, &rows->rows[i]);
        return n >= ROW_COPY_MIN;
}

static ErrorCode copy_rows(const ViewRows *rows, PGconn *conn, const Sorted *sorted, Error *err)
{
        _cleanup_(row_copy_deinit) RowCopy copy = { .view = rows->view,
                                                    .conn = conn,
                                                    .deadline_us = view_session_deadline_us() };
        ErrorCode code = row_copy_begin(&copy, err);

        for (size_t i = 0; !code && i < sorted->n_rows; i++)
                if (is_new(rows, &rows->rows[i]))
                        code = row_copy_add(&copy, &rows->rows[i], err);
        return code ? code : row_copy_end(&copy, err);
}

static void undo(PGconn *conn)
{
        if (PQstatus(conn) == CONNECTION_OK && PQtransactionStatus(conn) != PQTRANS_IDLE)
                (void)!pg_exec(conn, "ROLLBACK", NULL, NULL, view_session_deadline_us(),
                               "roll back", NULL);
}

ErrorCode view_rows_send(ViewRows *rows, PGconn *conn, const ViewBatch *batch, const RowFold *fold,
                         const FeedList *feeds, bool copies, Error *err)
{
        Statement statement = { "view_advance", rows->view->advance_sql };
        bool copying = false, known = rows->loaded == fold && rows->images_known;
        Sorted sorted;
        ErrorCode code = sort_rows(rows, fold, &sorted, err);

        rows->behind = (Statement){ NULL };
        rows->loaded = NULL; /* whatever comes of it: the next rows are others */
        if (code)
                return code;
        pg_params_clear(rows->params);
        add_checkpoints(rows->params, feeds);
        if (sorted.n_rows || sorted.n_deletes) {
                bool made = make_changes(rows, batch, &sorted, known);

                copying = copies && copies_rows(rows, &sorted, made);
                add_deletes(rows, &sorted);
                add_rows(rows, &sorted, copying);
                statement = add_changes(rows, batch, &sorted, made);
        }
        if (!copying)
                return pg_send_prepared(conn, statement.name, statement.sql, rows->params,
                                        view_session_deadline_us(), "write rows", err);
        code = copy_rows(rows, conn, &sorted, err);
        if (code)
                undo(conn);
        else
                rows->behind = statement;
        return code;
}

/* What follows the copied rows, and the end of the transaction. Not before they are written: the changes hold up whoever
 * else writes some of the view, until the commit. */
static ErrorCode finish_copy(const ViewRows *rows, PGconn *conn, Error *err)
{
        ErrorCode code = pg_receive(conn, NULL, view_session_deadline_us(), "copy rows", err);

        if (!code)
                code = pg_commit_prepared(conn, rows->behind.name, rows->behind.sql, rows->params,
                                          view_session_deadline_us(), "write rows", err);
        if (code)
                undo(conn);
        return code;
}

ErrorCode view_rows_receive(ViewRows *rows, PGconn *conn, Error *err)
{
        ErrorCode code = rows->behind.name ? finish_copy(rows, conn, err)
                                           : pg_receive(conn, NULL, view_session_deadline_us(),
                                                        "write rows", err);

        rows->behind = (Statement){ NULL };
        return code;
}
