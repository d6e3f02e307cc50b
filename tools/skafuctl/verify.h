#pragma once

/*
 * verify.h — `skafuctl verify`: walks the event store, the topics and the views, and proves that they
 * agree, or says where they do not.
 */

#include "common/model/model.h"
#include "common/pg/pg_conn.h"
#include "verify_report.h"

typedef struct VerifyOptions {
        const char *pg_url;
        const char *kafka_brokers;
        const char *topic_prefix;
        const char *schema_file;
        int wait_s;        /* let topics and views catch up for this long */
        bool no_topics;    /* the broker keeps only a part, as the embedded one does */
        const char *view;  /* "": all of them */
        int version;       /* of ->view; -1: the live one */
        bool all_versions; /* those that are being built or kept, too */
        bool json;
} VerifyOptions;

/* Reading everything may take long. */
#define VERIFY_TIMEOUT_US (3600 * US_PER_SEC)

/* One log partition, as the store has it. */
typedef struct VerifyLog {
        char aggregate_type[64];
        int32_t partition;
        int64_t end; /* where it ended when verifying began: the topic must have come so far */
} VerifyLog;

/*
 * Note where the logs end, in @ret_heads, and wait until topics and views have come so far, for at most options->wait_s;
 * a problem when they have not. What is stored meanwhile is not waited for: a busy system never stands still.
 */
_must_check_ ErrorCode verify_wait(PGconn *conn, const VerifyOptions *options, Buffer *ret_heads,
                                   VerifyReport *report, Error *err);

/* Positions are 1…n and streams 1…version; the logs found go to @ret_logs (free with free()). @heads: of
 * verify_wait(). */
_must_check_ ErrorCode verify_store(PGconn *conn, const char *heads, VerifyReport *report,
                                    VerifyLog **ret_logs, size_t *ret_n, Error *err);

/* The topic's partition carries the log's events, in order, at least up to @log->end. */
_must_check_ ErrorCode verify_topic(PGconn *conn, const VerifyOptions *options,
                                    const VerifyLog *log, VerifyReport *report, Error *err);

/* The views equal a fresh fold of all events that feed them; which versions, @options say. */
_must_check_ ErrorCode verify_views(PGconn *conn, const VerifyOptions *options,
                                    VerifyReport *report, Error *err);

/*
 * One version of a view. @schema is for a version that does not say which one it was made from.
 *
 * Return: ERROR_NONE; ERROR_NOT_FOUND when it is gone; or what went wrong.
 */
_must_check_ ErrorCode verify_view(PGconn *conn, const char *view, int version,
                                   const Schema *schema, VerifyReport *report, Error *err);
