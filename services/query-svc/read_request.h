#pragma once

/*
 * read_request.h — what a read asks for, checked against its model.
 */

#include "common/auth/principal.h"
#include "common/http/http.h"
#include "common/model/model_select.h"
#include "query_config.h"

#define READ_FIELDS_MAX 64
#define READ_TOKEN_MAX  4096 /* bytes of a consistency token */

typedef struct ReadRequest {
        const QueryConfig *config;
        const Schema *schema;
        const Model *model;
        Reader reader;
        const char *id;     /* of a single row; NULL: a list */
        const char *after;  /* consistency tokens, comma-separated; NULL when there are none */
        const char *cursor; /* as sent; NULL: the first page */
        const char *sort;   /* as sent */
        int limit;
        Keyset keyset;
        FilterBuilder filter;
        const Field *includes[SELECT_INCLUDES_MAX];
        size_t n_includes;
        const Field *fields[READ_FIELDS_MAX];
        size_t n_fields; /* 0: all */
        Buffer question; /* filters and order as they were sent: what a cursor belongs to */
        Arena arena;     /* what the above points to, but for the HTTP request's own text */
} ReadRequest;

/* Who asks, as the model library wants it; borrows from @principal. */
Reader read_request_reader(const Principal *principal);

/**
 * read_request_parse() - fill @ret (zeroed) from the path and the query parameters
 * @req:  outlives @ret, which points into it
 *
 * Return: ERROR_NONE; ERROR_NOT_FOUND for a path that is no model's; ERROR_MALFORMED naming the parameter.
 */
_must_check_ ErrorCode read_request_parse(ReadRequest *ret, const QueryConfig *config,
                                          const Schema *schema, const HttpRequest *req, Error *err);
void read_request_deinit(ReadRequest *request);
