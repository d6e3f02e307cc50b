#include "query_stack.h"

#include <check.h>
#include <gnutls/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/auth/auth.h"
#include "common/base/base64url.h"
#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/model/model_ddl.h"
#include "common/model/sql_text.h"
#include "query_app.h"
#include "tests/support/http_client.h"

#define SECRET  "a secret of the tests, 32 bytes or more"
#define API_KEY "a-key-of-the-tests"

static const char schema_text[] =
        "enum Status { ACTIVE ARCHIVED }\n"
        "type Project @model @auth(rules: [\n"
        "    { allow: owner } { allow: groups, groups: [\"Admin\"] }\n"
        "    { allow: groups, groups: [\"Developer\"], operations: [read] }]) {\n"
        "  id: ID! name: String! description: String status: Status\n"
        "  services: [Service] @hasMany(references: [\"projectId\"])\n"
        "  notes: [Note] @hasMany(references: [\"projectId\"])\n"
        "  createdAt: AWSDateTime owner: String\n"
        "}\n"
        "type Service @model { id: ID! projectId: ID! name: String! configuration: AWSJSON\n"
        "  project: Project @belongsTo(references: [\"projectId\"]) }\n"
        "type Note @model @auth(rules: [{ allow: owner, ownerField: \"editors\" }]) {\n"
        "  id: ID! projectId: ID text: String editors: [String] }\n"
        "type Reading @model @auth(rules: [{ allow: private, operations: [read] }\n"
        "    { allow: public, operations: [read] }]) {\n"
        "  id: ID! source: String! @index(sortKeyFields: [\"n\"]) n: Int value: Float good: Boolean\n"
        "  at: AWSDateTime day: AWSDate stamp: AWSTimestamp raw: AWSJSON status: Status\n"
        "  tags: [String] times: [AWSDateTime]\n"
        "}\n"
        "type Secret @model { id: ID! text: String }\n";

struct QueryStack {
        TempDatabase *database;
        PGconn *conn;
        char *url;
        char schema_path[48], keys_path[48];
        Schema *schema;
        QueryConfig config;
        void *app;
        AuthVerifier *verifier;
        HttpServer *server;
        HttpClient *client;
        HttpAnswer answer;
        json_t *json;
        char header[1024];
};

static void write_file(char *path, const char *text)
{
        int fd = mkstemp(path);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        (void)close(fd);
}

void query_stack_sql(QueryStack *stack, const char *sql)
{
        Error err = ERROR_INIT;
        ErrorCode code = pg_exec(stack->conn, sql, NULL, NULL,
                                 clock_monotonic_us() + 60 * US_PER_SEC, "set up", &err);

        ck_assert_msg(code == ERROR_NONE, "%s: %s", sql, err.message);
}

void query_stack_text(QueryStack *stack, const char *sql, Buffer *ret)
{
        _cleanup_(PQclearp) PGresult *res = NULL;
        Error err = ERROR_INIT;
        ErrorCode code = pg_exec(stack->conn, sql, NULL, &res,
                                 clock_monotonic_us() + 60 * US_PER_SEC, "look", &err);

        ck_assert_msg(code == ERROR_NONE, "%s: %s", sql, err.message);
        buffer_append_string(ret, PQgetvalue(res, 0, 0));
}

/* What the projector makes of a model: version 1 of its view, and the SQL view over it. */
static void create_view(QueryStack *stack, const Model *model, Buffer *checkpoints)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        char name[64];

        (void)snprintf(name, sizeof name, "view_%s_1", model->view);
        buffer_printf(
                &sql,
                "CREATE SCHEMA %s AUTHORIZATION skafu_projector; SET ROLE skafu_projector; CREATE TABLE %s.checkpoint (aggregate_type text COLLATE "
                "\"C\", partition int4, position int8);",
                name, name);
        model_ddl(&sql, stack->schema, model, name);
        buffer_printf(&sql,
                      "CREATE VIEW read.%s AS SELECT * FROM %s.%s; GRANT SELECT ON read.%s TO "
                      "skafu_query; RESET ROLE;",
                      model->view, name, model->view, model->view);
        query_stack_sql(stack, sql.data);
        buffer_printf(checkpoints,
                      "%s SELECT '%s'::text COLLATE \"C\", aggregate_type, partition, "
                      "position FROM %s.checkpoint",
                      checkpoints->size ? " UNION ALL" : "", model->view, name);
}

