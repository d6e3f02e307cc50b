#include "view_switch.h"

#include <inttypes.h>
#include <string.h>

#include "change_log.h"
#include "common/base/clock.h"
#include "common/model/sql_text.h"
#include "common/pg/pg_params.h"
#include "rebuild_phase.sql.h"
#include "version_list.h"
#include "version_set_state.sql.h"
#include "view_lock.sql.h"
#include "view_registry.h"
#include "view_sql.h"

#define TIMEOUT_US   (60 * US_PER_SEC)
#define LOOK_US      (5 * US_PER_MS)
#define NEAR_EVENTS  2000    /* a builder is through with them while the live version is held */
#define DDL_LOCK_MS  300     /* readers wait behind us so long at most; under deadlock_timeout */
#define STATE_CANNOT "42P16" /* a view's columns cannot become these */

static int64_t deadline_us(void)
{
        return clock_monotonic_us() + TIMEOUT_US;
}

static ErrorCode run(PGconn *conn, const char *sql, const char *what, Error *err)
{
        return pg_exec(conn, sql, NULL, NULL, deadline_us(), what, err);
}

static void undo(PGconn *conn)
{
        (void)!run(conn, "ROLLBACK", "roll back", NULL);
}

static void checkpoint_of(Buffer *sql, const View *view)
{
        sql_quote_name(sql, view->schema_name);
        buffer_append_string(sql, ".checkpoint");
}

/* Nobody advances, takes or adds a checkpoint of @view until the transaction ends. Readers do not notice. */
static ErrorCode hold(const ViewSwitch *change, const View *view, Error *err)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        ErrorCode code;

        buffer_printf(&sql, "SET LOCAL lock_timeout = %" PRId64 "; LOCK TABLE ",
                      change->config->rebuild_hold_ms);
        checkpoint_of(&sql, view);
        buffer_append_string(&sql, " IN SHARE ROW EXCLUSIVE MODE");
        code = run(change->conn, sql.data, "hold a view", err);
        return code == ERROR_UNAVAILABLE && strcmp(err->sqlstate, "55P03") == 0
                       ? error_set(err, ERROR_CONFLICT, "view \"%s\" is too busy to be held",
                                   view->model->view)
                       : code;
}

/* An aggregate over the log partitions, o of the live version beside n of the built one. */
static ErrorCode ask(const ViewSwitch *change, PGconn *conn, const char *what, const char *where,
                     int64_t *ret, Error *err)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        buffer_printf(&sql, "SELECT %s FROM ", what);
        checkpoint_of(&sql, change->live);
        buffer_append_string(&sql, " AS o FULL JOIN ");
        checkpoint_of(&sql, change->built);
        buffer_printf(&sql, " AS n USING (aggregate_type, partition) WHERE %s", where);
        code = pg_exec(conn, sql.data, NULL, &res, deadline_us(), "compare positions", err);
        if (!code)
                *ret = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
        return code;
}

/* How many log partitions are not at the same position. */
static ErrorCode count_apart(const ViewSwitch *change, PGconn *conn, int64_t *ret, Error *err)
{
        return ask(change, conn, "count(*)", "coalesce(o.position, 0) <> coalesce(n.position, 0)",
                   ret, err);
}

/* While indexes are made nobody builds, and builders rest now and then: nobody is held up before they are near. */
static ErrorCode expect_near(const ViewSwitch *change, Error *err)
{
        int64_t until_us = clock_monotonic_us() + change->config->rebuild_hold_ms * US_PER_MS;
        int64_t behind = 0;

        do {
                ErrorCode code = ask(change, change->conn,
                                     "coalesce(sum(greatest(o.position - coalesce(n.position, 0), "
                                     "0)), 0)",
                                     "true", &behind, err);

                if (code || behind <= NEAR_EVENTS)
                        return code;
                clock_wait_us(LOOK_US);
        } while (clock_monotonic_us() < until_us);
        return error_set(err, ERROR_CONFLICT,
                         "version %d of view \"%s\" is %" PRId64 " events behind the live one",
                         change->built->version, change->built->model->view, behind);
}

/* Hold the live version until the other one is where it is. A transaction is open. */
static ErrorCode meet(const ViewSwitch *change, Error *err)
{
        int64_t until_us, apart = 1;
        ErrorCode code = expect_near(change, err);

        if (!code)
                code = hold(change, change->live, err);
        until_us = clock_monotonic_us() + change->config->rebuild_hold_ms * US_PER_MS;
        while (!code) {
                code = count_apart(change, change->conn, &apart, err);
                if (code || !apart)
                        return code;
                if (clock_monotonic_us() >= until_us)
                        return error_set(err, ERROR_CONFLICT,
                                         "version %d of view \"%s\" was not where the live one is "
                                         "after %" PRId64 " ms",
                                         change->built->version, change->built->model->view,
                                         change->config->rebuild_hold_ms);
                clock_wait_us(LOOK_US);
        }
        return code;
}

ErrorCode view_switch_snapshot(const ViewSwitch *change, PGconn *reader, Error *err)
{
        int64_t apart = 0;
        ErrorCode code = run(change->conn, "BEGIN", "begin", err);

        if (!code)
                code = meet(change, err);
        if (!code)
                code = run(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "begin", err);
        if (!code)
                code = count_apart(change, reader, &apart, err);
        undo(change->conn);
        if (!code && apart)
                code = error_set(err, ERROR_INTERNAL, "a held view has moved");
        return code;
}

