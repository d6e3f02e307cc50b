#pragma once

/*
 * http_acceptor.h — the thread that accepts connections, no more at a time than are allowed.
 *
 * libmicrohttpd's own would accept a connection over the limit and close it; here it waits in the
 * kernel's queue until another one ends.
 */

#include <sys/socket.h>

#include "common/http/http_connections.h"

typedef struct HttpAcceptor HttpAcceptor;

/* Gets an accepted, non-blocking socket, owns it, and enters it into the set of connections. */
typedef void (*HttpTakeConnection)(void *data, int fd, const struct sockaddr *address,
                                   socklen_t address_size);

/**
 * http_acceptor_start() - hand connections to @listen_fd over to @take
 * @listen_fd:    owned from now on, also on failure
 * @connections:  while it has @connections_max or more, none is accepted
 */
_must_check_ ErrorCode http_acceptor_start(HttpAcceptor **ret, int listen_fd,
                                           HttpConnections *connections, size_t connections_max,
                                           HttpTakeConnection take, void *data, Error *err);

/* Close the listening socket and wait for the thread. The set must be draining when it may be full. */
void http_acceptor_free(HttpAcceptor *acceptor);
DEFINE_CLEANUP(HttpAcceptor *, http_acceptor_free)
