#include "record_keeper.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/daemon/log.h"
#include "common/daemon/metrics.h"
#include "common/pg/pg_params.h"
#include "expire.sql.h"

#define TURN_US          (200 * US_PER_MS) /* between two looks at the queue */
#define TURNS_PER_SECOND (US_PER_SEC / TURN_US)
#define TIMEOUT_US       (10 * US_PER_SEC)
#define STOP_TIMEOUT_US  (2 * US_PER_SEC)
#define CHUNKS_PER_TURN  20 /* each a short transaction; commands go on between them */

struct RecordKeeper {
        const CommandConfig *config;
        PgPool *pool;
        FailureQueue *failures;
        PgParams *params;
        int64_t expiry_due_us;
        bool away; /* the store, and the log says so */
        pthread_t thread;
        bool running;
        pthread_mutex_t lock;
        pthread_cond_t stop_changed;
        bool stopping;
        Metric *expired;
};

ErrorCode record_keeper_new(RecordKeeper **ret, const CommandConfig *config, PgPool *pool,
                            FailureQueue *failures, Error *err)
{
        RecordKeeper *keeper = calloc(1, sizeof *keeper);
        pthread_condattr_t monotonic;

        if (!keeper || !(keeper->params = pg_params_new())) {
                free(keeper);
                return error_no_memory(err);
        }
        keeper->config = config;
        keeper->pool = pool;
        keeper->failures = failures;
        keeper->expired = metric_counter("skafu_records_expired_total", NULL,
                                         "rows of commands, failures and marks removed");
        (void)pthread_mutex_init(&keeper->lock, NULL);
        (void)pthread_condattr_init(&monotonic);
        (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        (void)pthread_cond_init(&keeper->stop_changed, &monotonic);
        (void)pthread_condattr_destroy(&monotonic);
        *ret = keeper;
        return ERROR_NONE;
}

void record_keeper_free(RecordKeeper *keeper)
{
        if (!keeper)
                return;
        pg_params_free(keeper->params);
        (void)pthread_cond_destroy(&keeper->stop_changed);
        (void)pthread_mutex_destroy(&keeper->lock);
        free(keeper);
}

/* As many in a turn as make failure_records_per_s in a second. */
static size_t turn_size(const RecordKeeper *keeper)
{
        return (size_t)((keeper->config->failure_records_per_s + TURNS_PER_SECOND - 1) /
                        TURNS_PER_SECOND);
}

/* One chunk of one table; *ret_more: there may be another. */
static ErrorCode expire_chunk(RecordKeeper *keeper, PGconn *conn, bool *ret_more, Error *err)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        pg_params_clear(keeper->params);
        pg_params_int64(keeper->params, keeper->config->command_ttl_s);
        pg_params_int64(keeper->params, keeper->config->failure_ttl_s);
        code = pg_exec_prepared(conn, "expire", sql_expire, keeper->params, &res,
                                clock_monotonic_us() + TIMEOUT_US, "remove expired records", err);
        if (code)
                return code;
        *ret_more = !PQgetisnull(res, 0, 0);
        if (*ret_more)
                metric_add(keeper->expired, strtoll(PQgetvalue(res, 0, 1), NULL, 10));
        return ERROR_NONE;
}

static ErrorCode expire(RecordKeeper *keeper, PGconn *conn, Error *err)
{
        bool more = true;
        ErrorCode code = ERROR_NONE;

        for (int i = 0; !code && more && i < CHUNKS_PER_TURN; i++)
                code = expire_chunk(keeper, conn, &more, err);
        if (!code && !more)
                keeper->expiry_due_us =
                        clock_monotonic_us() + keeper->config->expiry_interval_s * US_PER_SEC;
        return code;
}

static ErrorCode work(RecordKeeper *keeper, Error *err)
{
        bool must_expire = clock_monotonic_us() >= keeper->expiry_due_us;
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        int64_t deadline_us = clock_monotonic_us() + TIMEOUT_US;
        ErrorCode code;

        if (!must_expire && failure_queue_count(keeper->failures) == 0)
                return ERROR_NONE;
        code = pg_pool_lease(keeper->pool, &lease, deadline_us, err);
        if (!code)
                code = failure_queue_flush(keeper->failures, pg_lease_conn(lease),
                                           turn_size(keeper), deadline_us, err);
        if (!code && must_expire)
                code = expire(keeper, pg_lease_conn(lease), err);
        return code;
}

static void note_state(RecordKeeper *keeper, ErrorCode code, const Error *err)
{
        if (code && !keeper->away)
                log_warning("records-interrupted", "%s", err->message);
        keeper->away = code != ERROR_NONE;
}

/* False when it is time to stop. */
static bool wait_turn(RecordKeeper *keeper)
{
        int64_t until_us = clock_monotonic_us() + TURN_US;
        struct timespec until = { .tv_sec = until_us / US_PER_SEC,
                                  .tv_nsec = until_us % US_PER_SEC * 1000 };

        MUTEX_GUARD(&keeper->lock);
        while (!keeper->stopping &&
               pthread_cond_timedwait(&keeper->stop_changed, &keeper->lock, &until) != ETIMEDOUT)
                ;
        return !keeper->stopping;
}

/* What a client was told a record of should have one, also when we go. */
static void flush_all(RecordKeeper *keeper)
{
        int64_t deadline_us = clock_monotonic_us() + STOP_TIMEOUT_US;
        size_t n = failure_queue_count(keeper->failures);
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        Error err = ERROR_INIT;
        ErrorCode code;

        if (n == 0)
                return;
        code = pg_pool_lease(keeper->pool, &lease, deadline_us, &err);
        if (!code)
                code = failure_queue_flush(keeper->failures, pg_lease_conn(lease), n, deadline_us,
                                           &err);
        note_state(keeper, code, &err);
}

static void *run(void *data)
{
        RecordKeeper *keeper = data;

        while (wait_turn(keeper)) {
                Error err = ERROR_INIT;

                note_state(keeper, work(keeper, &err), &err);
        }
        flush_all(keeper);
        return NULL;
}

ErrorCode record_keeper_start(RecordKeeper *keeper, Error *err)
{
        if (pthread_create(&keeper->thread, NULL, run, keeper) != 0)
                return error_set(err, ERROR_INTERNAL, "could not start the record keeper");
        keeper->running = true;
        return ERROR_NONE;
}

void record_keeper_stop(RecordKeeper *keeper)
{
        if (!keeper || !keeper->running)
                return;
        {
                MUTEX_GUARD(&keeper->lock);
                keeper->stopping = true;
                (void)pthread_cond_signal(&keeper->stop_changed);
        }
        (void)pthread_join(keeper->thread, NULL);
        keeper->running = false;
}
