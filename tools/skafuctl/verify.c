#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "options.h"
#include "skafuctl.h"

static ErrorCode verify_topics(PGconn *conn, const VerifyOptions *options, const VerifyLog *logs,
                               size_t n_logs, VerifyReport *report, Error *err)
{
        ErrorCode code = ERROR_NONE;

        for (size_t i = 0; !code && !options->no_topics && i < n_logs; i++)
                code = verify_topic(conn, options, &logs[i], report, err);
        return code;
}

static ErrorCode verify(const VerifyOptions *options, VerifyReport *report, Error *err)
{
        _cleanup_(PQfinishp) PGconn *conn = NULL;
        _cleanup_(buffer_deinit) Buffer heads = BUFFER_INIT;
        _cleanup_(freep) VerifyLog *logs = NULL;
        size_t n_logs = 0;
        ErrorCode code;

        code = pg_connect(&conn, options->pg_url, "skafuctl verify",
                          clock_monotonic_us() + 10 * US_PER_SEC, err);
        if (!code)
                code = verify_wait(conn, options, &heads, report, err);
        if (!code)
                code = verify_store(conn, heads.data, report, &logs, &n_logs, err);
        if (!code)
                code = verify_topics(conn, options, logs, n_logs, report, err);
        if (!code)
                code = verify_views(conn, options, report, err);
        return code;
}

static const Option table[] = {
        { "pg-url", OPTION_TEXT, offsetof(VerifyOptions, pg_url), "SKAFU_PG_URL", NULL,
          "the database, as a role that may read it all and make temporary tables" },
        { "kafka-brokers", OPTION_TEXT, offsetof(VerifyOptions, kafka_brokers),
          "SKAFU_KAFKA_BROKERS", "127.0.0.1:9092", "the brokers, host:port,…" },
        { "topic-prefix", OPTION_TEXT, offsetof(VerifyOptions, topic_prefix), "SKAFU_TOPIC_PREFIX",
          "skafu", "topics are <prefix>.<aggregate type>.events" },
        { "schema-file", OPTION_TEXT, offsetof(VerifyOptions, schema_file), "SKAFU_SCHEMA_FILE",
          "domain/schema.graphql", "the read models" },
        { "wait", OPTION_INT, offsetof(VerifyOptions, wait_s), NULL, "0",
          "let topics and views catch up for this many seconds first" },
        { "no-topics", OPTION_FLAG, offsetof(VerifyOptions, no_topics), NULL, NULL,
          "leave the topics out: the broker keeps only a part" },
        { "view", OPTION_TEXT, offsetof(VerifyOptions, view), NULL, "",
          "of the views only this one" },
        { "version", OPTION_INT, offsetof(VerifyOptions, version), NULL, NULL,
          "this version of --view, instead of the live one" },
        { "all-versions", OPTION_FLAG, offsetof(VerifyOptions, all_versions), NULL, NULL,
          "also the versions of views that are being built, or kept after a switch" },
        { "json", OPTION_FLAG, offsetof(VerifyOptions, json), NULL, NULL, "one JSON object" },
        { NULL, OPTION_FLAG, 0, NULL, NULL, NULL },
};

static const char usage[] =
        "verify [OPTION…]\n\n"
        "Walk the event store, the topics and the views, and prove that they agree, or say where they do not. Topics and\n"
        "live views must have come to where the logs ended when it began: --wait lets them. A view that no projection of\n"
        "this program feeds cannot be compared, which is a problem too.";

/* Return: what is wrong with the options; NULL when nothing is. */
static const char *check_options(const VerifyOptions *options)
{
        if (options->version >= 0 && (!*options->view || options->all_versions))
                return "--version is one of --view, without --all-versions";
        return options->version == 0 ? "--version: versions begin at 1" : NULL;
}

/* What was looked at, for people. */
static void write_scope(Buffer *ret, const VerifyOptions *options)
{
        buffer_append_string(ret, options->no_topics ? "store and " : "store, topics and ");
        if (!*options->view)
                buffer_append_string(ret, "views");
        else if (options->version > 0)
                buffer_printf(ret, "version %d of view %s", options->version, options->view);
        else
                buffer_printf(ret, "view %s", options->view);
}

int skafuctl_verify(int argc, char **argv)
{
        _cleanup_(verify_report_deinit) VerifyReport report = VERIFY_REPORT_INIT;
        _cleanup_(buffer_deinit) Buffer scope = BUFFER_INIT;
        VerifyOptions options = { .version = -1 };
        Error err = ERROR_INIT;
        const char *fault;
        int code = options_parse(table, usage, &options, argc, argv);

        if (code >= 0)
                return code;
        fault = check_options(&options);
        if (fault) {
                (void)fprintf(stderr, "skafuctl: %s\n", fault);
                return EXIT_BAD_USAGE;
        }
        report.progress = isatty(STDERR_FILENO);
        if (verify(&options, &report, &err)) {
                (void)fprintf(stderr, "%sskafuctl: %s\n", report.progress ? "\r\033[K" : "",
                              err.message);
                return EXIT_FAILED;
        }
        write_scope(&scope, &options);
        verify_report_print(&report, scope.data, options.json);
        return report.n_problems ? EXIT_FAILED : EXIT_OK;
}
