#include "repair_store.h"

#include <stdlib.h>
#include <string.h>

#include "common/pg/pg_params.h"
#include "repair_dropped.sql.h"
#include "repair_note.sql.h"
#include "repair_wanted.sql.h"
#include "view_session.h"

struct RepairStore {
        const View *view;
        PgParams *params;
};

ErrorCode repair_store_new(RepairStore **ret, const View *view, Error *err)
{
        _cleanup_(repair_store_freep) RepairStore *store = calloc(1, sizeof *store);

        if (!store || !(store->params = pg_params_new()))
                return error_no_memory(err);
        store->view = view;
        *ret = TAKE_PTR(store);
        return ERROR_NONE;
}

void repair_store_free(RepairStore *store)
{
        if (!store)
                return;
        pg_params_free(store->params);
        free(store);
}

static void visit_row(const PGresult *res, int row, const FeedList *feeds, RepairVisit visit,
                      void *data)
{
        const char *id = PQgetvalue(res, row, 0), *type = PQgetvalue(res, row, 1);
        long partition = strtol(PQgetvalue(res, row, 2), NULL, 10);
        RepairJob job = { .aggregate_id = PQgetvalue(res, row, 3) };

        if (!uuid_parse(id, strlen(id), &job.replay_id))
                return;
        for (size_t i = 0; i < feeds->n_feeds; i++) {
                job.feed = feeds->feeds[i];
                if (job.feed->partition == partition &&
                    strcmp(job.feed->aggregate->name, type) == 0)
                        visit(data, &job);
        }
}

ErrorCode repair_store_wanted(RepairStore *store, PGconn *conn, const FeedList *feeds, int64_t max,
                              RepairVisit visit, void *data, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        PgParams *params = store->params;
        int types, partitions, positions;
        ErrorCode code;

        pg_params_clear(params);
        pg_params_text(params, store->view->model->view);
        types = pg_params_array(params, PG_ARRAY_TEXT);
        partitions = pg_params_array(params, PG_ARRAY_INT4);
        positions = pg_params_array(params, PG_ARRAY_INT8);
        for (size_t i = 0; i < feeds->n_feeds; i++) {
                const Feed *feed = feeds->feeds[i];

                if (feed->source == FEED_NONE)
                        continue;
                pg_array_text(params, types, feed->aggregate->name);
                pg_array_int(params, partitions, feed->partition);
                pg_array_int(params, positions, feed->position);
        }
        pg_params_int64(params, max);
        code = pg_exec_prepared(conn, "repair_wanted", sql_repair_wanted, params, &res,
                                view_session_deadline_us(), "look for replays to a view", err);
        for (int row = 0; !code && row < PQntuples(res); row++)
                visit_row(res, row, feeds, visit, data);
        return code;
}

ErrorCode repair_store_dropped(RepairStore *store, PGconn *conn, const RepairJob *job,
                               int64_t until, PGresult **ret, Error *err)
{
        PgParams *params = store->params;

        pg_params_clear(params);
        pg_params_text(params, store->view->model->view);
        pg_params_int32(params, store->view->version);
        pg_params_text(params, job->feed->aggregate->name);
        pg_params_int32(params, job->feed->partition);
        pg_params_text(params, job->aggregate_id);
        pg_params_int64(params, until);
        return pg_exec_prepared(conn, "repair_dropped", sql_repair_dropped, params, ret,
                                view_session_deadline_us(), "look for events that are left out",
                                err);
}

ErrorCode repair_store_note(RepairStore *store, PGconn *conn, const RepairJob *jobs, size_t n,
                            int64_t changed, RepairNoted *ret, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        PgParams *params = store->params;
        int ids, problems;
        ErrorCode code;

        pg_params_clear(params);
        pg_params_uuid(params, &jobs->replay_id);
        ids = pg_params_array(params, PG_ARRAY_TEXT);
        problems = pg_params_array(params, PG_ARRAY_TEXT);
        for (size_t i = 0; i < n; i++) {
                pg_array_text(params, ids, jobs[i].aggregate_id);
                pg_array_text(params, problems, jobs[i].problem);
        }
        pg_params_int64(params, changed);
        code = pg_exec_prepared(conn, "repair_note", sql_repair_note, params, &res,
                                view_session_deadline_us(), "note that aggregates are repaired",
                                err);
        if (code)
                return code;
        if (PQntuples(res) == 0)
                *ret = REPAIR_UNWANTED;
        else
                *ret = strcmp(PQgetvalue(res, 0, 0), "done") == 0 ? REPAIR_NOTED_LAST
                                                                  : REPAIR_NOTED;
        return ERROR_NONE;
}
