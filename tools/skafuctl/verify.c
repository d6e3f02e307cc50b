#include "verify.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "skafuctl.h"

static ErrorCode verify_topics(PGconn *conn, const VerifyOptions *options, const VerifyLog *logs,
                               size_t n_logs, VerifyReport *report, Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && !options->no_topics && i < n_logs; i++)
                code = verify_topic(conn, options, &logs[i], report, err);
        return code;
}

static ErrorCode verify_views(PGconn *conn, const VerifyOptions *options, VerifyReport *report,
                              Error *err)
{
        _cleanup_(schema_freep) Schema *schema = NULL;
        ErrorCode code = schema_load(&schema, options->schema_file, err);

        for (size_t i = 0; !code && i < schema->n_models; i++)
                code = verify_view(conn, schema->models[i], report, err);
        return code;
}

static ErrorCode verify(const VerifyOptions *options, VerifyReport *report, Error *err)
{
        _cleanup_(PQfinishp) PGconn *conn = NULL;
        _cleanup_(freep) VerifyLog *logs = NULL;
        size_t n_logs = 0;
        ErrorCode code;

        code = pg_connect(&conn, options->pg_url, "skafuctl verify",
                          clock_monotonic_us() + 10 * US_PER_SEC, err);
        if (!code)
                code = verify_wait(conn, options, report, err);
        if (!code)
                code = verify_store(conn, report, &logs, &n_logs, err);
        if (!code)
                code = verify_topics(conn, options, logs, n_logs, report, err);
        if (!code)
                code = verify_views(conn, options, report, err);
        return code;
}
