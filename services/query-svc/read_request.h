#pragma once

/*
 * read_request.h — what a read asks for, checked against its model; text is owned by it.
 */

#include "common/auth/principal.h"
#include "common/http/http.h"
#include "common/model/model.h"
#include "query_config.h"

#define READ_FILTERS_MAX  16
#define READ_SORTS_MAX    4
#define READ_INCLUDES_MAX 8
#define READ_FIELDS_MAX   64
#define READ_TOKEN_MAX    4096 /* bytes of a consistency token */

typedef struct ReadFilter {
        const Field *field;
        char *value; /* as PostgreSQL reads it */
} ReadFilter;

typedef struct ReadSort {
        const Field *field;
        bool descending;
} ReadSort;

typedef struct ReadRequest {
        const QueryConfig *config;
        const Schema *schema;
        const Model *model;
        const Principal *principal;
        const char *id;    /* of a single row; NULL: a list */
        const char *after; /* consistency tokens, comma-separated; NULL when there are none */
        ReadFilter filters[READ_FILTERS_MAX];
        size_t n_filters;
        ReadSort sorts[READ_SORTS_MAX + 1]; /* the last one is the id */
        size_t n_sorts;
        const Field *includes[READ_INCLUDES_MAX];
        size_t n_includes;
        const Field *fields[READ_FIELDS_MAX]; /* columns to send */
        size_t n_fields;
        int limit;
        const char *cursor; /* as sent; NULL: the first page */
        char *texts[8];     /* parameters, cut at commas; what the above points to */
        size_t n_texts;
} ReadRequest;

/**
 * read_request_parse() - fill @ret (zeroed) from the path and the query parameters
 * @req:  outlives @ret, which points into it
 *
 * Return: ERROR_NONE; ERROR_NOT_FOUND for a path that is no model's; ERROR_MALFORMED naming the parameter.
 */
_must_check_ ErrorCode read_request_parse(ReadRequest *ret, const QueryConfig *config,
                                          const Schema *schema, const HttpRequest *req, Error *err);
void read_request_deinit(ReadRequest *request);
