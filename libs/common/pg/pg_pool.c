#include "common/pg/pg_pool.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "common/base/backoff.h"
#include "common/base/clock.h"

#define BACKOFF_FIRST_US (50 * US_PER_MS)
#define BACKOFF_MAX_US   (2 * US_PER_SEC)

struct PgLease {
        PgPool *pool;
        PGconn *conn; /* NULL: not connected */
        PgLease *next;
};

/* A caller in line for a lease; lives on its stack. */
typedef struct Waiter {
        pthread_cond_t woken;
        PgLease *lease; /* set by whoever returns one */
        struct Waiter *next;
} Waiter;

struct PgPool {
        char *url;
        char *name;

        pthread_mutex_t lock; /* everything below */
        PgLease *idle;        /* connected, last used first */
        PgLease *empty;       /* not connected */
        Waiter *first_waiter;
        Waiter **last_waiter; /* where the next one is linked */

        bool down; /* the last try to connect failed, with down_error */
        bool trying;
        int64_t retry_at_us;
        Backoff backoff;
        Error down_error;

        size_t size;
        PgLease leases[];
};

ErrorCode pg_pool_new(PgPool **ret, const char *url, const char *name, size_t size, Error *err)
{
        _cleanup_(pg_pool_freep) PgPool *pool = NULL;

        assert(ret && url && name && size > 0);

        pool = calloc(1, sizeof *pool + size * sizeof *pool->leases);
        if (!pool)
                return error_no_memory(err);
        (void)pthread_mutex_init(&pool->lock, NULL);
        pool->last_waiter = &pool->first_waiter;
        pool->backoff = BACKOFF_INIT(BACKOFF_FIRST_US, BACKOFF_MAX_US);
        pool->size = size;
        for (size_t i = size; i-- > 0;) {
                pool->leases[i] = (PgLease){ .pool = pool, .next = pool->empty };
                pool->empty = &pool->leases[i];
        }
        pool->url = strdup(url);
        pool->name = strdup(name);
        if (!pool->url || !pool->name)
                return error_no_memory(err);
        *ret = TAKE_PTR(pool);
        return ERROR_NONE;
}

void pg_pool_free(PgPool *pool)
{
        size_t n_free = 0;

        if (!pool)
                return;
        for (const PgLease *lease = pool->idle; lease; lease = lease->next)
                n_free++;
        for (const PgLease *lease = pool->empty; lease; lease = lease->next)
                n_free++;
        assert(n_free == pool->size && !pool->first_waiter);

        for (size_t i = 0; i < pool->size; i++)
                PQfinish(pool->leases[i].conn);
        (void)pthread_mutex_destroy(&pool->lock);
        free(pool->url);
        free(pool->name);
        free(pool);
}

static PgLease *take_free(PgPool *pool)
{
        PgLease **list = pool->idle ? &pool->idle : &pool->empty;
        PgLease *lease = *list;

        if (lease) {
                *list = lease->next;
                lease->next = NULL;
        }
        return lease;
}

/* To whoever waits longest, else back to the lists. */
static void give_back(PgPool *pool, PgLease *lease)
{
        Waiter *waiter = pool->first_waiter;
        PgLease **list = lease->conn ? &pool->idle : &pool->empty;

        if (waiter) {
                pool->first_waiter = waiter->next;
                if (!pool->first_waiter)
                        pool->last_waiter = &pool->first_waiter;
                waiter->lease = lease;
                (void)pthread_cond_signal(&waiter->woken);
                return;
        }
        lease->next = *list;
        *list = lease;
}

static void leave_line(PgPool *pool, const Waiter *waiter)
{
        Waiter **link = &pool->first_waiter;

        while (*link != waiter)
                link = &(*link)->next;
        *link = waiter->next;
        if (!*link)
                pool->last_waiter = link;
}

