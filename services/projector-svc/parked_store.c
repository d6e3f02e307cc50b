#include "parked_store.h"

#include <stdlib.h>
#include <string.h>

#include "common/pg/pg_params.h"
#include "parked_add.sql.h"
#include "parked_drop.sql.h"
#include "parked_list.sql.h"
#include "parked_lock.sql.h"
#include "parked_move.sql.h"
#include "parked_remove.sql.h"
#include "parked_wanted.sql.h"
#include "view_session.h"

struct ParkedStore {
        const View *view;
        PgParams *params;
};

ErrorCode parked_store_new(ParkedStore **ret, const View *view, Error *err)
{
        _cleanup_(parked_store_freep) ParkedStore *store = calloc(1, sizeof *store);

        if (!store || !(store->params = pg_params_new()))
                return error_no_memory(err);
        store->view = view;
        *ret = TAKE_PTR(store);
        return ERROR_NONE;
}

void parked_store_free(ParkedStore *store)
{
        if (!store)
                return;
        pg_params_free(store->params);
        free(store);
}

static PgParams *begin_params(ParkedStore *store)
{
        pg_params_clear(store->params);
        pg_params_text(store->params, store->view->model->view);
        pg_params_int32(store->params, store->view->version);
        return store->params;
}

static PgParams *name_aggregate(ParkedStore *store, const char *type, const char *id)
{
        PgParams *params = begin_params(store);

        pg_params_text(params, type);
        pg_params_text(params, id);
        return params;
}

static void add_feeds(PgParams *params, Feed *const *feeds, size_t n)
{
        int types = pg_params_array(params, PG_ARRAY_TEXT);
        int partitions = pg_params_array(params, PG_ARRAY_INT4);

        for (size_t i = 0; i < n; i++) {
                pg_array_text(params, types, feeds[i]->aggregate->name);
                pg_array_int(params, partitions, feeds[i]->partition);
        }
}

static void visit_rows(const PGresult *res, Feed *const *feeds, size_t n, ParkedVisit visit,
                       void *data)
{
        for (int row = 0; row < PQntuples(res); row++) {
                const char *type = PQgetvalue(res, row, 0);
                long partition = strtol(PQgetvalue(res, row, 1), NULL, 10);

                for (size_t i = 0; i < n; i++)
                        if (feeds[i]->partition == partition &&
                            strcmp(feeds[i]->aggregate->name, type) == 0)
                                visit(data, feeds[i], PQgetvalue(res, row, 2));
        }
}

ErrorCode parked_store_list(ParkedStore *store, PGconn *conn, Feed *const *feeds, size_t n,
                            ParkedVisit visit, void *data, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        PgParams *params = begin_params(store);
        ErrorCode code;

        add_feeds(params, feeds, n);
        code = pg_exec_prepared(conn, "parked_list", sql_parked_list, params, &res,
                                view_session_deadline_us(), "list parked aggregates", err);
        if (!code)
                visit_rows(res, feeds, n, visit, data);
        return code;
}

ErrorCode parked_store_wanted(ParkedStore *store, PGconn *conn, Feed *const *feeds, size_t n,
                              ParkedVisit visit, void *data, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        PgParams *params = begin_params(store);
        ErrorCode code;

        add_feeds(params, feeds, n);
        pg_params_int64(params, PARKED_WISHES_MAX);
        code = pg_exec_prepared(conn, "parked_wanted", sql_parked_wanted, params, &res,
                                view_session_deadline_us(), "look for wishes of operators", err);
        if (!code)
                visit_rows(res, feeds, n, visit, data);
        return code;
}

ErrorCode parked_store_add(ParkedStore *store, PGconn *conn, const Feed *feed, const Event *event,
                           int64_t max, bool *ret_added, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        PgParams *params = name_aggregate(store, event->aggregate_type, event->aggregate_id);
        ErrorCode code;

        pg_params_int32(params, event->partition);
        pg_params_int64(params, event->position);
        pg_params_int64(params, event->sequence);
        pg_params_uuid(params, &event->id);
        pg_params_text(params, event->type);
        pg_params_text(params, feed->failure.message);
        pg_params_int64(params, feed->tries);
        pg_params_int64(params, max);
        code = pg_exec_prepared(conn, "parked_add", sql_parked_add, params, &res,
                                view_session_deadline_us(), "park an aggregate", err);
        if (!code)
                *ret_added = strcmp(PQcmdTuples(res), "1") == 0;
        return code;
}

ErrorCode parked_store_lock(ParkedStore *store, PGconn *conn, const Feed *feed,
                            const char *aggregate_id, ParkedWish *ret, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        PgParams *params = name_aggregate(store, feed->aggregate->name, aggregate_id);
        ErrorCode code =
                pg_exec_prepared(conn, "parked_lock", sql_parked_lock, params, &res,
                                 view_session_deadline_us(), "look at a parked aggregate", err);

        if (code)
                return code;
        *ret = (ParkedWish){ .any = PQntuples(res) == 1 };
        if (!ret->any)
                return ERROR_NONE;
        ret->drop = strcmp(PQgetvalue(res, 0, 0), "drop") == 0;
        ret->sequence = strtoll(PQgetvalue(res, 0, 1), NULL, 10);
        ret->tries = strtoll(PQgetvalue(res, 0, 2), NULL, 10);
        return ERROR_NONE;
}

ErrorCode parked_store_move(ParkedStore *store, PGconn *conn, const Event *event, const char *error,
                            int64_t tries, Error *err)
{
        PgParams *params = name_aggregate(store, event->aggregate_type, event->aggregate_id);

        pg_params_int64(params, event->position);
        pg_params_int64(params, event->sequence);
        pg_params_uuid(params, &event->id);
        pg_params_text(params, event->type);
        pg_params_text(params, error);
        pg_params_int64(params, tries);
        return pg_exec_prepared(conn, "parked_move", sql_parked_move, params, NULL,
                                view_session_deadline_us(), "note how far a parked aggregate is",
                                err);
}

ErrorCode parked_store_remove(ParkedStore *store, PGconn *conn, const Feed *feed,
                              const char *aggregate_id, Error *err)
{
        return pg_exec_prepared(conn, "parked_remove", sql_parked_remove,
                                name_aggregate(store, feed->aggregate->name, aggregate_id), NULL,
                                view_session_deadline_us(), "end the parking of an aggregate", err);
}

ErrorCode parked_store_drop(ParkedStore *store, PGconn *conn, const Feed *feed,
                            const char *aggregate_id, Error *err)
{
        return pg_exec_prepared(conn, "parked_drop", sql_parked_drop,
                                name_aggregate(store, feed->aggregate->name, aggregate_id), NULL,
                                view_session_deadline_us(), "note a dropped event", err);
}
