#include "common/http/http_connections.h"

#include <assert.h>
#include <linux/tcp.h> /* glibc's tcp_info ends before tcpi_bytes_received */
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

#include "common/base/clock.h"

#define TICK_MIN_US            (50 * US_PER_MS)
#define TICK_MAX_US            (500 * US_PER_MS)
#define ANSWER_BYTES_PER_S_MIN 65536 /* slower readers of large answers are cut off */

typedef enum State {
        IDLE, /* nothing of a next request is known to be there */
        READING,
        RUNNING,
        ANSWERING,
} State;

struct HttpConnection {
        HttpConnections *set;
        HttpConnection *next, *previous; /* under set->lock */
        int fd;
        _Atomic State state;         /* moved by the connection's thread */
        _Atomic int64_t deadline_us; /* of READING and ANSWERING, monotonic */
        _Atomic uint32_t n_answered; /* requests, to tell one idle time from the next */
        int64_t received_us;         /* connection's thread only */

        /* Under set->lock, of the idle time after @n_watched requests: bytes that had come in when
         * it was first seen, to notice when a request begins but its first line does not end. */
        uint32_t n_watched;
        uint64_t bytes_seen;
        int64_t begun_us; /* when more bytes were noticed, 0 before */
        bool is_half_closed;
};

struct HttpConnections {
        int64_t idle_timeout_us, read_timeout_us, tick_us;
        atomic_bool is_draining;
        atomic_size_t n;

        pthread_mutex_t lock;
        pthread_cond_t changed; /* a connection came or went, or an end is asked for */
        HttpConnection *first;
        bool is_ending, is_full; /* is_full: somebody waits for one to close */

        pthread_t reaper;
        bool has_reaper;
};

static struct timespec moment(int64_t monotonic_us)
{
        return (struct timespec){ .tv_sec = monotonic_us / US_PER_SEC,
                                  .tv_nsec = monotonic_us % US_PER_SEC * 1000 };
}

static uint64_t bytes_received(int fd)
{
        struct tcp_info info = { 0 };
        socklen_t size = sizeof info;

        (void)getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
        return info.tcpi_bytes_received;
}

/* An idle connection on which bytes come in, but no whole first line, is reading since then. */
static bool is_dribbling(HttpConnection *c, int64_t now_us)
{
        uint64_t bytes = bytes_received(c->fd);
        uint32_t n_answered = atomic_load(&c->n_answered);

        if (c->n_watched != n_answered) {
                c->n_watched = n_answered;
                c->bytes_seen = bytes;
                c->begun_us = 0;
        } else if (!c->begun_us && bytes != c->bytes_seen) {
                c->begun_us = now_us;
        }
        return c->begun_us && now_us > c->begun_us + c->set->read_timeout_us;
}

static void look_at(HttpConnection *c, int64_t now_us)
{
        bool is_late = false;

        switch (atomic_load(&c->state)) {
        case IDLE:
                is_late = is_dribbling(c, now_us);
                break;
        case READING:
        case ANSWERING:
                is_late = now_us > atomic_load(&c->deadline_us);
                break;
        case RUNNING: /* the handler's own deadlines count */
                break;
        }
        /* its thread sees the end of the stream and closes it */
        if (is_late)
                (void)shutdown(c->fd, SHUT_RDWR);
}

static void *reap(void *data)
{
        HttpConnections *set = data;

        MUTEX_GUARD(&set->lock);
        while (!set->is_ending) {
                int64_t now_us = clock_monotonic_us();
                struct timespec next = moment(now_us + set->tick_us);

                for (HttpConnection *c = set->first; c; c = c->next)
                        look_at(c, now_us);
                if (set->first)
                        (void)pthread_cond_timedwait(&set->changed, &set->lock, &next);
                else
                        (void)pthread_cond_wait(&set->changed, &set->lock);
        }
        return NULL;
}

