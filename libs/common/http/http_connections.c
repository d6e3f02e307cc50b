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
#define OPEN_WITHIN_US         (100 * US_PER_MS) /* from accepted to open, else it has failed */
#define SPARE_IDLE_US          US_PER_SEC /* a full server does not close younger idle ones */
#define ANSWER_BYTES_PER_S_MIN 65536      /* slower readers of large answers are cut off */

typedef enum State {
        UNSORTED, /* new, and too little is there to say who serves it */
        IDLE,     /* nothing of a next request is known to be there */
        READING,
        RUNNING,
        STREAMING, /* body and answer go on at the same time: its handler has the deadlines */
        ANSWERING,
} State;

struct HttpConnection {
        HttpConnections *set;
        HttpConnection *next, *previous; /* under set->lock */
        int fd;
        _Atomic State state;         /* moved by the connection's thread */
        _Atomic int64_t deadline_us; /* of READING and ANSWERING, monotonic */
        _Atomic int64_t idle_us;     /* since when it is IDLE, monotonic */
        _Atomic uint32_t n_answered; /* requests, to tell one idle time from the next */
        int64_t received_us;         /* connection's thread only */

        /* Under set->lock, of the idle time after @n_watched requests: bytes that had come in when
         * it was first seen, to notice when a request begins but its first line does not end. */
        uint32_t n_watched;
        uint64_t bytes_seen;
        int64_t begun_us; /* when more bytes were noticed, 0 before */
        bool is_half_closed;
        bool is_counted; /* under set->lock: among set->n */
};

struct HttpConnections {
        int64_t idle_timeout_us, read_timeout_us, tick_us;
        atomic_bool is_draining;
        atomic_size_t n;

        pthread_mutex_t lock;
        pthread_cond_t changed; /* a connection came or went, or an end is asked for */
        HttpConnection *first, *moving;
        uint64_t n_opened;       /* since the start */
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
        case UNSORTED:
                is_late = is_dribbling(c, now_us) ||
                          now_us > atomic_load(&c->idle_us) + c->set->idle_timeout_us;
                break;
        case IDLE:
                is_late = is_dribbling(c, now_us);
                break;
        case READING:
        case ANSWERING:
                is_late = now_us > atomic_load(&c->deadline_us);
                break;
        case RUNNING: /* the handler's own deadlines count */
        case STREAMING:
                break;
        }
        /* its thread sees the end of the stream and closes it */
        if (is_late)
                (void)shutdown(c->fd, SHUT_RDWR);
}

static void *reap(void *data)
{
        HttpConnections *connections = data;

        MUTEX_GUARD(&connections->lock);
        while (!connections->is_ending) {
                int64_t now_us = clock_monotonic_us();
                struct timespec next = moment(now_us + connections->tick_us);

                for (HttpConnection *c = connections->first; c; c = c->next)
                        look_at(c, now_us);
                if (connections->first)
                        (void)pthread_cond_timedwait(&connections->changed, &connections->lock,
                                                     &next);
                else
                        (void)pthread_cond_wait(&connections->changed, &connections->lock);
        }
        return NULL;
}

