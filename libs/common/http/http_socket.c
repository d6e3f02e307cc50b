#include "common/http/http_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

DEFINE_CLEANUP(struct addrinfo *, freeaddrinfo)

static void closep(int *fd)
{
        if (*fd >= 0)
                (void)close(*fd);
}

static bool set_options(int fd, int family)
{
        int on = 1, off = 0;

        return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
               setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
               (family != AF_INET6 ||
                setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0);
}

static bool read_port(int fd, uint16_t *ret_port)
{
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        } bound = { .v6 = { .sin6_family = AF_UNSPEC } };
        socklen_t size = sizeof bound;

        if (getsockname(fd, &bound.any, &size) != 0)
                return false;
        *ret_port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
        return true;
}

ErrorCode http_socket_listen(const char *address, uint16_t port, int *ret_fd, uint16_t *ret_port,
                             Error *err)
{
        struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                  .ai_socktype = SOCK_STREAM };
        _cleanup_(freeaddrinfop) struct addrinfo *found = NULL;
        _cleanup_(closep) int fd = -1;
        char port_text[6];
        int fault;

        (void)snprintf(port_text, sizeof port_text, "%u", port);
        fault = getaddrinfo(address, port_text, &hints, &found);
        if (fault)
                return error_set(err, ERROR_INVALID, "\"%s\" is no address to listen on: %s",
                                 address, gai_strerror(fault));
        fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || !set_options(fd, found->ai_family) ||
            bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0 ||
            !read_port(fd, ret_port))
                return error_set(err, ERROR_UNAVAILABLE, "could not listen on %s port %u: %s",
                                 address, port, strerrordesc_np(errno));
        *ret_fd = fd;
        fd = -1;
        return ERROR_NONE;
}
