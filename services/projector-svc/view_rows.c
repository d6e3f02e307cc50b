#include "view_rows.h"

#include <stdlib.h>
#include <string.h>

#include "change_causes.h"
#include "change_texts.h"
#include "common/model/row_image.h"
#include "common/pg/pg_params.h"
#include "row_copy.h"
#include "view_session.h"
#include "write_set.h"

typedef struct Statement {
        const char *name, *sql;
} Statement;

struct ViewRows {
        const View *view;
        PgParams *params;
        WriteSet set;     /* of the batch at hand */
        Statement behind; /* what follows rows that are copied; without a name: none are */
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
        write_set_deinit(&rows->set);
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

static void add_deletes(PgParams *params, const WriteSet *set)
{
        int ids = pg_params_array(params, PG_ARRAY_TEXT);
        int aggregates = pg_params_array(params, PG_ARRAY_TEXT);

        for (size_t i = write_set_count(set) - set->n_deletes; i < write_set_count(set); i++) {
                pg_array_text(params, ids, set->rows[i].id);
                pg_array_text(params, aggregates, set->rows[i].aggregate);
        }
}

static void add_writes(PgParams *params, const WriteSet *set, size_t n_columns)
{
        int first = pg_params_array(params, PG_ARRAY_TEXT), aggregates, sequences;

        for (size_t c = 1; c < n_columns; c++)
                (void)pg_params_array(params, PG_ARRAY_TEXT);
        aggregates = pg_params_array(params, PG_ARRAY_TEXT);
        sequences = pg_params_array(params, PG_ARRAY_INT8);
        for (size_t i = 0; i < set->n_writes; i++) {
                const FoldRow *row = &set->rows[i];

                for (size_t c = 0; c < n_columns; c++)
                        pg_array_text(params, first + (int)c, row->values[c]);
                pg_array_text(params, aggregates, row->aggregate);
                pg_array_int(params, sequences, row->sequence);
        }
}

/* What made each row what it is, for PostgreSQL to make the images. */
static void add_causes(PgParams *params, const WriteSet *set, const ViewBatch *batch)
{
        ChangeCauses causes = change_causes_init(params, batch);

        for (size_t i = 0; i < write_set_count(set); i++)
                change_causes_add(&causes, &set->rows[i]);
        change_causes_deinit(&causes);
}

/* What to write. Where PostgreSQL has to look at the rows for their changes, nothing is copied: at shared rows, to which
 * others add as well, and at values whose form is not certain. */
static ErrorCode fill_set(ViewRows *rows, const ViewBatch *batch, const RowFold *fold, bool copies,
                          bool *ret_imaged, Error *err)
{
        bool known = rows->loaded == fold && rows->images_known;
        NewRows news = !copies ? NEW_NONE : knows_all(rows) ? NEW_ALL : NEW_FIRST;
        ErrorCode code = write_set_fill(&rows->set, fold, rows->view, news, err);

        rows->loaded = NULL; /* whatever comes of it: the next rows are others */
        *ret_imaged = false;
        if (code || !rows->view->with_changes || write_set_count(&rows->set) == 0)
                return code;
        *ret_imaged = known && !rows->set.shared &&
                      change_texts_make(&rows->changes, rows->view, batch, rows->set.rows,
                                        write_set_count(&rows->set));
        return *ret_imaged || rows->set.n_copies == 0
                       ? ERROR_NONE
                       : write_set_fill(&rows->set, fold, rows->view, NEW_NONE, err);
}

/* The parameters of the statement, and which one it is. */
static Statement make_statement(const ViewRows *rows, const ViewBatch *batch, const FeedList *feeds,
                                bool imaged)
{
        const View *view = rows->view;

        pg_params_clear(rows->params);
        add_checkpoints(rows->params, feeds);
        if (write_set_count(&rows->set) == 0)
                return (Statement){ "view_advance", view->advance_sql };
        add_deletes(rows->params, &rows->set);
        add_writes(rows->params, &rows->set, view->n_columns);
        if (imaged) {
                change_texts_add(&rows->changes, rows->params);
                return (Statement){ "view_write_imaged", view->write_imaged_sql };
        }
        if (view->with_changes)
                add_causes(rows->params, &rows->set, batch);
        return rows->set.shared ? (Statement){ "view_write_shared", view->write_shared_sql }
                                : (Statement){ "view_write", view->write_sql };
}

static ErrorCode copy_rows(const ViewRows *rows, PGconn *conn, Error *err)
{
        _cleanup_(row_copy_deinit) RowCopy copy = { .view = rows->view,
                                                    .conn = conn,
                                                    .deadline_us = view_session_deadline_us() };
        const FoldRow *first = rows->set.rows + rows->set.n_writes;
        ErrorCode code = row_copy_begin(&copy, err);

        for (size_t i = 0; !code && i < rows->set.n_copies; i++)
                code = row_copy_add(&copy, &first[i], err);
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
        bool imaged = false;
        ErrorCode code = fill_set(rows, batch, fold, copies, &imaged, err);
        Statement statement;

        rows->behind = (Statement){ NULL };
        if (code)
                return code;
        statement = make_statement(rows, batch, feeds, imaged);
        if (rows->set.n_copies == 0)
                return pg_send_prepared(conn, statement.name, statement.sql, rows->params,
                                        view_session_deadline_us(), "write rows", err);
        code = copy_rows(rows, conn, err);
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
