#pragma once

/*
 * query_stack.h — a query-svc for one test: a database with empty views of a small schema, the service's
 * routes on a port, and people who ask.
 */

#include <jansson.h>

#include "common/base/buffer.h"
#include "tests/support/temp_database.h"

/* Who asks. */
typedef enum QueryUser {
        QUERY_ALICE, /* no group */
        QUERY_BOB,   /* no group */
        QUERY_DEVELOPER,
        QUERY_ADMIN,
        QUERY_API_KEY,
        QUERY_NOBODY, /* without credentials */
} QueryUser;

typedef struct QueryStack QueryStack;

/* Fails the test when something cannot be had. For fixtures. */
QueryStack *query_stack_new(void);
void query_stack_free(QueryStack *stack);

/* Run SQL as the superuser. "INSERT INTO view_project_1.project …" */
void query_stack_sql(QueryStack *stack, const char *sql);

/* The first column of the first row, "" for null, appended to @ret. */
void query_stack_text(QueryStack *stack, const char *sql, Buffer *ret);

/* A row of each model; columns as the schema in query_stack.c says. */
_printf_(3, 4) void query_stack_insert(QueryStack *stack, const char *view, const char *fmt, ...);

/* Set the view's position in @partition of @type's log. */
void query_stack_position(QueryStack *stack, const char *view, const char *type, int partition,
                          long position);

/* How long reads wait for what a token names, from the next one on; 300 ms at first. */
void query_stack_wait_at_most(QueryStack *stack, int64_t wait_ms);

/**
 * query_stack_get() - ask for @target
 * @token:  X-Consistency-Token, NULL for none
 *
 * Return: the status. The body stays until the next call.
 */
int query_stack_get(QueryStack *stack, QueryUser user, const char *target, const char *token);
const char *query_stack_body(const QueryStack *stack);
const json_t *query_stack_json(const QueryStack *stack);
/* A header of the answer, "" when it is absent. */
const char *query_stack_header(QueryStack *stack, const char *name);

/* 200, and the body is exactly @body. */
void query_stack_expect(QueryStack *stack, QueryUser user, const char *target, const char *body);

/* A problem with @status whose field is @field ("" for none). */
void query_stack_expect_problem(QueryStack *stack, QueryUser user, const char *target, int status,
                                const char *field);
