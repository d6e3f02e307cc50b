#include "view_session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change_log.h"
#include "common/base/clock.h"
#include "common/pg/pg_params.h"
#include "common/store/store.h"
#include "lease_join.sql.h"
#include "lease_members.sql.h"
#include "lease_release.sql.h"
#include "lease_take.sql.h"
#include "view_open.h"
#include "view_rows.h"

#define STATEMENT_TIMEOUT_US (30 * US_PER_SEC)
#define CONNECT_TIMEOUT_US   (5 * US_PER_SEC)

struct ViewSession {
        PGconn *conn;
        PgParams *params;
        View *view;
        char owner[128]; /* who we are, for people who look at checkpoints */
        ViewRows *rows;
};

/* A crash forgets rows and checkpoint together, so nobody waits for the disk. Plans are made once; they
 * must not be those of the empty tables that views begin with. No row is looked for twice. A batch stays in memory. */
static const char session_setup[] = "SET synchronous_commit = off; SET enable_seqscan = off; "
                                    "SET enable_hashjoin = off; SET enable_mergejoin = off; "
                                    "SET enable_memoize = off; "
                                    "SET plan_cache_mode = force_generic_plan; "
                                    "SET work_mem = '64MB'";

int64_t view_session_deadline_us(void)
{
        return clock_monotonic_us() + STATEMENT_TIMEOUT_US;
}

static void name_owner(ViewSession *session)
{
        char host[64] = "";

        (void)gethostname(host, sizeof host - 1);
        (void)snprintf(session->owner, sizeof session->owner, "%s pid %ld", host, (long)getpid());
}

static ErrorCode join(ViewSession *session, Error *err)
{
        pg_params_clear(session->params);
        pg_params_text(session->params, session->view->schema_name);
        return pg_exec(session->conn, sql_lease_join, session->params, NULL,
                       view_session_deadline_us(), "join the owners of a view", err);
}

ErrorCode view_session_open(ViewSession **ret, const char *pg_url, View *view,
                            const atomic_bool *stop, Error *err)
{
        _cleanup_(view_session_closep) ViewSession *session = calloc(1, sizeof *session);
        _cleanup_(buffer_deinit) Buffer name = BUFFER_INIT;
        ErrorCode code;

        if (!session || !(session->params = pg_params_new()) ||
            !(session->rows = view_rows_new(view)))
                return error_no_memory(err);
        session->view = view;
        name_owner(session);
        buffer_printf(&name, "projector-svc %s %d", view->model->view, view->version);
        code = pg_connect(&session->conn, pg_url, name.data,
                          clock_monotonic_us() + CONNECT_TIMEOUT_US, err);
        if (!code)
                code = view_session_check(session, err);
        if (!code)
                code = pg_exec(session->conn, session_setup, NULL, NULL, view_session_deadline_us(),
                               "set up the session", err);
        if (!code)
                code = join(session, err);
        if (!code && view->role == VIEW_LIVE)
                code = change_log_open(session->conn, view, stop, view_session_deadline_us(), err);
        if (code)
                return code;
        *ret = TAKE_PTR(session);
        return ERROR_NONE;
}

ErrorCode view_session_check(ViewSession *session, Error *err)
{
        return view_check(session->view, session->conn, view_session_deadline_us(), err);
}

void view_session_close(ViewSession *session)
{
        if (!session)
                return;
        PQfinish(session->conn);
        pg_params_free(session->params);
        view_rows_free(session->rows);
        free(session);
}

PGconn *view_session_conn(ViewSession *session)
{
        return session->conn;
}

static int64_t number(const PGresult *res, int row, int column)
{
        return strtoll(PQgetvalue(res, row, column), NULL, 10);
}

ErrorCode view_session_heads(ViewSession *session, FeedList *feeds, const char *topic_prefix,
                             Error *err)
{
        const View *view = session->view;

        for (size_t i = 0; i < view->n_aggregates; i++) {
                _cleanup_(freep) LogHead *heads = NULL;
                size_t n_heads = 0;
                ErrorCode code = store_read_heads(session->conn, view->aggregates[i]->name, &heads,
                                                  &n_heads, view_session_deadline_us(), err);

                if (code)
                        return code;
                for (size_t h = 0; h < n_heads; h++) {
                        Feed *feed = feed_list_get(feeds, view->aggregates[i], heads[h].partition,
                                                   topic_prefix, view->metrics_name);

                        feed->last_position = heads[h].last_position;
                        feed->published_then = feed->published;
                        feed->published = heads[h].published;
                }
        }
        return ERROR_NONE;
}

