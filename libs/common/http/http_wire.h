#pragma once

/*
 * http_wire.h — one request and its answer on a socket of our own, both going on at the same time.
 *
 * libmicrohttpd reads a whole body before anything can be answered. This reads the body as it comes, in one
 * thread, while another one sends the answer, and then the connection is closed.
 */

#include <stdatomic.h>
#include <ulfius.h>

#include "common/http/http_chunks.h"
#include "common/http/http_connections.h"
#include "common/http/http_head.h"

typedef struct HttpWire {
        int fd; /* owned */
        HttpConnections *connections;

        /* read by one thread */
        char *bytes;       /* HTTP_HEAD_BYTES_MAX of what has come in … */
        size_t begin, end; /* … and is not used yet */
        bool is_chunked;
        HttpChunks chunks;
        uint64_t left;       /* of a body that is not chunked */
        bool wants_continue; /* the client waits for a 100 before it sends the body */

        /* written by one thread, but for the 100 */
        pthread_mutex_t lock;
        bool is_head_sent;
        bool to_http_1_0;   /* the answer ends with the connection, without chunks */
        atomic_bool is_cut; /* nothing can be sent any more */
} HttpWire;

/* @fd: non-blocking, owned from now on. Return: NULL when out of memory (@fd is closed). */
HttpWire *http_wire_new(int fd, HttpConnections *connections);
void http_wire_free(HttpWire *wire); /* closes */
DEFINE_CLEANUP(HttpWire *, http_wire_free)

/**
 * http_wire_read_head() - wait for the head and take it apart
 * @head:  points into @wire, until the body is read
 *
 * The connection's reaper has the deadline.
 * Return: as http_head_parse(); ERROR_UNAVAILABLE when the client has gone: answer nothing.
 */
_must_check_ ErrorCode http_wire_read_head(HttpWire *wire, HttpHead *head, int *ret_status,
                                           Error *err);

/**
 * http_wire_read() - some bytes of the body
 * @deadline_us:  clock_monotonic_us()
 * @ret_n:        0 at the end of the body
 *
 * Return: ERROR_NONE; ERROR_MALFORMED when the body is cut short, breaks the framing or (*@ret_status 408)
 *         does not go on in time; ERROR_UNAVAILABLE when the server stops or the answer cannot be sent.
 */
_must_check_ ErrorCode http_wire_read(HttpWire *wire, void *data, size_t size, size_t *ret_n,
                                      int64_t deadline_us, int *ret_status, Error *err);

/* The head of an answer with a body of @body_size bytes that follow at once (NULL: none). */
bool http_wire_send_whole(HttpWire *wire, int status, const struct _u_map *headers,
                          const void *body, size_t body_size, int64_t deadline_us);

/* The head of an answer whose body comes in pieces; a piece; its end. False, from then on always, when the
 * client has gone or has not taken it by @deadline_us. */
bool http_wire_send_head(HttpWire *wire, int status, const struct _u_map *headers,
                         int64_t deadline_us);
bool http_wire_send_piece(HttpWire *wire, const void *data, size_t size, int64_t deadline_us);
bool http_wire_send_end(HttpWire *wire, int64_t deadline_us);

/* Say that nothing follows, and take what the client still sends, for a while: closing at once could
 * destroy the answer on its way. */
void http_wire_linger(HttpWire *wire);
