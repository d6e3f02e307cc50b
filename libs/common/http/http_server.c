#include <microhttpd.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/auth/principal.h"
#include "common/base/clock.h"
#include "common/http/http_acceptor.h"
#include "common/http/http_connections.h"
#include "common/http/http_site.h"
#include "common/http/http_socket.h"
#include "common/http/http_sorter.h"
#include "common/http/http_streamer.h"

struct HttpServer {
        HttpSite site;
        HttpAcceptor *acceptor;
        HttpSorter *sorter; /* NULL when nothing is streamed */
        struct _u_instance ulfius;
        bool is_initialised, is_running;
        uint16_t port;
};

/* ulfius' request has no place for the connection it came on; its timeout is for clients only. */
static void remember_connection(struct _u_request *request, HttpConnection *connection)
{
        _Static_assert(sizeof request->timeout == sizeof(void *), "a pointer fits");
        memcpy(&request->timeout, &connection, sizeof request->timeout);
}

static HttpConnection *connection_of(const struct _u_request *request)
{
        HttpConnection *connection;

        memcpy(&connection, &request->timeout, sizeof request->timeout);
        return connection;
}

/* Everything that ulfius hands over, whatever path and method. */
static int on_ulfius_request(const struct _u_request *request, struct _u_response *response,
                             void *data)
{
        const HttpServer *server = data;
        HttpConnection *connection = connection_of(request);
        HttpStream stream = { .body = request->binary_body,
                              .body_size = request->binary_body_length };
        HttpRequest req = { .ulfius = request, .target = HTTP_TARGET_INIT, .stream = &stream };
        HttpResponse res = { .ulfius = response };

        http_connection_running(connection);
        req.received_us = http_connection_received_us(connection);
        http_site_answer(&server->site, &req, &res, server->site.options.body_bytes_max);
        http_connection_answering(connection, response->binary_body_length);
        http_target_deinit(&req.target);
        principal_free(req.principal);
        return U_CALLBACK_COMPLETE; /* never U_CALLBACK_ERROR: it drops body and headers */
}

static HttpConnection *socket_context(struct MHD_Connection *connection)
{
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

        return info ? info->socket_context : NULL;
}

static void on_connection(void *data, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
        HttpServer *server = data;
        const union MHD_ConnectionInfo *info;

        if (code == MHD_CONNECTION_NOTIFY_STARTED) {
                info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
                *context = info ? http_connection_open(server->site.connections, info->connect_fd)
                                : NULL;
        } else if (*context) {
                http_connection_close(*context);
                *context = NULL;
        }
}

/* The first line of a request is there. libmicrohttpd passes the connection as a third argument,
 * which ulfius' own callback leaves out. Return: NULL ends the connection. */
static void *on_first_line(void *data, const char *uri, struct MHD_Connection *mhd_connection)
{
        HttpConnection *connection = socket_context(mhd_connection);
        struct connection_info_struct *info = connection ? ulfius_uri_logger(data, uri) : NULL;

        if (info) {
                remember_connection(info->request, connection);
                http_connection_reading(connection);
        }
        return info;
}

static void on_completed(void *data, struct MHD_Connection *mhd_connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
        HttpConnection *connection = socket_context(mhd_connection);

        mhd_request_completed(data, mhd_connection, context, code);
        if (connection)
                http_connection_idle(connection);
}

_printf_(2, 0) static void on_library_message(void *data, const char *fmt, va_list args)
{
        const HttpServer *server = data;
        char text[512];

        if (!server->site.options.on_message)
                return;
        (void)vsnprintf(text, sizeof text, fmt, args);
        text[strcspn(text, "\r\n")] = '\0';
        server->site.options.on_message(server->site.options.own, text);
}

/* The daemon's thread opens it (or closes it on failure, and tells nobody). It has to be counted before
 * the next one is accepted. */
static void give_to_library(HttpServer *server, int fd, const struct sockaddr *address,
                            socklen_t address_size)
{
        uint64_t n = http_connections_opened(server->site.connections);

        if (MHD_add_connection(server->ulfius.mhd_daemon, fd, address, address_size) == MHD_YES)
                http_connections_wait_opened(server->site.connections, n + 1);
}

static void on_sorted(void *data, bool is_streamed, int fd, HttpConnection *connection,
                      const struct sockaddr *address, socklen_t address_size)
{
        HttpServer *server = data;

        if (is_streamed) {
                http_streamer_start(&server->site, fd, connection);
                return;
        }
        http_connection_moving(connection);
        give_to_library(server, fd, address, address_size);
        http_connection_close(connection);
}

