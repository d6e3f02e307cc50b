#include "rebuild_finish.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/daemon/log.h"
#include "common/model/model_ddl.h"
#include "common/pg/pg_params.h"
#include "parked_count.sql.h"
#include "rebuild_compared.sql.h"
#include "rebuild_lock.sql.h"
#include "rebuild_phase.sql.h"
#include "repair_sql.h"
#include "view_compare.h"
#include "view_open.h"
#include "view_switch.h"

#define TIMEOUT_US         (30 * US_PER_SEC)
#define CONNECT_TIMEOUT_US (5 * US_PER_SEC)
#define CANCEL_EVERY_US    (50 * US_PER_MS)
#define LONG_TIMEOUT_US    (INT64_C(21600) * US_PER_SEC) /* what goes through all rows, however many */

/* One try. */
typedef struct Try {
        RebuildFinish *finish;
        PGconn *conn;   /* registry and locks */
        PGconn *reader; /* the comparison's snapshot */
        VersionList list;
        const ViewVersion *version;
        View *live, *built; /* live: NULL when there is none */
} Try;

static void try_deinit(Try *try)
{
        PQfinish(try->reader);
        PQfinish(try->conn);
        version_list_deinit(&try->list);
        view_free(try->live);
        view_free(try->built);
}

static int64_t deadline_us(void)
{
        return clock_monotonic_us() + TIMEOUT_US;
}

static ErrorCode connect(const Try *try, PGconn **ret, Error *err)
{
        _cleanup_(buffer_deinit) Buffer name = BUFFER_INIT;

        buffer_printf(&name, "projector-svc %s switch", try->finish->view);
        return pg_connect(ret, try->finish->config->pg_url, name.data,
                          clock_monotonic_us() + CONNECT_TIMEOUT_US, err);
}

static ErrorCode lock(const Try *try, bool *ret, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, try->finish->view);
        code = pg_exec(try->conn, sql_rebuild_lock, params, &res, deadline_us(), "lock a rebuild",
                       err);
        if (!code)
                *ret = PQgetvalue(res, 0, 0)[0] == 't';
        return code;
}

static ErrorCode open_views(Try *try, Error *err)
{
        const Schema *schema = try->finish->schema;
        const ViewVersion *live = version_list_live(&try->list, try->finish->view);
        ErrorCode code;

        code = view_open(&try->built, try->conn, schema, try->version, deadline_us(), err);
        if (!code && live)
                code = view_open(&try->live, try->conn, schema, live, deadline_us(), err);
        return code;
}

static ErrorCode set_phase(const Try *try, const char *phase, const char *note, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();

        if (!params)
                return error_no_memory(err);
        pg_params_int64(params, try->version->rebuild.id);
        pg_params_text(params, phase);
        pg_params_text(params, note);
        return pg_exec(try->conn, sql_rebuild_phase, params, NULL, deadline_us(),
                       "note how far a rebuild is", err);
}

static void set_cancel(RebuildFinish *finish, PGcancel *cancel)
{
        (void)pthread_mutex_lock(&finish->lock);
        PQfreeCancel(finish->cancel);
        finish->cancel = cancel;
        (void)pthread_mutex_unlock(&finish->lock);
}

static ErrorCode note_comparison(const Try *try, const Comparison *comparison, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();

        if (!params)
                return error_no_memory(err);
        pg_params_int64(params, try->version->rebuild.id);
        pg_params_text(params, comparison->json.data);
        return pg_exec(try->conn, sql_rebuild_compared, params, NULL, deadline_us(),
                       "note a comparison", err);
}

static ErrorCode judge(const Try *try, const Comparison *comparison, bool *ret_go_on, Error *err)
{
        char note[160];
        ErrorCode code = note_comparison(try, comparison, err);

        if (code || comparison_is_equal(comparison))
                return code;
        (void)snprintf(note, sizeof note,
                       "%" PRId64 " rows missing, %" PRId64 " extra, %" PRId64
                       " different, against %" PRId64 " rows of the live version",
                       comparison->missing, comparison->extra, comparison->different,
                       comparison->rows);
        log_warning("rebuild-different", "%s version %d: %s", try->finish->view,
                    try->version->version, note);
        *ret_go_on = try->version->rebuild.ignore_differences;
        return *ret_go_on ? ERROR_NONE : set_phase(try, "different", note, err);
}

static ErrorCode compare(Try *try, const ViewSwitch *change, bool *ret_go_on, Error *err)
{
        _cleanup_(comparison_deinit) Comparison comparison = COMPARISON_INIT;
        ErrorCode code = connect(try, &try->reader, err);

        if (!code)
                code = view_switch_snapshot(change, try->reader, err);
        if (!code)
                code = set_phase(try, "comparing", NULL, err);
        if (code)
                return code;
        set_cancel(try->finish, PQgetCancel(try->reader));
        if (!atomic_load(&try->finish->stopping))
                code = view_compare(try->reader, try->live, try->built,
                                    try->finish->config->rebuild_examples_max, &comparison,
                                    clock_monotonic_us() + LONG_TIMEOUT_US, err);
        else
                code = error_set(err, ERROR_UNAVAILABLE, "the service stops");
        set_cancel(try->finish, NULL);
        PQfinish(TAKE_PTR(try->reader));
        return code ? code : judge(try, &comparison, ret_go_on, err);
}

