#pragma once

/*
 * append_call.h — event_store.append() with a batch written as a table.
 */

#include <stdbool.h>

#include "common/pg/pg_conn.h"

typedef enum Outcome {
        STORED,
        REPEATED, /* known with the same digest */
        REUSED,   /* known with another digest */
        CONFLICT,
} Outcome;

typedef struct AppendRow {
        const char *key;  /* any text; becomes the command id */
        const char *id;   /* of the aggregate */
        int64_t expected; /* version */
        int events;
        int partition;
        const char *type;    /* of the aggregate; NULL is "metric" */
        const char *problem; /* NULL unless refused */
        const char *digest;  /* NULL takes the key */
        const char *data;    /* of its events; NULL is "{}" */
} AppendRow;

typedef struct AppendAnswer {
        Outcome outcome;
        int64_t version;
        int partition;
        int64_t first_position; /* 0 without events */
        int64_t stored_at_us;   /* 0 when not stored */
} AppendAnswer;

/* Partitions 0 to @partitions - 1 of @type. */
void append_make_logs(PGconn *conn, const char *type, int partitions);

/* One batch; @ret has room for @n answers. */
_must_check_ ErrorCode append_try(PGconn *conn, const AppendRow *rows, size_t n, AppendAnswer *ret,
                                  Error *err);

/* As append_try(); the test fails on an error. */
void append_call(PGconn *conn, const AppendRow *rows, size_t n, AppendAnswer *ret);

/* The one value of a query; the test fails on an error. */
int64_t query_int(PGconn *conn, const char *sql);
