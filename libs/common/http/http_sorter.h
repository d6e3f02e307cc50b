#pragma once

/*
 * http_sorter.h — the thread that sees by a connection's first bytes who serves it: the library, or
 * ourselves when its first request is to be streamed.
 */

#include <sys/socket.h>

#include "common/http/http_connections.h"

typedef struct HttpSorter HttpSorter;

/* Gets a connection whose first bytes are there, and owns both. Nothing of them has been read. */
typedef void (*HttpTakeSorted)(void *data, bool is_streamed, int fd, HttpConnection *connection,
                               const struct sockaddr *address, socklen_t address_size);

/**
 * http_sorter_start() - hand connections over to @take, from a thread of its own
 * @paths:  ends with NULL; a connection is streamed when it begins with POST and one of these, with
 *          nothing but a query behind. Must stay in place
 */
_must_check_ ErrorCode http_sorter_start(HttpSorter **ret, HttpConnections *connections,
                                         const char *const *paths, HttpTakeSorted take, void *data,
                                         Error *err);

/* Closes those that still wait. Nothing may be added any more. */
void http_sorter_free(HttpSorter *sorter);
DEFINE_CLEANUP(HttpSorter *, http_sorter_free)

/* An accepted, non-blocking socket; owned from now on. Thread: the acceptor's. */
void http_sorter_add(HttpSorter *sorter, int fd, const struct sockaddr *address,
                     socklen_t address_size);