/* Stand in line until @deadline_us; NULL when it has passed. With the lock held. */
static PgLease *wait_for_lease(PgPool *pool, int64_t deadline_us)
{
        const struct timespec deadline = {
                .tv_sec = deadline_us / US_PER_SEC,
                .tv_nsec = deadline_us % US_PER_SEC * 1000,
        };
        Waiter self = { .lease = NULL };
        pthread_condattr_t attr;
        int failed = 0;

        (void)pthread_condattr_init(&attr);
        (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        (void)pthread_cond_init(&self.woken, &attr);
        (void)pthread_condattr_destroy(&attr);

        *pool->last_waiter = &self;
        pool->last_waiter = &self.next;
        while (!self.lease && !failed)
                failed = pthread_cond_timedwait(&self.woken, &pool->lock, &deadline);
        if (!self.lease)
                leave_line(pool, &self);
        (void)pthread_cond_destroy(&self.woken);
        return self.lease;
}

/* Nothing is said on an idle connection but farewells: the reason, or the end of the file. */
static bool still_usable(PGconn *conn)
{
        struct pollfd fd = { .fd = PQsocket(conn), .events = POLLIN };

        return PQstatus(conn) == CONNECTION_OK && poll(&fd, 1, 0) == 0;
}

/* Whether this caller may try to connect now; else @err says why the last try failed. */
static ErrorCode may_connect(PgPool *pool, Error *err)
{
        MUTEX_GUARD(&pool->lock);

        if (!pool->down)
                return ERROR_NONE;
        if (pool->trying || clock_monotonic_us() < pool->retry_at_us) {
                if (err)
                        *err = pool->down_error;
                return ERROR_UNAVAILABLE;
        }
        pool->trying = true;
        return ERROR_NONE;
}

static void note_outcome(PgPool *pool, ErrorCode code, const Error *error)
{
        MUTEX_GUARD(&pool->lock);

        pool->trying = false;
        pool->down = code != ERROR_NONE;
        if (pool->down) {
                pool->retry_at_us = clock_monotonic_us() + backoff_next_us(&pool->backoff);
                pool->down_error = *error;
                pool->down_error.code = ERROR_UNAVAILABLE;
        } else {
                backoff_reset(&pool->backoff);
        }
}

static ErrorCode make_usable(PgLease *lease, int64_t deadline_us, Error *err)
{
        PgPool *pool = lease->pool;
        Error error = ERROR_INIT;
        ErrorCode code;

        if (lease->conn && still_usable(lease->conn))
                return ERROR_NONE;
        PQfinish(lease->conn);
        lease->conn = NULL;
        code = may_connect(pool, err);
        if (code)
                return code;
        code = pg_connect(&lease->conn, pool->url, pool->name, deadline_us, &error);
        note_outcome(pool, code, &error);
        if (code && err)
                *err = error;
        return code;
}

ErrorCode pg_pool_lease(PgPool *pool, PgLease **ret, int64_t deadline_us, Error *err)
{
        PgLease *lease;
        ErrorCode code;

        {
                MUTEX_GUARD(&pool->lock);

                /* Those who wait come first, even when something is free. */
                lease = pool->first_waiter ? NULL : take_free(pool);
                if (!lease)
                        lease = wait_for_lease(pool, deadline_us);
        }
        if (!lease)
                return error_set(err, ERROR_UNAVAILABLE,
                                 "all %zu connections to PostgreSQL are busy", pool->size);
        code = make_usable(lease, deadline_us, err);
        if (code) {
                MUTEX_GUARD(&pool->lock);

                give_back(pool, lease);
                return code;
        }
        *ret = lease;
        return ERROR_NONE;
}

PGconn *pg_lease_conn(PgLease *lease)
{
        return lease->conn;
}

void pg_lease_return(PgLease *lease)
{
        if (!lease)
                return;
        /* A transaction left open is given up with its connection: the next one starts clean. */
        if (PQstatus(lease->conn) != CONNECTION_OK ||
            PQtransactionStatus(lease->conn) != PQTRANS_IDLE ||
            PQpipelineStatus(lease->conn) != PQ_PIPELINE_OFF) {
                PQfinish(lease->conn);
                lease->conn = NULL;
        }
        {
                MUTEX_GUARD(&lease->pool->lock);

                give_back(lease->pool, lease);
        }
}
