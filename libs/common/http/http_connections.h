#pragma once

/*
 * http_connections.h — the open connections of a server, and the thread that cuts off slow ones.
 *
 * libmicrohttpd's timeout is one of inactivity: a byte now and then would hold a connection and its
 * thread for ever. Here each request has a moment by which it must be read, and each answer one by
 * which it must be taken.
 */

#include <stdint.h>

#include "common/base/error.h"

typedef struct HttpConnections HttpConnections;
typedef struct HttpConnection HttpConnection;

/**
 * http_connections_new() - an empty set, and its thread
 * @idle_timeout_s, @read_timeout_s:  as in HttpOptions
 */
_must_check_ ErrorCode http_connections_new(HttpConnections **ret, unsigned idle_timeout_s,
                                            unsigned read_timeout_s, Error *err);

/* The set is empty by now: whoever put connections in has taken them out. */
void http_connections_free(HttpConnections *connections);
DEFINE_CLEANUP(HttpConnections *, http_connections_free)

/* A connection opens; NULL when out of memory. @fd stays open until http_connection_close(). Thread: any. */
HttpConnection *http_connection_open(HttpConnections *connections, int fd);
void http_connection_close(HttpConnection *connection);

/* The same for one of which nobody knows yet who serves it: it is counted and has its timeouts, but is not
 * among those opened. */
HttpConnection *http_connection_open_unsorted(HttpConnections *connections, int fd);

/* Its @fd is about to be opened again, by the library: the two count as one until both are closed. The
 * descriptor is no longer this one's to end. Thread: the sorter's, one connection at a time. */
void http_connection_moving(HttpConnection *connection);

/* The life of a request, each called from the connection's thread: its first line is there; it is
 * complete and handled; its answer of @body_bytes goes out; that has gone out, or failed. */
void http_connection_reading(HttpConnection *connection);
void http_connection_running(HttpConnection *connection);
/* Instead of the two around it: body and answer go on at the same time. */
void http_connection_streaming(HttpConnection *connection);
void http_connection_answering(HttpConnection *connection, size_t body_bytes);
void http_connection_idle(HttpConnection *connection);

/* When the first line of the current request was there: wall clock. */
int64_t http_connection_received_us(const HttpConnection *connection);

/* From now on idle connections are closed, and so are all others once they are idle. */
void http_connections_drain(HttpConnections *connections);
bool http_connections_draining(const HttpConnections *connections);

/**
 * http_connections_wait() - until all are closed; at @deadline_us cut off what is not being handled
 *
 * Return: false when a handler still runs.
 */
bool http_connections_wait(HttpConnections *connections, int64_t deadline_us);

/* Until fewer than @n are open; false when the set is draining. Meanwhile those idle for longest are
 * closed one by one, so that nobody keeps others out by holding connections open. */
bool http_connections_wait_below(HttpConnections *connections, size_t n);

/* How many were opened since the start, but for unsorted ones; and until that many were, or one seems to have failed. */
uint64_t http_connections_opened(HttpConnections *connections);
void http_connections_wait_opened(HttpConnections *connections, uint64_t n);
size_t http_connections_count(const HttpConnections *connections);
