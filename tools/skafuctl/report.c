#include "report.h"

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/pg/pg_conn.h"
#include "common/pg/pg_params.h"
#include "is_live.sql.h"
#include "lag.sql.h"
#include "options.h"
#include "result_table.h"
#include "skafuctl.h"
#include "views.sql.h"

#define TIMEOUT_US   (60 * US_PER_SEC)
#define CLEAR_SCREEN "\033[H\033[J"

typedef struct ReportOptions {
        const char *pg_url;
        const char *view; /* "": all */
        int every_s;      /* 0: once */
        bool json;
} ReportOptions;

/* One question. */
typedef struct Report {
        const char *what; /* for messages */
        const char *usage;
        const char *sql;
        const char *empty;
        const Option *options;
        bool takes_view; /* $1 */
} Report;

/* A view of which nothing is shown has no log partitions yet, or there is none of this name. */
static ErrorCode check_live(PGconn *conn, const char *view, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        pg_params_text(params, view);
        code = pg_exec(conn, sql_is_live, params, &res, clock_monotonic_us() + TIMEOUT_US,
                       "look for a view", err);
        if (code || PQntuples(res) > 0)
                return code;
        return error_set(err, ERROR_NOT_FOUND, "there is no live view \"%.64s\"", view);
}

static ErrorCode ask(PGconn *conn, const Report *report, const ReportOptions *options, Error *err)
{
        _cleanup_(pg_params_freep) PgParams *params = pg_params_new();
        _cleanup_(PQclearp) PGresult *res = NULL;
        ErrorCode code;

        if (!params)
                return error_no_memory(err);
        if (report->takes_view)
                pg_params_text(params, *options->view ? options->view : NULL);
        code = pg_exec(conn, report->sql, report->takes_view ? params : NULL, &res,
                       clock_monotonic_us() + TIMEOUT_US, report->what, err);
        if (!code && PQntuples(res) == 0 && *options->view)
                code = check_live(conn, options->view, err);
        if (code)
                return code;
        if (options->every_s && isatty(STDOUT_FILENO))
                (void)fputs(CLEAR_SCREEN, stdout);
        result_table_print(res, options->json, report->empty);
        (void)fflush(stdout);
        return ERROR_NONE;
}

static int run(const Report *report, int argc, char **argv)
{
        _cleanup_(PQfinishp) PGconn *conn = NULL;
        ReportOptions options = { .view = "" };
        Error err = ERROR_INIT;
        ErrorCode failed;
        int code = options_parse(report->options, report->usage, &options, argc, argv);

        if (code >= 0)
                return code;
        failed = pg_connect(&conn, options.pg_url, "skafuctl", clock_monotonic_us() + TIMEOUT_US,
                            &err);
        if (!failed)
                failed = ask(conn, report, &options, &err);
        while (!failed && options.every_s && !ferror(stdout)) {
                clock_wait_us(options.every_s * US_PER_SEC);
                failed = ask(conn, report, &options, &err);
        }
        if (!failed)
                return EXIT_OK;
        (void)fprintf(stderr, "skafuctl: %s\n", err.message);
        return EXIT_FAILED;
}

#define PG_URL_OPTION                                                                         \
        {                                                                                     \
                "pg-url", OPTION_TEXT, offsetof(ReportOptions, pg_url), "SKAFU_PG_URL", NULL, \
                        "the database, as a role that may read it all"                        \
        }
#define EVERY_OPTION                                                              \
        {                                                                         \
                "every", OPTION_INT, offsetof(ReportOptions, every_s), NULL, "0", \
                        "show it again every so many seconds, until Ctrl-C"       \
        }
#define JSON_OPTION                                                                            \
        {                                                                                      \
                "json", OPTION_FLAG, offsetof(ReportOptions, json), NULL, NULL, "a JSON array" \
        }
#define END_OPTION                                     \
        {                                              \
                NULL, OPTION_FLAG, 0, NULL, NULL, NULL \
        }

static const Option lag_options[] = {
        { "VIEW", OPTION_ARGUMENT, offsetof(ReportOptions, view), NULL, "", "only this view" },
        PG_URL_OPTION,
        EVERY_OPTION,
        JSON_OPTION,
        END_OPTION,
};

static const Option views_options[] = { PG_URL_OPTION, EVERY_OPTION, JSON_OPTION, END_OPTION };

int skafuctl_lag(int argc, char **argv)
{
        static const Report report = {
                .what = "look how far topics and views are",
                .usage =
                        "lag [VIEW] [OPTION…]\n\n"
                        "How far each topic and each view is behind the event store, by log partition: in events,\n"
                        "and in seconds since the first event that it lacks was stored.\n\n"
                        "  skafuctl lag                 everything\n"
                        "  skafuctl lag VIEW --every 2  one view, again every two seconds",
                .sql = sql_lag,
                .empty = "there are no logs yet: command-svc makes them when it starts",
                .options = lag_options,
                .takes_view = true,
        };

        return run(&report, argc, argv);
}

int skafuctl_views(int argc, char **argv)
{
        static const Report report = {
                .what = "list the views",
                .usage =
                        "views [OPTION…]\n\n"
                        "The versions of every view: live is what readers see, building catches up beside it,\n"
                        "retired was replaced.",
                .sql = sql_views,
                .empty = "there are no views yet: projector-svc makes them when it starts",
                .options = views_options,
        };

        return run(&report, argc, argv);
}
