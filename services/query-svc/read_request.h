#pragma once

/*
 * read_request.h — what a read asks for, checked against its model.
 */

#include "common/model/model_select.h"
#include "past_moment.h"
#include "query_config.h"
#include "read_tokens.h"

typedef struct ReadRequest {
        const QueryConfig *config;
        const Model *model;
        Reader reader;
        const char *id; /* of a single row; NULL: a list */
        Arena arena;    /* what the rest points to */
        FilterBuilder filter;
        const Field *equals[FILTER_PARAMS_MAX]; /* fields that parameters name */
        size_t n_equals;
        Keyset keyset;
        const char *sort;   /* as sent */
        const char *cursor; /* as sent; NULL: the first page */
        char *const *after; /* what the cursor says: one value per key; NULL: the first page */
        const Field *const *fields; /* columns to send; NULL: all */
        size_t n_fields;
        const Field *includes[SELECT_INCLUDES_MAX];
        size_t n_includes;
        size_t limit;
        ReadTokens tokens; /* what must be visible */
        PastMoment as_of;  /* of a single row */
        unsigned given;    /* bits of the parameters seen so far */
} ReadRequest;

/**
 * read_request_open() - begin with the path: /v1/{path} or /v1/{path}/{id}
 * @ret:     zeroed; free with read_request_deinit() in any case
 * @reader:  what it points to outlives @ret, as do @config and @schema
 * @id:      NULL for a list; outlives @ret
 *
 * Return: ERROR_NONE, or ERROR_NOT_FOUND for a path that is no model's.
 */
_must_check_ ErrorCode read_request_open(ReadRequest *ret, const QueryConfig *config,
                                         const Schema *schema, const Reader *reader,
                                         const char *path, const char *id, Error *err);
void read_request_deinit(ReadRequest *request);

/* Take one query parameter, decoded; copied. ERROR_MALFORMED names the parameter. */
_must_check_ ErrorCode read_request_parameter(ReadRequest *request, const char *name,
                                              const char *value, Error *err);

/* Take the header X-Consistency-Token; adds to ?after=. */
_must_check_ ErrorCode read_request_token(ReadRequest *request, const char *text, Error *err);

/* After the last parameter: put order and cursor together. ERROR_MALFORMED names the parameter. */
_must_check_ ErrorCode read_request_close(ReadRequest *request, Error *err);
