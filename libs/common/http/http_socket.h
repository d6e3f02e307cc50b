#pragma once

/*
 * http_socket.h — the listening socket of a server.
 */

#include <stdint.h>

#include "common/base/error.h"

/**
 * http_socket_listen() - bind @address (a numeric IPv4 or IPv6 one, or a name) and listen
 * @port:  0 for any free one
 * @ret_port:  the real one
 *
 * "::" serves IPv4 too. Accepted sockets inherit TCP_NODELAY. Return: ERROR_NONE; ERROR_UNAVAILABLE
 * naming address and port when taken or not ours; ERROR_INVALID when @address is none.
 */
_must_check_ ErrorCode http_socket_listen(const char *address, uint16_t port, int *ret_fd,
                                          uint16_t *ret_port, Error *err);
