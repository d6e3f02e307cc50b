#include "rebuild_progress.h"

#include <stdlib.h>

#include "common/domain/domain.h"
#include "common/domain/event_projection.h"
#include "common/model/sql_text.h"
#include "common/pg/pg_params.h"

static void append_position(Buffer *sql, const ViewVersion *version)
{
        if (!version) {
                buffer_append_string(sql, ", l.last_position");
                return;
        }
        buffer_append_string(sql, ", coalesce((SELECT c.position FROM ");
        sql_quote_name(sql, version->schema_name);
        buffer_append_string(sql, ".checkpoint AS c WHERE c.aggregate_type = l.aggregate_type AND "
                                  "c.partition = l.partition), 0)");
}

static ErrorCode ask(PGconn *conn, const char *model, const Buffer *sql, PGresult **ret,
                     int64_t deadline_us, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        int types;

        if (!params)
                return error_no_memory(err);
        types = pg_params_array(params, PG_ARRAY_TEXT);
        for (size_t i = 0; domain_aggregates[i]; i++)
                if (aggregate_feeds(domain_aggregates[i], model))
                        pg_array_text(params, types, domain_aggregates[i]->name);
        return pg_exec(conn, sql->data, params, ret, deadline_us, "look how far a version is", err);
}

/* NOLINTNEXTLINE(readability-function-size): two versions, a bound, and the answer */
ErrorCode rebuild_progress_read(RebuildProgress *ret, PGconn *conn, const char *model,
                                const ViewVersion *version, const ViewVersion *live,
                                int64_t deadline_us, Error *err)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        RebuildProgress progress = REBUILD_PROGRESS_INIT;
        ErrorCode code;

        buffer_append_string(&sql, "SELECT l.aggregate_type, l.partition, l.last_position");
        append_position(&sql, version);
        append_position(&sql, live);
        buffer_append_string(&sql, " FROM event_store.logs AS l WHERE l.aggregate_type = ANY "
                                   "($1::text[]) ORDER BY l.aggregate_type, l.partition");
        code = ask(conn, model, &sql, &progress.owner, deadline_us, err);
        if (code)
                return code;
        progress.n_logs = (size_t)PQntuples(progress.owner);
        progress.logs = calloc(progress.n_logs + 1, sizeof *progress.logs);
        if (!progress.logs) {
                rebuild_progress_deinit(&progress);
                return error_no_memory(err);
        }
        for (int i = 0; i < (int)progress.n_logs; i++) {
                const PGresult *res = progress.owner;
                LogProgress log = {
                        .aggregate_type = PQgetvalue(res, i, 0),
                        .partition = (int32_t)strtol(PQgetvalue(res, i, 1), NULL, 10),
                        .head = strtoll(PQgetvalue(res, i, 2), NULL, 10),
                        .done = strtoll(PQgetvalue(res, i, 3), NULL, 10),
                        .goal = strtoll(PQgetvalue(res, i, 4), NULL, 10),
                };

                progress.logs[i] = log;
                progress.head += log.head;
                progress.done += log.done;
                progress.goal += log.goal;
        }
        rebuild_progress_deinit(ret);
        *ret = progress;
        return ERROR_NONE;
}

void rebuild_progress_deinit(RebuildProgress *progress)
{
        free(progress->logs);
        PQclear(progress->owner);
        *progress = REBUILD_PROGRESS_INIT;
}
