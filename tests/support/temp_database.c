#include "temp_database.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buffer.h"
#include "common/base/clock.h"
#include "common/base/uuid.h"
#include "common/store/migrate.h"

#define TIMEOUT_US (60 * US_PER_SEC)

struct TempDatabase {
        char name[16 + UUID_TEXT_SIZE];
};

DEFINE_CLEANUP(PQconninfoOption *, PQconninfoFree)

/* libpq's quoting of a value in key=value text. */
static void append_setting(Buffer *text, const char *key, const char *value)
{
        buffer_printf(text, "%s%s='", text->size ? " " : "", key);
        for (; *value; value++) {
                if (*value == '\'' || *value == '\\')
                        buffer_append_char(text, '\\');
                buffer_append_char(text, *value);
        }
        buffer_append_char(text, '\'');
}

/* SKAFU_TEST_PG_URL with another role and database, where given; NULL when it cannot be read. */
static char *url_with(const char *role, const char *name)
{
        const char *url = getenv("SKAFU_TEST_PG_URL"); /* NOLINT(concurrency-mt-unsafe) */
        _cleanup_(PQconninfoFreep) PQconninfoOption *items =
                url ? PQconninfoParse(url, NULL) : NULL;
        Buffer text = BUFFER_INIT;

        if (!items)
                return NULL;
        for (const PQconninfoOption *item = items; item->keyword; item++) {
                const char *value = item->val;

                if (name && strcmp(item->keyword, "dbname") == 0)
                        value = name;
                if (role && strcmp(item->keyword, "user") == 0)
                        value = role;
                if (value)
                        append_setting(&text, item->keyword, value);
        }
        return buffer_take(&text);
}

static ErrorCode connect_to(const char *role, const char *name, PGconn **ret, Error *err)
{
        _cleanup_(freep) char *url = url_with(role, name);

        if (!url)
                return error_set(err, ERROR_INVALID,
                                 "SKAFU_TEST_PG_URL does not name a PostgreSQL server to test "
                                 "with: run ./dev test");
        return pg_connect(ret, url, "test", clock_monotonic_us() + TIMEOUT_US, err);
}

static ErrorCode run(const char *verb, const char *name, const char *rest, Error *err)
{
        _cleanup_(PQfinishp) PGconn *conn = NULL;
        char sql[128];
        ErrorCode code;

        (void)snprintf(sql, sizeof sql, "%s DATABASE %s%s", verb, name, rest);
        code = connect_to(NULL, NULL, &conn, err);
        return code ? code
                    : pg_exec(conn, sql, NULL, NULL, clock_monotonic_us() + TIMEOUT_US,
                              "make or drop a database for a test", err);
}

ErrorCode temp_database_new_empty(TempDatabase **ret, Error *err)
{
        _cleanup_(freep) TempDatabase *database = calloc(1, sizeof *database);
        Uuid id = uuid_new();
        char text[UUID_TEXT_SIZE];
        ErrorCode code;

        if (!database)
                return error_no_memory(err);
        uuid_format(&id, text);
        for (char *c = strchr(text, '-'); c; c = strchr(c, '-'))
                *c = '_';
        (void)snprintf(database->name, sizeof database->name, "skafu_test_%s", text);
        code = run("CREATE", database->name, "", err);
        if (code)
                return code;
        *ret = TAKE_PTR(database);
        return ERROR_NONE;
}

ErrorCode temp_database_new(TempDatabase **ret, Error *err)
{
        _cleanup_(temp_database_freep) TempDatabase *database = NULL;
        _cleanup_(PQfinishp) PGconn *conn = NULL;
        ErrorCode code;

        code = temp_database_new_empty(&database, err);
        if (!code)
                code = connect_to(NULL, database->name, &conn, err);
        if (!code)
                code = store_migrate(conn, store_migrations, NULL,
                                     clock_monotonic_us() + TIMEOUT_US, err);
        if (code)
                return code;
        *ret = TAKE_PTR(database);
        return ERROR_NONE;
}

void temp_database_free(TempDatabase *database)
{
        if (!database)
                return;
        if (run("DROP", database->name, " WITH (FORCE)", NULL))
                (void)fprintf(stderr, "could not drop %s\n", database->name);
        free(database);
}

char *temp_database_url(const TempDatabase *database, const char *role)
{
        char *url = url_with(role, database->name);

        ck_assert_ptr_nonnull(url);
        return url;
}

PGconn *temp_database_connect(const TempDatabase *database, const char *role)
{
        PGconn *conn = NULL;
        Error err = ERROR_INIT;

        ck_assert_msg(connect_to(role, database->name, &conn, &err) == ERROR_NONE, "%s",
                      err.message);
        return conn;
}
