#include "common/store/migrate.h"

#include <stdio.h>

#include "common/base/clock.h"
#include "options.h"
#include "skafuctl.h"

typedef struct MigrateOptions {
        const char *pg_url;
        int timeout_s;
} MigrateOptions;

static const Option table[] = {
        { "pg-url", OPTION_TEXT, offsetof(MigrateOptions, pg_url), "SKAFU_PG_URL", NULL,
          "the database, as its owner" },
        { "timeout-s", OPTION_INT, offsetof(MigrateOptions, timeout_s), NULL, "600",
          "give up after this many seconds" },
        { NULL, OPTION_FLAG, 0, NULL, NULL, NULL },
};

int skafuctl_migrate(int argc, char **argv)
{
        _cleanup_(PQfinishp) PGconn *conn = NULL;
        MigrateOptions options = { .timeout_s = 0 };
        Error err = ERROR_INIT;
        int64_t deadline_us;
        int applied = 0;
        int code = options_parse(table, "migrate [OPTION…]", &options, argc, argv);

        if (code >= 0)
                return code;
        deadline_us = clock_monotonic_us() + options.timeout_s * US_PER_SEC;
        if (pg_connect(&conn, options.pg_url, "skafuctl migrate", deadline_us, &err) ||
            store_migrate(conn, store_migrations, &applied, deadline_us, &err)) {
                (void)fprintf(stderr, "skafuctl: %s\n", err.message);
                return EXIT_FAILED;
        }
        if (applied)
                (void)printf("%d migrations applied\n", applied);
        else
                (void)puts("the database is up to date");
        return EXIT_OK;
}
