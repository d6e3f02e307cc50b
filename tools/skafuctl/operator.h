#pragma once

/*
 * operator.h — what the subcommands share that ask a service to do something.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "json_table.h"

typedef struct OperatorOptions {
        const char *url;   /* of the service */
        const char *token; /* bearer token of a member of group Admin */
        bool json;
} OperatorOptions;

/* Rows of an option table whose options struct begins with OperatorOptions. */
#define OPERATOR_OPTIONS(environment, fallback, service)                                        \
        { "url", OPTION_TEXT, offsetof(OperatorOptions, url), environment, fallback, service }, \
                { "token",                                                                      \
                  OPTION_TEXT,                                                                  \
                  offsetof(OperatorOptions, token),                                             \
                  "SKAFU_TOKEN_ADMIN",                                                          \
                  NULL,                                                                         \
                  "bearer token of a member of group Admin" },                                  \
        {                                                                                       \
                "json", OPTION_FLAG, offsetof(OperatorOptions, json), NULL, NULL,               \
                        "JSON on one line; null when it is done and there is nothing to tell"   \
        }

/**
 * operator_ask() - one request
 * @ret:  the answer, freed with json_decref(); NULL when it has no body
 *
 * Return: ERROR_NONE; as service_ask_for().
 */
_must_check_ ErrorCode operator_ask(const OperatorOptions *options, const char *method,
                                    const char *path, const char *body, json_t **ret, Error *err);

/* As operator_ask() for a list: its pages are one in the end, with all items. @path has no query. */
_must_check_ ErrorCode operator_ask_all(const OperatorOptions *options, const char *path,
                                        json_t **ret, Error *err);

/* Print an answer: {"items":[…]}, or one object; without one "done", or null in JSON. @empty: what people read when
 * there is nothing. */
void operator_print(const OperatorOptions *options, json_t *answer, const JsonColumn *columns,
                    const char *empty);

/* Append a path segment, percent-encoded: "/" and the text. */
void operator_path(Buffer *path, const char *segment);

/* Say what went wrong. Returns the exit code. */
int operator_failed(const Error *err);

/* A bar on standard error when that is a terminal: so much of so much, the rate and the time that is left. */
void operator_progress(int64_t done, int64_t total, int64_t started_us, const char *what);
void operator_progress_end(void);