ErrorCode http_connections_new(HttpConnections **ret, unsigned idle_timeout_s,
                               unsigned read_timeout_s, Error *err)
{
        _cleanup_(http_connections_freep) HttpConnections *set = calloc(1, sizeof *set);
        pthread_condattr_t attr;

        if (!set)
                return error_no_memory(err);
        set->idle_timeout_us = idle_timeout_s * US_PER_SEC;
        set->read_timeout_us = read_timeout_s * US_PER_SEC;
        set->tick_us = set->read_timeout_us / 10;
        if (set->tick_us > TICK_MAX_US)
                set->tick_us = TICK_MAX_US;
        if (set->tick_us < TICK_MIN_US)
                set->tick_us = TICK_MIN_US;
        (void)pthread_mutex_init(&set->lock, NULL);
        (void)pthread_condattr_init(&attr);
        (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        (void)pthread_cond_init(&set->changed, &attr);
        (void)pthread_condattr_destroy(&attr);
        if (pthread_create(&set->reaper, NULL, reap, set) != 0)
                return error_set(err, ERROR_INTERNAL, "could not start a thread");
        set->has_reaper = true;
        *ret = TAKE_PTR(set);
        return ERROR_NONE;
}

void http_connections_free(HttpConnections *set)
{
        if (!set)
                return;
        if (set->has_reaper) {
                (void)pthread_mutex_lock(&set->lock);
                set->is_ending = true;
                (void)pthread_cond_broadcast(&set->changed);
                (void)pthread_mutex_unlock(&set->lock);
                (void)pthread_join(set->reaper, NULL);
        }
        assert(!set->first);
        (void)pthread_cond_destroy(&set->changed);
        (void)pthread_mutex_destroy(&set->lock);
        free(set);
}

HttpConnection *http_connection_open(HttpConnections *set, int fd)
{
        HttpConnection *c = calloc(1, sizeof *c);

        if (!c)
                return NULL;
        c->set = set;
        c->fd = fd;

        MUTEX_GUARD(&set->lock);
        c->next = set->first;
        if (c->next)
                c->next->previous = c;
        else
                (void)pthread_cond_broadcast(&set->changed);
        set->first = c;
        (void)atomic_fetch_add(&set->n, 1);
        return c;
}

void http_connection_close(HttpConnection *c)
{
        HttpConnections *set = c->set;

        (void)pthread_mutex_lock(&set->lock);
        if (c->next)
                c->next->previous = c->previous;
        if (c->previous)
                c->previous->next = c->next;
        else
                set->first = c->next;
        (void)atomic_fetch_sub(&set->n, 1);
        if (atomic_load(&set->is_draining) || set->is_full)
                (void)pthread_cond_broadcast(&set->changed);
        (void)pthread_mutex_unlock(&set->lock);
        free(c);
}

void http_connection_reading(HttpConnection *c)
{
        c->received_us = clock_now_us();
        atomic_store(&c->deadline_us, clock_monotonic_us() + c->set->read_timeout_us);
        atomic_store(&c->state, READING);
}

void http_connection_running(HttpConnection *c)
{
        atomic_store(&c->state, RUNNING);
}

void http_connection_answering(HttpConnection *c, size_t body_bytes)
{
        int64_t allowed_us = c->set->idle_timeout_us +
                             (int64_t)(body_bytes / ANSWER_BYTES_PER_S_MIN) * US_PER_SEC;

        atomic_store(&c->deadline_us, clock_monotonic_us() + allowed_us);
        atomic_store(&c->state, ANSWERING);
}

void http_connection_idle(HttpConnection *c)
{
        (void)atomic_fetch_add(&c->n_answered, 1);
        atomic_store(&c->state, IDLE);
        if (atomic_load(&c->set->is_draining)) {
                MUTEX_GUARD(&c->set->lock);
                (void)pthread_cond_broadcast(&c->set->changed);
        }
}

int64_t http_connection_received_us(const HttpConnection *c)
{
        return c->received_us;
}

void http_connections_drain(HttpConnections *set)
{
        MUTEX_GUARD(&set->lock);
        atomic_store(&set->is_draining, true);
        (void)pthread_cond_broadcast(&set->changed);
}

bool http_connections_draining(const HttpConnections *set)
{
        return atomic_load(&set->is_draining);
}

/* Only the reading side is closed: a request that has come in already is still answered. */
static void half_close_idle(HttpConnections *set)
{
        for (HttpConnection *c = set->first; c; c = c->next) {
                if (!c->is_half_closed && atomic_load(&c->state) == IDLE) {
                        (void)shutdown(c->fd, SHUT_RD);
                        c->is_half_closed = true;
                }
        }
}

static bool cut_off(HttpConnections *set)
{
        bool is_running = false;

        for (HttpConnection *c = set->first; c; c = c->next) {
                if (atomic_load(&c->state) == RUNNING)
                        is_running = true;
                else
                        (void)shutdown(c->fd, SHUT_RDWR);
        }
        return !is_running;
}

bool http_connections_wait(HttpConnections *set, int64_t deadline_us)
{
        struct timespec deadline = moment(deadline_us);

        MUTEX_GUARD(&set->lock);
        while (set->first) {
                half_close_idle(set);
                if (clock_monotonic_us() >= deadline_us)
                        return cut_off(set);
                (void)pthread_cond_timedwait(&set->changed, &set->lock, &deadline);
        }
        return true;
}

bool http_connections_wait_below(HttpConnections *set, size_t n)
{
        MUTEX_GUARD(&set->lock);
        while (atomic_load(&set->n) >= n && !atomic_load(&set->is_draining)) {
                set->is_full = true;
                (void)pthread_cond_wait(&set->changed, &set->lock);
        }
        set->is_full = false;
        return !atomic_load(&set->is_draining);
}

size_t http_connections_count(const HttpConnections *set)
{
        return atomic_load(&set->n);
}