/* Where there is nothing to compare with, nothing may be missing. */
static ErrorCode look_for_parked(Try *try, bool *ret_go_on, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        char note[80];
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, try->finish->view);
        pg_params_int32(params, try->version->version);
        code = pg_exec(try->conn, sql_parked_count, params, &res, deadline_us(),
                       "count parked aggregates", err);
        if (code || strcmp(PQgetvalue(res, 0, 0), "0") == 0)
                return code;
        (void)snprintf(note, sizeof note, "%.20s aggregates are parked", PQgetvalue(res, 0, 0));
        *ret_go_on = try->version->rebuild.ignore_differences;
        return *ret_go_on ? ERROR_NONE : set_phase(try, "different", note, err);
}

/* Made at the end, from rows that are there, an index costs a fraction of what it costs row by row. Whoever writes
 * the version waits meanwhile; readers do not see it yet. Those that are there already are passed over. */
static ErrorCode make_indexes(const Try *try, Error *err)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        ErrorCode code;

        model_index_ddl(&sql, try->built->schema, try->built->model, try->built->schema_name);
        repair_sql_index(&sql, try->built);
        set_cancel(try->finish, PQgetCancel(try->conn));
        code = pg_exec(try->conn, sql.data, NULL, NULL, clock_monotonic_us() + LONG_TIMEOUT_US,
                       "make indexes", err);
        set_cancel(try->finish, NULL);
        return code;
}

static ErrorCode end(Try *try, Error *err)
{
        const VersionRebuild *rebuild = &try->version->rebuild;
        ViewSwitch change = { .conn = try->conn,
                              .config = try->finish->config,
                              .live = try->live,
                              .built = try->built,
                              .rebuild = rebuild->id };
        bool go_on = true;
        ErrorCode code = make_indexes(try, err);

        if (!code && atomic_load(&try->finish->stopping))
                code = error_set(err, ERROR_UNAVAILABLE, "the service stops");
        if (code)
                return code;
        if (try->live && !(rebuild->compared && rebuild->ignore_differences))
                code = compare(try, &change, &go_on, err);
        else if (!try->live)
                code = look_for_parked(try, &go_on, err);
        if (code || !go_on)
                return code;
        if (!rebuild->switches_by_itself)
                return set_phase(try, "waiting", "ready: ask for the switch", err);
        code = view_switch_run(&change, err);
        if (!code)
                log_info("view-switched", "%s: version %d is live", try->finish->view,
                         try->built->version);
        return code;
}

static ErrorCode attempt(Try *try, Error *err)
{
        bool locked = false;
        ErrorCode code = connect(try, &try->conn, err);

        if (!code)
                code = lock(try, &locked, err);
        if (code || !locked)
                return code;
        code = version_list_read(&try->list, try->conn, deadline_us(), err);
        if (code)
                return code;
        try->version = version_list_building(&try->list, try->finish->view);
        if (!try->version || !try->version->rebuild.id || try->version->rebuild.paused ||
            try->version->rebuild.different || try->version->rebuild.waiting)
                return ERROR_NONE;
        code = open_views(try, err);
        return code ? code : end(try, err);
}

/* Not now: what is in the way is said, and it is tried again. */
static void put_off(const Try *try, const Error *err)
{
        log_info("rebuild-put-off", "%s: %s", try->finish->view, err->message);
        if (try->version && try->conn && PQstatus(try->conn) == CONNECTION_OK)
                (void)!set_phase(try, "building", err->message, NULL);
}

static void *run(void *data)
{
        RebuildFinish *finish = data;
        _cleanup_(try_deinit) Try try = { .finish = finish, .list = VERSION_LIST_INIT };
        Error err = ERROR_INIT;

        if (attempt(&try, &err))
                put_off(&try, &err);
        atomic_store(&finish->over, true);
        finish->ended(finish->owner);
        return NULL;
}

void rebuild_finish_init(RebuildFinish *finish, const ProjectorConfig *config, const Schema *schema,
                         const char *view, void (*ended)(void *owner), void *owner)
{
        *finish = (RebuildFinish){ .config = config,
                                   .schema = schema,
                                   .view = view,
                                   .ended = ended,
                                   .owner = owner,
                                   .lock = PTHREAD_MUTEX_INITIALIZER };
}

void rebuild_finish_deinit(RebuildFinish *finish)
{
        rebuild_finish_stop(finish);
        (void)pthread_mutex_destroy(&finish->lock);
}

static void join(RebuildFinish *finish)
{
        (void)pthread_join(finish->thread, NULL);
        finish->started = false;
        finish->due_us = clock_monotonic_us() + finish->config->refresh_ms * US_PER_MS;
        atomic_store(&finish->over, false);
}

bool rebuild_finish_runs(RebuildFinish *finish)
{
        if (finish->started && atomic_load(&finish->over))
                join(finish);
        return finish->started;
}

void rebuild_finish_start(RebuildFinish *finish)
{
        if (rebuild_finish_runs(finish) || clock_monotonic_us() < finish->due_us)
                return;
        finish->started = pthread_create(&finish->thread, NULL, run, finish) == 0;
}

void rebuild_finish_tell(RebuildFinish *finish)
{
        char reason[256];

        atomic_store(&finish->stopping, true);
        (void)pthread_mutex_lock(&finish->lock);
        if (finish->cancel)
                (void)PQcancel(finish->cancel, reason, sizeof reason);
        (void)pthread_mutex_unlock(&finish->lock);
}

/* A statement may begin just behind a cancel. */
void rebuild_finish_stop(RebuildFinish *finish)
{
        rebuild_finish_tell(finish);
        if (!finish->started)
                return;
        while (!atomic_load(&finish->over)) {
                clock_wait_us(CANCEL_EVERY_US);
                rebuild_finish_tell(finish);
        }
        join(finish);
}