static void on_accepted(void *data, int fd, const struct sockaddr *address, socklen_t address_size)
{
        HttpServer *server = data;

        if (server->sorter)
                http_sorter_add(server->sorter, fd, address, address_size);
        else
                give_to_library(server, fd, address, address_size);
}

static ErrorCode start_ulfius(HttpServer *server, Error *err)
{
        struct MHD_OptionItem options[] = {
                { MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_library_message, server },
                { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, server },
                { MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_first_line, server },
                { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, server },
                /* the acceptor keeps to the limit; this one counts closed ones a little longer */
                { MHD_OPTION_CONNECTION_LIMIT,
                  (intptr_t)server->site.options.connections_max * 2 + 16, NULL },
                { MHD_OPTION_CONNECTION_TIMEOUT, server->site.options.idle_timeout_s, NULL },
                { MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_HEAD_BYTES_MAX, NULL },
                { MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
                { MHD_OPTION_END, 0, NULL },
        };
        unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
                         MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC |
                         MHD_USE_ERROR_LOG;

        if (ulfius_init_instance(&server->ulfius, 1, NULL, NULL) != U_OK)
                return error_no_memory(err);
        server->is_initialised = true;
        /* one more than allowed: ulfius cuts longer bodies silently, and this shows that it did */
        server->ulfius.max_post_body_size = server->site.options.body_bytes_max + 1;
        server->ulfius.allowed_post_processor = U_POST_PROCESS_NONE;
        server->ulfius.check_utf8 = 0; /* it drops such headers; they are refused instead */
        /* each endpoint costs every request; routes are matched by our own table */
        if (ulfius_set_default_endpoint(&server->ulfius, on_ulfius_request, server) != U_OK)
                return error_no_memory(err);
        if (ulfius_start_framework_with_mhd_options(&server->ulfius, flags, options) != U_OK)
                return error_set(err, ERROR_INTERNAL, "could not start the HTTP server");
        server->is_running = true;
        return ERROR_NONE;
}

ErrorCode http_server_start(HttpServer **ret, const HttpOptions *options, const HttpRoute *routes,
                            void *app, Error *err)
{
        _cleanup_(http_server_freep) HttpServer *server = calloc(1, sizeof *server);
        ErrorCode code;
        int fd;

        if (!server)
                return error_no_memory(err);
        server->site.options = *options;
        code = http_routes_new(&server->site.routes, routes, app, options->own_routes, options->own,
                               err);
        if (!code)
                code = http_connections_new(&server->site.connections, options->idle_timeout_s,
                                            options->read_timeout_s, err);
        if (!code)
                code = start_ulfius(server, err);
        if (!code && options->streamed_paths)
                code = http_sorter_start(&server->sorter, server->site.connections,
                                         options->streamed_paths, on_sorted, server, err);
        if (!code)
                code = http_socket_listen(options->listen_address, options->port, &fd,
                                          &server->port, err);
        if (!code)
                code = http_acceptor_start(&server->acceptor, fd, server->site.connections,
                                           options->connections_max, on_accepted, server, err);
        if (!code)
                *ret = TAKE_PTR(server);
        return code;
}

/* Until all threads of connections have ended; those that were cut off at a deadline do so at once. */
static void end_connections(HttpServer *server)
{
        http_sorter_free(TAKE_PTR(server->sorter));
        (void)ulfius_stop_framework(&server->ulfius); /* joins the library's threads */
        (void)http_connections_wait(server->site.connections, INT64_MAX); /* nobody joins streams */
        server->is_running = false;
}

bool http_server_stop(HttpServer *server, int64_t deadline_us)
{
        if (!server->is_running)
                return true;
        http_connections_drain(server->site.connections);
        http_acceptor_free(TAKE_PTR(server->acceptor));
        if (!http_connections_wait(server->site.connections, deadline_us))
                return false;
        end_connections(server);
        return true;
}

void http_server_free(HttpServer *server)
{
        if (!server)
                return;
        if (!http_server_stop(server, clock_monotonic_us()))
                end_connections(server);
        if (server->is_initialised)
                ulfius_clean_instance(&server->ulfius);
        http_connections_free(server->site.connections);
        http_routes_free(server->site.routes);
        free(server);
}

uint16_t http_server_port(const HttpServer *server)
{
        return server->port;
}

size_t http_server_connections(const HttpServer *server)
{
        return http_connections_count(server->site.connections);
}
