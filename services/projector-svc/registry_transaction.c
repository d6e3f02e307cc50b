#include "registry_transaction.h"

#include <stdio.h>

#include "common/base/clock.h"
#include "version_drop.h"
#include "view_lock.sql.h"

#define ATTEMPT_US (3 * US_PER_SEC) /* what one may take */

void registry_deinit(Registry *registry)
{
        pg_params_free(registry->params);
        version_list_deinit(&registry->list);
}

ErrorCode registry_run(Registry *registry, const char *sql, const char *what, Error *err)
{
        return pg_exec(registry->conn, sql, NULL, NULL, registry->deadline_us, what, err);
}

ErrorCode registry_begin(Registry *registry, PGconn *conn, int64_t deadline_us, Error *err)
{
        ErrorCode code;

        *registry = (Registry){ .conn = conn,
                                .params = pg_params_new(),
                                .list = VERSION_LIST_INIT,
                                .deadline_us = deadline_us };
        if (!registry->params)
                return error_no_memory(err);
        code = registry_run(registry, "BEGIN", "begin", err);
        if (code)
                return code;
        code = registry_run(registry, sql_view_lock, "lock the registry of views", err);
        return code ? code : version_list_read(&registry->list, conn, deadline_us, err);
}

ErrorCode registry_end(Registry *registry, ErrorCode code, Error *err)
{
        if (!code)
                return registry_run(registry, "COMMIT", "commit", err);
        (void)!registry_run(registry, "ROLLBACK", "roll back", NULL);
        return code;
}

ErrorCode registry_begin_drop(Registry *registry, const char *schema_name, Error *err)
{
        (void)snprintf(registry->dropped, sizeof registry->dropped, "%s", schema_name);
        return version_drop_begin(registry->conn, registry->attempt, registry->deadline_us, err);
}

ErrorCode registry_drop_tables(Registry *registry, const char *schema_name, Error *err)
{
        ErrorCode code = registry_begin_drop(registry, schema_name, err);

        return code ? code
                    : version_drop_tables(registry->conn, schema_name, registry->deadline_us, err);
}

/* NOLINTNEXTLINE(readability-function-size): registry_transact(), once */
static ErrorCode attempt(Registry *registry, PGconn *conn, RegistryFn fn, RegistryWish *wish,
                         unsigned number, int64_t deadline_us, Error *err)
{
        ErrorCode code = registry_begin(registry, conn, deadline_us, err);

        registry->attempt = number;
        if (!code)
                code = fn(registry, wish, err);
        return registry_end(registry, code, err);
}

/* Make room for another attempt. */
static ErrorCode clear(Registry *registry, Error *err)
{
        if (clock_monotonic_us() < registry->deadline_us - ATTEMPT_US)
                return version_drop_clear(registry->conn, registry->dropped, registry->deadline_us,
                                          err);
        return error_set(err, ERROR_CONFLICT, "the tables in schema \"%s\" are in use",
                         registry->dropped);
}

ErrorCode registry_transact(PGconn *conn, RegistryFn fn, RegistryWish *wish, int64_t deadline_us,
                            Error *err)
{
        for (unsigned n = 0;; n++) {
                _cleanup_(registry_deinit) Registry registry = { .conn = NULL };
                Error fault = ERROR_INIT;
                ErrorCode code = attempt(&registry, conn, fn, wish, n, deadline_us, &fault);

                if (code && *registry.dropped && version_drop_was_blocked(&fault)) {
                        code = clear(&registry, &fault);
                        if (!code)
                                continue;
                }
                if (code && err)
                        *err = fault;
                return code;
        }
}