static void create_views(QueryStack *stack)
{
        _cleanup_(buffer_deinit) Buffer checkpoints = BUFFER_INIT, sql = BUFFER_INIT;

        for (size_t i = 0; i < stack->schema->n_models; i++)
                create_view(stack, stack->schema->models[i], &checkpoints);
        buffer_printf(&sql,
                      "CREATE OR REPLACE VIEW read.checkpoint (view, aggregate_type, partition, "
                      "position) AS ");
        buffer_append_string(&sql, checkpoints.data);
        query_stack_sql(stack, sql.data);
}

/* What a 500 keeps to itself, the test's output tells. */
static void show_fault(void *own, const HttpRequest *req, const char *route, int status,
                       int64_t duration_us, const Error *problem)
{
        if (status == 500 && problem)
                (void)fprintf(stderr, "# %s: %s\n", http_request_path(req), problem->message);
}

static void start_service(QueryStack *stack)
{
        AuthOptions auth = {
                .issuer = "skafu",
                .audience = "skafu",
                .hs256_secret = SECRET,
                .groups_claim = "cognito:groups",
                .api_keys_file = stack->keys_path,
        };
        HttpOptions options = {
                .service = "query-svc",
                .listen_address = "127.0.0.1",
                .body_bytes_max = 65536,
                .connections_max = 64,
                .idle_timeout_s = 60,
                .read_timeout_s = 60,
                .on_request = show_fault,
        };
        Error err = ERROR_INIT;

        stack->config = (QueryConfig){
                .pg_url = stack->url,
                .pg_connections = 4,
                .schema_file = stack->schema_path,
                .page_limit_default = 100,
                .page_limit_max = 1000,
                .include_rows_max = 3,
                .read_wait_ms = 300,
                .read_timeout_ms = 60000,
        };
        ck_assert_msg(!query_daemon.app_new(&stack->app, &stack->config, &err), "%s", err.message);
        ck_assert_msg(!auth_verifier_new(&stack->verifier, &auth, &err), "%s", err.message);
        options.verifier = stack->verifier;
        ck_assert_msg(!http_server_start(&stack->server, &options, query_daemon.routes, stack->app,
                                         &err),
                      "%s", err.message);
        stack->client = http_client_new(http_server_port(stack->server));
        ck_assert_ptr_nonnull(stack->client);
}

static void write_api_keys(QueryStack *stack)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        uint8_t digest[HASH_SHA256_SIZE];

        hash_sha256(API_KEY, strlen(API_KEY), digest);
        for (size_t i = 0; i < sizeof digest; i++)
                buffer_printf(&text, "%02x", (unsigned)digest[i]);
        buffer_append_string(&text, " 2999-01-01T00:00:00Z test\n");
        write_file(stack->keys_path, text.data);
}

QueryStack *query_stack_new(void)
{
        QueryStack *stack = calloc(1, sizeof *stack);
        Error err = ERROR_INIT;

        ck_assert_ptr_nonnull(stack);
        (void)snprintf(stack->schema_path, sizeof stack->schema_path, "/tmp/skafu-schema-XXXXXX");
        (void)snprintf(stack->keys_path, sizeof stack->keys_path, "/tmp/skafu-keys-XXXXXX");
        write_file(stack->schema_path, schema_text);
        write_api_keys(stack);
        ck_assert_msg(!schema_load(&stack->schema, stack->schema_path, &err), "%s", err.message);
        ck_assert_msg(!temp_database_new(&stack->database, &err), "%s", err.message);
        stack->conn = temp_database_connect(stack->database, NULL);
        stack->url = temp_database_url(stack->database, "skafu_query");
        create_views(stack);
        start_service(stack);
        return stack;
}

void query_stack_free(QueryStack *stack)
{
        http_client_free(stack->client);
        http_server_free(stack->server);
        auth_verifier_free(stack->verifier);
        query_daemon.app_free(stack->app);
        PQfinish(stack->conn);
        temp_database_free(stack->database);
        schema_free(stack->schema);
        http_answer_deinit(&stack->answer);
        json_decref(stack->json);
        free(stack->url);
        (void)unlink(stack->schema_path);
        (void)unlink(stack->keys_path);
        free(stack);
}

void query_stack_insert(QueryStack *stack, const char *view, const char *fmt, ...)
{
        _cleanup_(buffer_deinit) Buffer sql = BUFFER_INIT;
        char columns[512];
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(columns, sizeof columns, fmt, args);
        va_end(args);
        /* "column=value, …": through JSON, so that columns can be named in any order */
        buffer_printf(&sql,
                      "INSERT INTO view_%s_1.%s SELECT (json_populate_record(NULL::view_%s_1.%s, ",
                      view, view, view, view);
        sql_quote_literal(&sql, columns);
        buffer_append_string(&sql, ")).*");
        query_stack_sql(stack, sql.data);
}

