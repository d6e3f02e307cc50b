#include "bulk_handler.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "bulk_answers.h"
#include "bulk_lines.h"
#include "command_app.h"
#include "common/base/clock.h"

/* One request on its way. */
typedef struct Bulk {
        const CommandApp *app;
        const HttpRequest *req;
        BulkLines lines;
        BulkWindow *window;
        CommandGroup group;
        const char *correlation_id, *traceparent; /* of lines without their own */
} Bulk;

static void refuse_parameter(void *data, const char *name, const char *value)
{
        Error *err = data;

        if (err->code)
                return;
        if (strcmp(name, "wait") == 0)
                (void)error_set_field(err, ERROR_MALFORMED, name,
                                      "lines wait for no view: read with the consistencyToken of "
                                      "an answer");
        else
                (void)error_set_field(err, ERROR_MALFORMED, name, "unknown query parameter \"%s\"",
                                      name);
}

/* What belongs to one command cannot be said of all lines. */
static ErrorCode check_headers(const HttpRequest *req, Error *err)
{
        static const struct {
                const char *header, *member;
        } of_lines[] = {
                { "Idempotency-Key", "id" },
                { "If-Match", "ifMatch" },
                { "If-None-Match", "ifNoneMatch" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(of_lines); i++) {
                if (http_request_header(req, of_lines[i].header))
                        return error_set_field(err, ERROR_MALFORMED, of_lines[i].header,
                                               "is said of each line: its member \"%s\"",
                                               of_lines[i].member);
        }
        return ERROR_NONE;
}

static ErrorCode check_media_type(const HttpRequest *req, int *ret_status, Error *err)
{
        static const char *const types[] = { "application/x-ndjson", "application/ndjson" };
        const char *type = http_request_header(req, "Content-Type");
        size_t size = type ? strcspn(type, "; ") : 0;

        for (size_t i = 0; type && i < ARRAY_SIZE(types); i++) {
                if (strlen(types[i]) == size && strncasecmp(types[i], type, size) == 0)
                        return ERROR_NONE;
        }
        if (!type)
                return ERROR_NONE;
        *ret_status = 415;
        return error_set_field(err, ERROR_MALFORMED, "Content-Type",
                               "send the commands as application/x-ndjson, one a line");
}

static ErrorCode check_request(const HttpRequest *req, int *ret_status, Error *err)
{
        http_request_each_query(req, refuse_parameter, err);
        if (err->code)
                return err->code;
        if (check_media_type(req, ret_status, err))
                return err->code;
        return check_headers(req, err);
}

static ErrorCode read_command(const Bulk *bulk, BulkItem *item, Error *err)
{
        CommandInput input = {
                .principal = http_request_principal(bulk->req),
                .received_us = clock_now_us(),
        };
        ErrorCode code = bulk_line_parse(&item->line, item->text.data, item->text.size, err);

        if (code)
                return code;
        input.type = item->line.type;
        input.payload = item->line.payload;
        input.headers = item->line.headers;
        if (!input.headers.texts[HEADER_CORRELATION_ID])
                input.headers.texts[HEADER_CORRELATION_ID] = bulk->correlation_id;
        if (!input.headers.texts[HEADER_TRACEPARENT])
                input.headers.texts[HEADER_TRACEPARENT] = bulk->traceparent;
        return command_intake_read(&item->intake, &input, &item->request, err);
}

/* A full queue is waited for as long as lines of our own are ahead. */
static ErrorCode submit(Bulk *bulk, BulkItem *item, Error *err)
{
        ErrorCode code;

        do {
                code = command_intake_submit(bulk->app, &item->request, err);
        } while (code == ERROR_UNAVAILABLE && bulk_window_wait_answered(bulk->window));
        item->is_submitted = code == ERROR_NONE;
        if (code)
                atomic_store(&bulk->group.is_stopped, true);
        return code;
}

/* Give one line to its writer, or say why not. */
static void admit(Bulk *bulk, BulkItem *item, BulkLineKind kind)
{
        Error *err = &item->refusal;

        item->number = bulk->lines.number;
        command_request_init(&item->request);
        item->request.group = &bulk->group;
        if (kind == BULK_LINE_LONG)
                (void)error_set(err, ERROR_TOO_LARGE, "the line is over %zu bytes",
                                bulk->lines.bytes_max);
        else if (read_command(bulk, item, err) == ERROR_NONE)
                (void)submit(bulk, item, err);
        bulk_window_add(bulk->window);
}

/* The last answer of a request that ends before its body does. */
static void end_early(Bulk *bulk, BulkItem *item, int64_t number, int status)
{
        command_request_init(&item->request);
        item->number = number;
        item->is_end = true;
        item->refusal_status = status;
        bulk_window_add(bulk->window);
}

static void read_all(Bulk *bulk)
{
        for (;;) {
                BulkItem *item = bulk_window_place(bulk->window);
                BulkLineKind kind;
                int status = 0;

                if (atomic_load(&bulk->group.is_stopped)) {
                        (void)error_set(&item->refusal, ERROR_UNAVAILABLE,
                                        "a line before this one was not stored: send what was "
                                        "answered 503, and all from here on, again");
                        end_early(bulk, item, bulk->lines.number + 1, 0);
                        break;
                }
                if (bulk_lines_next(&bulk->lines, &item->text, &kind, &status, &item->refusal)) {
                        buffer_clear(&item->text);
                        end_early(bulk, item, bulk->lines.number, status);
                        break;
                }
                if (kind == BULK_LINES_END)
                        break;
                admit(bulk, item, kind);
        }
        bulk_window_end(bulk->window);
}

static ErrorCode run(Bulk *bulk, HttpResponse *res, Error *err)
{
        const CommandConfig *config = bulk->app->config;
        HttpStream *stream = http_request_stream(bulk->req);
        _cleanup_(bulk_window_freep) BulkWindow *window = NULL;
        _cleanup_(bulk_answers_freep) BulkAnswers *answers = NULL;
        ErrorCode code;

        bulk->correlation_id = http_request_header(bulk->req, "X-Correlation-Id");
        bulk->traceparent = http_request_header(bulk->req, "traceparent");
        code = bulk_lines_init(&bulk->lines, stream, (size_t)config->daemon.http_body_bytes_max,
                               config->bulk_read_timeout_s * US_PER_SEC, err);
        if (!code)
                code = bulk_window_new(&window, (size_t)config->bulk_window_commands,
                                       (size_t)config->bulk_window_bytes, err);
        if (!code)
                code = bulk_answers_start(&answers, bulk->app, window, stream, err);
        if (code)
                return code;
        bulk->window = window;
        http_stream_start(stream, res, 200, "application/x-ndjson");
        read_all(bulk);
        return ERROR_NONE;
}

/* No more at a time than are allowed. */
static ErrorCode run_in_turn(CommandApp *app, Bulk *bulk, HttpResponse *res, Error *err)
{
        ErrorCode code;

        if (atomic_fetch_add(&app->n_bulk_requests, 1) < app->config->bulk_requests_max)
                code = run(bulk, res, err);
        else
                code = error_set(err, ERROR_UNAVAILABLE,
                                 "%" PRId64 " requests of many commands are running already",
                                 app->config->bulk_requests_max);
        (void)atomic_fetch_sub(&app->n_bulk_requests, 1);
        return code;
}

void handle_bulk(void *data, const HttpRequest *req, HttpResponse *res)
{
        CommandApp *app = data;
        Bulk bulk = { .app = app, .req = req };
        Error err = ERROR_INIT;
        int status = 0;
        ErrorCode code = check_request(req, &status, &err);

        if (!code)
                code = run_in_turn(app, &bulk, res, &err);
        bulk_lines_deinit(&bulk.lines);
        if (code)
                http_response_problem_with(res, &err, status, NULL);
}