ErrorCode http_connections_new(HttpConnections **ret, unsigned idle_timeout_s,
                               unsigned read_timeout_s, Error *err)
{
        _cleanup_(http_connections_freep) HttpConnections *connections =
                calloc(1, sizeof *connections);
        pthread_condattr_t attr;

        if (!connections)
                return error_no_memory(err);
        connections->idle_timeout_us = idle_timeout_s * US_PER_SEC;
        connections->read_timeout_us = read_timeout_s * US_PER_SEC;
        connections->tick_us = connections->read_timeout_us / 10;
        if (connections->tick_us > TICK_MAX_US)
                connections->tick_us = TICK_MAX_US;
        if (connections->tick_us < TICK_MIN_US)
                connections->tick_us = TICK_MIN_US;
        (void)pthread_mutex_init(&connections->lock, NULL);
        (void)pthread_condattr_init(&attr);
        (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        (void)pthread_cond_init(&connections->changed, &attr);
        (void)pthread_condattr_destroy(&attr);
        if (pthread_create(&connections->reaper, NULL, reap, connections) != 0)
                return error_set(err, ERROR_INTERNAL, "could not start a thread");
        connections->has_reaper = true;
        *ret = TAKE_PTR(connections);
        return ERROR_NONE;
}

void http_connections_free(HttpConnections *connections)
{
        if (!connections)
                return;
        if (connections->has_reaper) {
                (void)pthread_mutex_lock(&connections->lock);
                connections->is_ending = true;
                (void)pthread_cond_broadcast(&connections->changed);
                (void)pthread_mutex_unlock(&connections->lock);
                (void)pthread_join(connections->reaper, NULL);
        }
        assert(!connections->first);
        (void)pthread_cond_destroy(&connections->changed);
        (void)pthread_mutex_destroy(&connections->lock);
        free(connections);
}

static HttpConnection *open_as(HttpConnections *connections, int fd, State state)
{
        HttpConnection *c = calloc(1, sizeof *c);

        if (!c)
                return NULL;
        c->set = connections;
        c->fd = fd;
        atomic_store(&c->state, state);
        atomic_store(&c->idle_us, clock_monotonic_us());

        MUTEX_GUARD(&connections->lock);
        c->is_counted = true;
        if (connections->moving && connections->moving->fd == fd) {
                connections->moving->is_counted = false; /* this one has its place */
                connections->moving = NULL;
        } else {
                (void)atomic_fetch_add(&connections->n, 1);
        }
        c->next = connections->first;
        if (c->next)
                c->next->previous = c;
        connections->first = c;
        if (state != UNSORTED)
                connections->n_opened++;
        (void)pthread_cond_broadcast(&connections->changed);
        return c;
}

HttpConnection *http_connection_open(HttpConnections *connections, int fd)
{
        return open_as(connections, fd, IDLE);
}

HttpConnection *http_connection_open_unsorted(HttpConnections *connections, int fd)
{
        return open_as(connections, fd, UNSORTED);
}

void http_connection_moving(HttpConnection *connection)
{
        MUTEX_GUARD(&connection->set->lock);
        connection->set->moving = connection;
        atomic_store(&connection->state, RUNNING);
}

void http_connection_close(HttpConnection *connection)
{
        HttpConnections *connections = connection->set;

        (void)pthread_mutex_lock(&connections->lock);
        if (connection->next)
                connection->next->previous = connection->previous;
        if (connection->previous)
                connection->previous->next = connection->next;
        else
                connections->first = connection->next;
        if (connections->moving == connection)
                connections->moving = NULL;
        if (connection->is_counted)
                (void)atomic_fetch_sub(&connections->n, 1);
        if (atomic_load(&connections->is_draining) || connections->is_full)
                (void)pthread_cond_broadcast(&connections->changed);
        (void)pthread_mutex_unlock(&connections->lock);
        free(connection);
}

void http_connection_reading(HttpConnection *connection)
{
        connection->received_us = clock_now_us();
        atomic_store(&connection->deadline_us,
                     clock_monotonic_us() + connection->set->read_timeout_us);
        atomic_store(&connection->state, READING);
}

void http_connection_running(HttpConnection *connection)
{
        atomic_store(&connection->state, RUNNING);
}

void http_connection_streaming(HttpConnection *connection)
{
        atomic_store(&connection->state, STREAMING);
}

void http_connection_answering(HttpConnection *connection, size_t body_bytes)
{
        int64_t allowed_us = connection->set->idle_timeout_us +
                             (int64_t)(body_bytes / ANSWER_BYTES_PER_S_MIN) * US_PER_SEC;

        atomic_store(&connection->deadline_us, clock_monotonic_us() + allowed_us);
        atomic_store(&connection->state, ANSWERING);
}

void http_connection_idle(HttpConnection *connection)
{
        (void)atomic_fetch_add(&connection->n_answered, 1);
        atomic_store(&connection->idle_us, clock_monotonic_us());
        atomic_store(&connection->state, IDLE);
        if (atomic_load(&connection->set->is_draining)) {
                MUTEX_GUARD(&connection->set->lock);
                (void)pthread_cond_broadcast(&connection->set->changed);
        }
}

int64_t http_connection_received_us(const HttpConnection *connection)
{
        return connection->received_us;
}

void http_connections_drain(HttpConnections *connections)
{
        MUTEX_GUARD(&connections->lock);
        atomic_store(&connections->is_draining, true);
        (void)pthread_cond_broadcast(&connections->changed);
}

bool http_connections_draining(const HttpConnections *connections)
{
        return atomic_load(&connections->is_draining);
}

/* Only the reading side is closed: a request that has come in already is still answered. */
static void half_close(HttpConnection *c)
{
        (void)shutdown(c->fd, SHUT_RD);
        c->is_half_closed = true;
}

static bool is_unused(HttpConnection *c)
{
        State state = atomic_load(&c->state);

        return state == IDLE || state == UNSORTED;
}

static void half_close_idle(HttpConnections *connections)
{
        for (HttpConnection *c = connections->first; c; c = c->next) {
                if (!c->is_half_closed && is_unused(c))
                        half_close(c);
        }
}

static void cut_off_streams(HttpConnections *connections)
{
        for (HttpConnection *c = connections->first; c; c = c->next) {
                if (atomic_load(&c->state) == STREAMING)
                        (void)shutdown(c->fd, SHUT_RDWR);
        }
}

static bool cut_off(HttpConnections *connections)
{
        bool is_running = false;

        for (HttpConnection *c = connections->first; c; c = c->next) {
                State state = atomic_load(&c->state);

                if (state == RUNNING || state == STREAMING)
                        is_running = true;
                else
                        (void)shutdown(c->fd, SHUT_RDWR);
        }
        return !is_running;
}

bool http_connections_wait(HttpConnections *connections, int64_t deadline_us)
{
        int64_t now_us = clock_monotonic_us();
        /* whoever does not read the last answers of a stream gets no more time than leaves some to end it */
        int64_t streams_end_us = now_us + (deadline_us - now_us) / 2;

        MUTEX_GUARD(&connections->lock);
        while (connections->first) {
                struct timespec next =
                        moment(now_us < streams_end_us ? streams_end_us : deadline_us);

                half_close_idle(connections);
                if (now_us >= streams_end_us)
                        cut_off_streams(connections);
                if (now_us >= deadline_us)
                        return cut_off(connections);
                (void)pthread_cond_timedwait(&connections->changed, &connections->lock, &next);
                now_us = clock_monotonic_us();
        }
        return true;
}

/* Somebody waits for a place: take the one that was not used for longest. */
static void close_idlest(HttpConnections *connections)
{
        int64_t oldest_us = clock_monotonic_us() - SPARE_IDLE_US;
        HttpConnection *idlest = NULL;

        for (HttpConnection *c = connections->first; c; c = c->next) {
                if (!c->is_half_closed && is_unused(c) && atomic_load(&c->idle_us) < oldest_us) {
                        oldest_us = atomic_load(&c->idle_us);
                        idlest = c;
                }
        }
        if (idlest)
                half_close(idlest);
}

bool http_connections_wait_below(HttpConnections *connections, size_t n)
{
        MUTEX_GUARD(&connections->lock);
        while (atomic_load(&connections->n) >= n && !atomic_load(&connections->is_draining)) {
                struct timespec next = moment(clock_monotonic_us() + connections->tick_us);

                connections->is_full = true;
                close_idlest(connections);
                (void)pthread_cond_timedwait(&connections->changed, &connections->lock, &next);
        }
        connections->is_full = false;
        return !atomic_load(&connections->is_draining);
}

uint64_t http_connections_opened(HttpConnections *connections)
{
        MUTEX_GUARD(&connections->lock);
        return connections->n_opened;
}

void http_connections_wait_opened(HttpConnections *connections, uint64_t n)
{
        struct timespec end = moment(clock_monotonic_us() + OPEN_WITHIN_US);

        MUTEX_GUARD(&connections->lock);
        while (connections->n_opened < n &&
               pthread_cond_timedwait(&connections->changed, &connections->lock, &end) == 0)
                ;
}

size_t http_connections_count(const HttpConnections *connections)
{
        return atomic_load(&connections->n);
}