void query_stack_position(QueryStack *stack, const char *view, const char *type, int partition,
                          long position)
{
        char sql[512];

        (void)snprintf(
                sql, sizeof sql,
                "DELETE FROM view_%s_1.checkpoint WHERE aggregate_type = '%s' AND partition = "
                "%d; INSERT INTO view_%s_1.checkpoint VALUES ('%s', %d, %ld)",
                view, type, partition, view, type, partition, position);
        query_stack_sql(stack, sql);
}

static void append_credentials(Buffer *headers, QueryUser user)
{
        static const struct {
                const char *name, *groups;
        } users[] = {
                [QUERY_ALICE] = { "alice", "" },
                [QUERY_BOB] = { "bob", "\"Other\"" },
                [QUERY_DEVELOPER] = { "dev", "\"Other\",\"Developer\"" },
                [QUERY_ADMIN] = { "root", "\"Admin\"" },
        };
        _cleanup_(buffer_deinit) Buffer token = BUFFER_INIT, claims = BUFFER_INIT;
        unsigned char mac[32];

        if (user == QUERY_NOBODY)
                return;
        if (user == QUERY_API_KEY) {
                buffer_append_string(headers, "x-api-key: " API_KEY "\r\n");
                return;
        }
        buffer_printf(&claims,
                      "{\"sub\":\"%s\",\"iss\":\"skafu\",\"aud\":\"skafu\",\"exp\":%lld,"
                      "\"cognito:groups\":[%s]}",
                      users[user].name, (long long)time(NULL) + 600, users[user].groups);
        base64url_encode(&token, "{\"alg\":\"HS256\"}", 15);
        buffer_append_char(&token, '.');
        base64url_encode(&token, claims.data, claims.size);
        ck_assert_int_eq(gnutls_hmac_fast(GNUTLS_MAC_SHA256, SECRET, strlen(SECRET), token.data,
                                          token.size, mac),
                         0);
        buffer_append_char(&token, '.');
        base64url_encode(&token, mac, sizeof mac);
        buffer_printf(headers, "Authorization: Bearer %s\r\n", token.data);
}

void query_stack_wait_at_most(QueryStack *stack, int64_t wait_ms)
{
        stack->config.read_wait_ms = wait_ms;
}

int query_stack_get(QueryStack *stack, QueryUser user, const char *target, const char *token)
{
        _cleanup_(buffer_deinit) Buffer headers = BUFFER_INIT;
        int status;

        append_credentials(&headers, user);
        if (token)
                buffer_printf(&headers, "X-Consistency-Token: %s\r\n", token);
        status = http_client_exchange(stack->client, &stack->answer, "GET", target,
                                      buffer_text(&headers), NULL);
        json_decref(stack->json);
        stack->json =
                json_loadb(buffer_text(&stack->answer.body), stack->answer.body.size, 0, NULL);
        return status;
}

const char *query_stack_body(const QueryStack *stack)
{
        return buffer_text(&stack->answer.body);
}

const json_t *query_stack_json(const QueryStack *stack)
{
        return stack->json;
}

const char *query_stack_header(QueryStack *stack, const char *name)
{
        if (!http_answer_header(&stack->answer, name, stack->header, sizeof stack->header))
                return "";
        return stack->header;
}

void query_stack_expect(QueryStack *stack, QueryUser user, const char *target, const char *body)
{
        int status = query_stack_get(stack, user, target, NULL);

        ck_assert_msg(status == 200, "%s: %d %s", target, status, query_stack_body(stack));
        ck_assert_str_eq(query_stack_body(stack), body);
        ck_assert_str_eq(query_stack_header(stack, "Content-Type"), "application/json");
}

void query_stack_expect_problem(QueryStack *stack, QueryUser user, const char *target, int status,
                                const char *field)
{
        int answered = query_stack_get(stack, user, target, NULL);
        const char *named = json_string_value(json_object_get(stack->json, "field"));

        ck_assert_msg(answered == status, "%s: %d %s", target, answered, query_stack_body(stack));
        ck_assert_msg(strcmp(named ? named : "", field) == 0, "%s: %s", target,
                      query_stack_body(stack));
        ck_assert_str_eq(query_stack_header(stack, "Content-Type"), "application/problem+json");
        ck_assert_ptr_nonnull(json_object_get(stack->json, "detail"));
}