ErrorCode view_session_share(ViewSession *session, size_t n_feeds, size_t members_min, size_t *ret,
                             Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        size_t members;
        ErrorCode code;

        pg_params_clear(session->params);
        pg_params_text(session->params, session->view->schema_name);
        code = pg_exec_prepared(session->conn, "lease_members", sql_lease_members, session->params,
                                &res, view_session_deadline_us(), "count the owners of a view",
                                err);
        if (code)
                return code;
        members = (size_t)number(res, 0, 0);
        if (members < members_min)
                members = members_min;
        *ret = members > 1 ? (n_feeds + members - 1) / members : n_feeds;
        return ERROR_NONE;
}

/* Raise the epochs of what was leased and learn where to begin. */
static ErrorCode take_checkpoints(ViewSession *session, Feed **feeds, size_t n, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        int types, partitions;
        ErrorCode code;

        pg_params_clear(session->params);
        types = pg_params_array(session->params, PG_ARRAY_TEXT);
        partitions = pg_params_array(session->params, PG_ARRAY_INT4);
        for (size_t i = 0; i < n; i++) {
                pg_array_text(session->params, types, feeds[i]->aggregate->name);
                pg_array_int(session->params, partitions, feeds[i]->partition);
        }
        pg_params_text(session->params, session->owner);
        code = pg_exec_prepared(session->conn, "view_take", session->view->take_sql,
                                session->params, &res, view_session_deadline_us(),
                                "take over checkpoints", err);
        if (code)
                return code;
        for (int row = 0; row < PQntuples(res); row++) {
                for (size_t i = 0; i < n; i++) {
                        Feed *feed = feeds[i];

                        if (strcmp(feed->aggregate->name, PQgetvalue(res, row, 0)) != 0 ||
                            feed->partition != number(res, row, 1))
                                continue;
                        feed->position = number(res, row, 2);
                        feed->offset = number(res, row, 3);
                        feed->epoch = number(res, row, 4);
                        feed_take(feed);
                }
        }
        return ERROR_NONE;
}

ErrorCode view_session_lease(ViewSession *session, const FeedList *feeds, size_t max,
                             Feed **ret_taken, size_t *ret_n, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        _cleanup_(freep) Feed **free_feeds = calloc(feeds->n_feeds + 1, sizeof(Feed *));
        size_t n_free = 0;
        int types, partitions;
        ErrorCode code;

        *ret_n = 0;
        if (!free_feeds)
                return error_no_memory(err);
        pg_params_clear(session->params);
        pg_params_text(session->params, session->view->schema_name);
        types = pg_params_array(session->params, PG_ARRAY_TEXT);
        partitions = pg_params_array(session->params, PG_ARRAY_INT4);
        pg_params_int64(session->params, (int64_t)max);
        for (size_t i = 0; i < feeds->n_feeds; i++) {
                Feed *feed = feeds->feeds[i];

                if (feed->source != FEED_NONE)
                        continue;
                pg_array_text(session->params, types, feed->aggregate->name);
                pg_array_int(session->params, partitions, feed->partition);
                free_feeds[n_free++] = feed;
        }
        if (n_free == 0 || max == 0)
                return ERROR_NONE;
        code = pg_exec_prepared(session->conn, "lease_take", sql_lease_take, session->params, &res,
                                view_session_deadline_us(), "lease log partitions", err);
        if (code || PQntuples(res) == 0)
                return code;
        for (int i = 0; i < PQntuples(res); i++) {
                int64_t n = number(res, i, 0);

                assert(n >= 1 && (size_t)n <= n_free);
                ret_taken[(*ret_n)++] = free_feeds[n - 1];
        }
        return take_checkpoints(session, ret_taken, *ret_n, err);
}

ErrorCode view_session_release(ViewSession *session, const Feed *feed, Error *err)
{
        pg_params_clear(session->params);
        pg_params_text(session->params, session->view->schema_name);
        pg_params_text(session->params, feed->aggregate->name);
        pg_params_int32(session->params, feed->partition);
        return pg_exec_prepared(session->conn, "lease_release", sql_lease_release, session->params,
                                NULL, view_session_deadline_us(), "give a log partition up", err);
}

ErrorCode view_session_load(ViewSession *session, const ViewBatch *batch, size_t from, size_t to,
                            RowFold *fold, Error *err)
{
        return view_rows_load(session->rows, session->conn, batch, from, to, fold, err);
}

ErrorCode view_session_send(ViewSession *session, const ViewBatch *batch, const RowFold *fold,
                            const FeedList *feeds, bool copies, Error *err)
{
        return view_rows_send(session->rows, session->conn, batch, fold, feeds, copies, err);
}

ErrorCode view_session_receive(ViewSession *session, Error *err)
{
        return view_rows_receive(session->rows, session->conn, err);
}
