#include "status.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_writer.h"
#include "common/pg/pg_conn.h"
#include "options.h"
#include "result_table.h"
#include "service_client.h"
#include "skafuctl.h"
#include "status.sql.h"
#include "table.h"

#define CONNECT_TIMEOUT_US (5 * US_PER_SEC) /* the services are asked all the same */
#define TIMEOUT_US         (60 * US_PER_SEC)

typedef struct StatusOptions {
        const char *pg_url, *command_url, *query_url, *projector_url;
        bool json;
} StatusOptions;

/* What a service says of itself. */
typedef struct ServiceState {
        const char *name, *url;
        const char *state; /* ready, not ready, away */
        Buffer detail;     /* the checks that fail, or that have something to say */
} ServiceState;

static void add_check(Buffer *detail, const char *name, const json_t *check)
{
        const char *text = json_string_value(json_object_get(check, "detail"));

        if (!text || !*text)
                return;
        buffer_printf(detail, "%s%s: %s", detail->size ? "; " : "", name, text);
}

static void look_at(ServiceState *service)
{
        ServiceAnswer answer = { .status = 0 };
        Error err = ERROR_INIT;
        json_t *root, *check;
        const char *name;

        if (service_ask(service->url, "GET", "/readyz", NULL, NULL, &answer, &err)) {
                service->state = "away";
                buffer_append_string(&service->detail, err.message);
                return;
        }
        service->state = answer.status == 200 ? "ready" : "not ready";
        root = json_loadb(buffer_text(&answer.body), answer.body.size, 0, NULL);
        json_object_foreach(json_object_get(root, "checks"), name, check)
                add_check(&service->detail, name, check);
        json_decref(root);
        service_answer_deinit(&answer);
}

/* @res: NULL when the event store could not be read. */
static void print_json(const ServiceState *services, size_t n, const PGresult *res)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT, rows = BUFFER_INIT;

        json_write_object(&text, NULL);
        json_write_array(&text, "services");
        for (size_t i = 0; i < n; i++) {
                json_write_object(&text, NULL);
                json_write_string(&text, "service", services[i].name);
                json_write_string(&text, "url", services[i].url);
                json_write_string(&text, "state", services[i].state);
                json_write_string(&text, "detail", buffer_text(&services[i].detail));
                json_write_object_end(&text);
        }
        json_write_array_end(&text);
        if (res) {
                result_table_json(&rows, res); /* [{…}] of the one row */
                json_write_raw(&text, "store",
                               (JsonSpan){ .text = rows.data + 1, .size = rows.size - 2 });
        } else {
                json_write_null(&text, "store");
        }
        json_write_object_end(&text);
        (void)puts(text.data);
}

static void print_text(const ServiceState *services, size_t n, const PGresult *res)
{
        _cleanup_(table_freep) Table *table = table_new();
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;

        table_column(table, "service", false);
        table_column(table, "url", false);
        table_column(table, "state", false);
        table_column(table, "detail", false);
        for (size_t i = 0; i < n; i++) {
                table_cell(table, services[i].name);
                table_cell(table, services[i].url);
                table_cell(table, services[i].state);
                table_cell(table, buffer_text(&services[i].detail));
        }
        table_append(&text, table);
        (void)puts(text.data);
        if (res)
                result_table_print(res, false, "");
        else
                (void)puts("the event store could not be read");
}

static const Option table[] = {
        { "pg-url", OPTION_TEXT, offsetof(StatusOptions, pg_url), "SKAFU_PG_URL", NULL,
          "the database, as a role that may read it all" },
        { "command-url", OPTION_TEXT, offsetof(StatusOptions, command_url), "SKAFU_COMMAND_URL",
          "http://127.0.0.1:8081", "command-svc" },
        { "projector-url", OPTION_TEXT, offsetof(StatusOptions, projector_url),
          "SKAFU_PROJECTOR_URL", "http://127.0.0.1:8083", "projector-svc" },
        { "query-url", OPTION_TEXT, offsetof(StatusOptions, query_url), "SKAFU_QUERY_URL",
          "http://127.0.0.1:8082", "query-svc" },
        { "json", OPTION_FLAG, offsetof(StatusOptions, json), NULL, NULL, "one JSON object" },
        { NULL, OPTION_FLAG, 0, NULL, NULL, NULL },
};

static const char usage[] =
        "status [OPTION…]\n\n"
        "Ask each service whether it is ready, and show what the event store and the views hold. The exit code is 1\n"
        "when a service is not ready or does not answer, or PostgreSQL does not: then \"store\" is null in JSON.";

/* What the store and the views hold; NULL when PostgreSQL does not tell, and why is said. */
static PGresult *look_at_store(const char *url)
{
        _cleanup_(PQfinishp) PGconn *conn = NULL;
        PGresult *res = NULL;
        Error err = ERROR_INIT;

        if (pg_connect(&conn, url, "skafuctl status", clock_monotonic_us() + CONNECT_TIMEOUT_US,
                       &err) ||
            pg_exec(conn, sql_status, NULL, &res, clock_monotonic_us() + TIMEOUT_US,
                    "look what there is", &err))
                (void)fprintf(stderr, "skafuctl: %s\n", err.message);
        return res;
}

int skafuctl_status(int argc, char **argv)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        StatusOptions options = { .pg_url = NULL };
        bool all_ready = true;
        int code = options_parse(table, usage, &options, argc, argv);
        ServiceState services[] = { { .name = "command-svc", .url = options.command_url },
                                    { .name = "projector-svc", .url = options.projector_url },
                                    { .name = "query-svc", .url = options.query_url } };

        if (code >= 0)
                return code;
        res = look_at_store(options.pg_url);
        for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
                look_at(&services[i]);
                all_ready &= strcmp(services[i].state, "ready") == 0;
        }
        if (options.json)
                print_json(services, ARRAY_SIZE(services), res);
        else
                print_text(services, ARRAY_SIZE(services), res);
        for (size_t i = 0; i < ARRAY_SIZE(services); i++)
                buffer_deinit(&services[i].detail);
        return all_ready && res ? EXIT_OK : EXIT_FAILED;
}
