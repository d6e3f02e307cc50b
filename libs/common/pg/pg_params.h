#pragma once

/*
 * pg_params.h — statement parameters: text, and arrays in binary form, reused from call to call.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/uuid.h"

typedef struct PgParams PgParams;

#define PG_PARAMS_MAX 256

PgParams *pg_params_new(void);
void pg_params_free(PgParams *params);
DEFINE_CLEANUP(PgParams *, pg_params_free)

/* Forget the values, keep the memory. */
void pg_params_clear(PgParams *params);

/*
 * Scalars, in order $1, $2 …; values are copied. NULL text is NULL. Text has the type that the
 * statement gives it ($1::timestamptz, an enum, a json column), the others have the type they name.
 * A NUL inside a text is refused by the server, never cut off.
 */
void pg_params_text(PgParams *params, const char *text);
void pg_params_text_n(PgParams *params, const char *text, size_t size);
void pg_params_int32(PgParams *params, int32_t value);
void pg_params_int64(PgParams *params, int64_t value);
void pg_params_bool(PgParams *params, bool value);
void pg_params_uuid(PgParams *params, const Uuid *uuid);
void pg_params_bytes(PgParams *params, const void *data, size_t size); /* bytea */

/*
 * Arrays: pg_params_array() opens the next parameter, pg_array_*() add elements to the array with
 * that index (0 for $1), so several arrays can grow side by side, a row at a time.
 */
typedef enum PgArrayKind {
        PG_ARRAY_TEXT,
        PG_ARRAY_INT2,
        PG_ARRAY_INT4,
        PG_ARRAY_INT8,
        PG_ARRAY_UUID,
        PG_ARRAY_BYTEA,
        PG_ARRAY_BOOL,
} PgArrayKind;

int pg_params_array(PgParams *params, PgArrayKind kind);           /* returns the index */
void pg_array_text(PgParams *params, int array, const char *text); /* NULL adds NULL */
void pg_array_text_n(PgParams *params, int array, const char *text, size_t size);
void pg_array_int(PgParams *params, int array, int64_t value); /* INT2, INT4, INT8 */
void pg_array_uuid(PgParams *params, int array, const Uuid *uuid);
void pg_array_bytes(PgParams *params, int array, const void *data, size_t size);
void pg_array_bool(PgParams *params, int array, bool value);
void pg_array_null(PgParams *params, int array);

/* Ask for the result in binary form: integers big-endian, uuid 16 bytes, timestamptz microseconds
 * since 2000-01-01. Until pg_params_clear(). */
void pg_params_binary_result(PgParams *params);

/* For pg_exec(): the arrays that PQexecParams() wants. Finish all arrays first. */
typedef struct PgParamView {
        int n;
        const unsigned int *types; /* Oids */
        const char *const *values;
        const int *lengths;
        const int *formats;
        int result_format;
} PgParamView;

PgParamView pg_params_view(PgParams *params);
