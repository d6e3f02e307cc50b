#include "common/http/http_acceptor.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"

#define PAUSE_US (50 * US_PER_MS) /* when accept() fails for lack of something */

struct HttpAcceptor {
        int listen_fd, end_fd; /* end_fd: an eventfd that says stop */
        HttpConnections *connections;
        size_t connections_max;
        HttpTakeConnection take;
        void *data;
        pthread_t thread;
        bool has_thread;
};

/* Until somebody wants to connect; false when it is time to end. */
static bool wait_for_connection(const HttpAcceptor *acceptor)
{
        struct pollfd fds[] = {
                { .fd = acceptor->listen_fd, .events = POLLIN },
                { .fd = acceptor->end_fd, .events = POLLIN },
        };

        while (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno == EINTR)
                ;
        return !fds[1].revents;
}

static void *accept_all(void *data)
{
        const HttpAcceptor *acceptor = data;

        while (wait_for_connection(acceptor) &&
               http_connections_wait_below(acceptor->connections, acceptor->connections_max)) {
                struct sockaddr_storage address;
                socklen_t size = sizeof address;
                int fd = accept4(acceptor->listen_fd, (struct sockaddr *)&address, &size,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);

                if (fd >= 0)
                        acceptor->take(acceptor->data, fd, (const struct sockaddr *)&address, size);
                else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
                        clock_wait_us(PAUSE_US); /* descriptors or memory, until some are free */
        }
        return NULL;
}

ErrorCode http_acceptor_start(HttpAcceptor **ret, int listen_fd, HttpConnections *connections,
                              size_t connections_max, HttpTakeConnection take, void *data,
                              Error *err)
{
        _cleanup_(http_acceptor_freep) HttpAcceptor *acceptor = calloc(1, sizeof *acceptor);

        if (!acceptor) {
                (void)close(listen_fd);
                return error_no_memory(err);
        }
        *acceptor = (HttpAcceptor){
                .listen_fd = listen_fd,
                .end_fd = eventfd(0, EFD_CLOEXEC),
                .connections = connections,
                .connections_max = connections_max,
                .take = take,
                .data = data,
        };
        if (acceptor->end_fd < 0)
                return error_set(err, ERROR_INTERNAL, "could not make an eventfd: %s",
                                 strerrordesc_np(errno));
        if (pthread_create(&acceptor->thread, NULL, accept_all, acceptor) != 0)
                return error_set(err, ERROR_INTERNAL, "could not start a thread");
        acceptor->has_thread = true;
        *ret = TAKE_PTR(acceptor);
        return ERROR_NONE;
}

void http_acceptor_free(HttpAcceptor *acceptor)
{
        uint64_t one = 1;

        if (!acceptor)
                return;
        if (acceptor->has_thread) {
                (void)write(acceptor->end_fd, &one, sizeof one);
                (void)pthread_join(acceptor->thread, NULL);
        }
        if (acceptor->end_fd >= 0)
                (void)close(acceptor->end_fd);
        (void)close(acceptor->listen_fd);
        free(acceptor);
}