static ErrorCode set_state(const ViewSwitch *change, const View *view, VersionState state,
                           Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, view->model->view);
        pg_params_int32(params, view->version);
        pg_params_text(params, version_state_name(state));
        return pg_exec(change->conn, sql_version_set_state, params, NULL, deadline_us(),
                       "change a version", err);
}

static ErrorCode set_switched(const ViewSwitch *change, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();

        if (!params)
                return error_no_memory(err);
        pg_params_int64(params, change->rebuild);
        pg_params_text(params, "switched");
        pg_params_text(params, NULL);
        return pg_exec(change->conn, sql_rebuild_phase, params, NULL, deadline_us(),
                       "end a rebuild", err);
}

/* The registry is locked: is it all as we think? */
static ErrorCode check(const ViewSwitch *change, VersionList *list, Error *err)
{
        const char *view = change->built->model->view;
        const ViewVersion *built, *live;
        ErrorCode code = version_list_read(list, change->conn, deadline_us(), err);

        if (code)
                return code;
        built = version_list_building(list, view);
        live = version_list_live(list, view);
        if (!built || built->version != change->built->version ||
            built->rebuild.id != change->rebuild || !live != !change->live ||
            (live && live->version != change->live->version))
                return error_set(err, ERROR_NOT_FOUND, "the rebuild of view \"%s\" is over", view);
        return built->rebuild.paused ? error_set(err, ERROR_CONFLICT,
                                                 "the rebuild of view \"%s\" is paused", view)
                                     : ERROR_NONE;
}

static void append_raise(Buffer *sql, const View *view)
{
        buffer_append_string(sql, "UPDATE ");
        checkpoint_of(sql, view);
        buffer_append_string(sql, " SET epoch = epoch + 1;\n");
}

/* Positions are the same, so the Kafka offset of one is good for the other. A lower position's is good, too. */
static void append_offsets(Buffer *sql, const View *built, const char *other_schema)
{
        buffer_append_string(sql, "UPDATE ");
        checkpoint_of(sql, built);
        buffer_append_string(sql, " AS n SET kafka_offset = o.kafka_offset FROM ");
        sql_quote_name(sql, other_schema);
        buffer_append_string(sql, ".checkpoint AS o WHERE o.aggregate_type = n.aggregate_type AND "
                                  "o.partition = n.partition AND o.position <= n.position AND "
                                  "o.kafka_offset > n.kafka_offset;\n");
}

static ErrorCode move_checkpoints(const ViewSwitch *change, const VersionList *list, Error *err)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;

        append_raise(&sql, change->built);
        if (change->live)
                append_raise(&sql, change->live);
        for (size_t i = 0; i < list->n_versions; i++)
                if (list->versions[i].state == VERSION_LIVE)
                        append_offsets(&sql, change->built, list->versions[i].schema_name);
        return run(change->conn, sql.data, "raise the epochs", err);
}

/* Replacing keeps what others have built upon the view; other columns need a new one. */
static ErrorCode show(const ViewSwitch *change, Error *err)
{
        _cleanup_(buffer_deinit) Buffer replace = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer create = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer wait = BUFFER_INIT;
        ErrorCode code;

        buffer_printf(&wait, "SET LOCAL lock_timeout = %d; SAVEPOINT show", DDL_LOCK_MS);
        code = run(change->conn, wait.data, "set a lock timeout", err);
        if (code)
                return code;
        view_sql_replace_read_view(&replace, change->built, change->live);
        code = run(change->conn, replace.data, "show the new version", err);
        if (code && strcmp(err->sqlstate, STATE_CANNOT) == 0) {
                view_sql_read_view(&create, change->built, change->live);
                code = run(change->conn, "ROLLBACK TO show", "roll back", err);
                if (!code)
                        code = run(change->conn, create.data, "show the new version", err);
        }
        if (!code)
                code = view_registry_show_checkpoints(change->conn, deadline_us(), err);
        return code == ERROR_UNAVAILABLE && strcmp(err->sqlstate, "55P03") == 0
                       ? error_set(err, ERROR_CONFLICT, "readers of view \"%s\" take too long",
                                   change->built->model->view)
                       : code;
}

static ErrorCode take_over(const ViewSwitch *change, VersionList *list, Error *err)
{
        int64_t apart = 0;
        ErrorCode code = run(change->conn, sql_view_lock, "lock the registry of views", err);

        if (!code)
                code = check(change, list, err);
        if (!code && change->live)
                code = meet(change, err);
        if (!code)
                code = hold(change, change->built, err);
        if (!code && change->live)
                code = count_apart(change, change->conn, &apart, err);
        if (!code && apart)
                code = error_set(err, ERROR_CONFLICT, "view \"%s\" has moved",
                                 change->built->model->view);
        if (!code)
                code = move_checkpoints(change, list, err);
        if (!code && change->live)
                code = set_state(change, change->live, VERSION_RETIRED, err);
        if (!code)
                code = set_state(change, change->built, VERSION_LIVE, err);
        if (!code)
                code = set_switched(change, err);
        if (!code)
                code = change_log_stop(change->conn, change->built->model->view, deadline_us(),
                                       err);
        return code ? code : show(change, err);
}

ErrorCode view_switch_run(const ViewSwitch *change, Error *err)
{
        _cleanup_(version_list_deinit) VersionList list = VERSION_LIST_INIT;
        ErrorCode code = run(change->conn, "BEGIN", "begin", err);

        if (code)
                return code;
        code = take_over(change, &list, err);
        if (!code)
                return run(change->conn, "COMMIT", "commit", err);
        undo(change->conn);
        return code;
}
