#include "common/http/http_sorter.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define FIRST_BYTES_MAX 256 /* of a method and a path that are looked for */
#define EVENTS_MAX      64

typedef struct Waiting {
        struct Waiting *next, *previous; /* under the sorter's lock */
        int fd;
        HttpConnection *connection;
        struct sockaddr_storage address;
        socklen_t address_size;
} Waiting;

struct HttpSorter {
        HttpConnections *connections;
        const char *const *paths;
        HttpTakeSorted take;
        void *data;
        int epoll_fd, end_fd; /* end_fd: an eventfd that says stop */
        pthread_mutex_t lock;
        Waiting *first;
        pthread_t thread;
        bool has_thread;
};

typedef enum Sort {
        SORT_OTHER,
        SORT_STREAMED,
        SORT_UNKNOWN, /* more bytes will tell */
} Sort;

static Sort compare(const char *bytes, size_t size, const char *path)
{
        static const char method[] = "POST ";
        size_t n_method = sizeof method - 1, n_path = strlen(path), n = n_method + n_path;

        if (memcmp(bytes, method, size < n_method ? size : n_method) != 0)
                return SORT_OTHER;
        if (size <= n_method)
                return SORT_UNKNOWN;
        if (memcmp(bytes + n_method, path, size < n ? size - n_method : n_path) != 0)
                return SORT_OTHER;
        if (size <= n)
                return SORT_UNKNOWN;
        return bytes[n] == ' ' || bytes[n] == '?' ? SORT_STREAMED : SORT_OTHER;
}

static Sort sort(const HttpSorter *sorter, const char *bytes, size_t size)
{
        Sort all = SORT_OTHER;

        for (const char *const *path = sorter->paths; *path; path++) {
                Sort one = compare(bytes, size, *path);

                if (one == SORT_STREAMED)
                        return one;
                if (one == SORT_UNKNOWN)
                        all = one;
        }
        return all;
}

static void forget(HttpSorter *sorter, Waiting *waiting)
{
        (void)epoll_ctl(sorter->epoll_fd, EPOLL_CTL_DEL, waiting->fd, NULL);
        MUTEX_GUARD(&sorter->lock);
        if (waiting->next)
                waiting->next->previous = waiting->previous;
        if (waiting->previous)
                waiting->previous->next = waiting->next;
        else
                sorter->first = waiting->next;
}

static void end(HttpSorter *sorter, Waiting *waiting)
{
        forget(sorter, waiting);
        http_connection_close(waiting->connection);
        (void)close(waiting->fd);
        free(waiting);
}

/* Something came: bytes, or the end. */
static void look_at(HttpSorter *sorter, Waiting *waiting, bool has_ended)
{
        char bytes[FIRST_BYTES_MAX];
        ssize_t n = recv(waiting->fd, bytes, sizeof bytes, MSG_PEEK);
        Sort found;

        if (n < 0 && (errno == EAGAIN || errno == EINTR) && !has_ended)
                return;
        found = n > 0 ? sort(sorter, bytes, (size_t)n) : SORT_UNKNOWN;
        if (found == SORT_UNKNOWN) {
                if (n <= 0 || has_ended)
                        end(sorter, waiting);
                return;
        }
        forget(sorter, waiting);
        sorter->take(sorter->data, found == SORT_STREAMED, waiting->fd, waiting->connection,
                     (const struct sockaddr *)&waiting->address, waiting->address_size);
        free(waiting);
}

static void *run(void *data)
{
        HttpSorter *sorter = data;

        for (;;) {
                struct epoll_event events[EVENTS_MAX];
                int n = epoll_wait(sorter->epoll_fd, events, EVENTS_MAX, -1);

                for (int i = 0; i < n; i++) {
                        if (!events[i].data.ptr)
                                return NULL;
                        look_at(sorter, events[i].data.ptr,
                                events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
                }
        }
}

ErrorCode http_sorter_start(HttpSorter **ret, HttpConnections *connections,
                            const char *const *paths, HttpTakeSorted take, void *data, Error *err)
{
        _cleanup_(http_sorter_freep) HttpSorter *sorter = calloc(1, sizeof *sorter);
        struct epoll_event stop = { .events = EPOLLIN };

        if (!sorter)
                return error_no_memory(err);
        *sorter = (HttpSorter){
                .connections = connections,
                .paths = paths,
                .take = take,
                .data = data,
                .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
                .end_fd = eventfd(0, EFD_CLOEXEC),
        };
        (void)pthread_mutex_init(&sorter->lock, NULL);
        if (sorter->epoll_fd < 0 || sorter->end_fd < 0 ||
            epoll_ctl(sorter->epoll_fd, EPOLL_CTL_ADD, sorter->end_fd, &stop) != 0)
                return error_set(err, ERROR_INTERNAL, "could not make an epoll: %s",
                                 strerrordesc_np(errno));
        if (pthread_create(&sorter->thread, NULL, run, sorter) != 0)
                return error_set(err, ERROR_INTERNAL, "could not start a thread");
        sorter->has_thread = true;
        *ret = TAKE_PTR(sorter);
        return ERROR_NONE;
}

void http_sorter_free(HttpSorter *sorter)
{
        uint64_t one = 1;

        if (!sorter)
                return;
        if (sorter->has_thread) {
                (void)write(sorter->end_fd, &one, sizeof one);
                (void)pthread_join(sorter->thread, NULL);
        }
        while (sorter->first)
                end(sorter, sorter->first);
        if (sorter->end_fd >= 0)
                (void)close(sorter->end_fd);
        if (sorter->epoll_fd >= 0)
                (void)close(sorter->epoll_fd);
        (void)pthread_mutex_destroy(&sorter->lock);
        free(sorter);
}

static void enter(HttpSorter *sorter, Waiting *waiting)
{
        MUTEX_GUARD(&sorter->lock);
        waiting->next = sorter->first;
        if (waiting->next)
                waiting->next->previous = waiting;
        sorter->first = waiting;
}

void http_sorter_add(HttpSorter *sorter, int fd, const struct sockaddr *address,
                     socklen_t address_size)
{
        Waiting *waiting = calloc(1, sizeof *waiting);
        HttpConnection *connection =
                waiting ? http_connection_open_unsorted(sorter->connections, fd) : NULL;
        /* once for each time that something comes: a few bytes that tell nothing stay unread */
        struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET,
                                     .data = { .ptr = waiting } };

        if (!connection) {
                free(waiting);
                (void)close(fd);
                return;
        }
        waiting->fd = fd;
        waiting->connection = connection;
        memcpy(&waiting->address, address, address_size);
        waiting->address_size = address_size;
        enter(sorter, waiting);
        if (epoll_ctl(sorter->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
                end(sorter, waiting);
}
