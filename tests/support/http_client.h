#pragma once

/*
 * http_client.h — an HTTP/1.1 client that can also misbehave: every byte it sends is the test's.
 *
 * Connects to the loopback only. Nothing waits longer than HTTP_CLIENT_TIMEOUT_MS.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buffer.h"

#define HTTP_CLIENT_TIMEOUT_MS 30000

typedef struct HttpClient HttpClient;

/* One answer; free with http_answer_deinit(). */
typedef struct HttpAnswer {
        int status;
        Buffer head; /* status line and headers, without the empty line */
        Buffer body;
} HttpAnswer;

#define HTTP_ANSWER_INIT ((HttpAnswer){ .status = 0 })

void http_answer_deinit(HttpAnswer *answer);

/* The value of a header, any case, in @ret_value; false when it is absent. */
bool http_answer_header(const HttpAnswer *answer, const char *name, char *ret_value, size_t size);

/* Connect to 127.0.0.1 (or [::1]); NULL when refused. Thread: one at a time. */
HttpClient *http_client_new(uint16_t port);
HttpClient *http_client_new_ipv6(uint16_t port);
void http_client_free(HttpClient *client); /* closes */
DEFINE_CLEANUP(HttpClient *, http_client_free)

/* Send bytes as they are; false when the server has closed. */
bool http_client_send(HttpClient *client, const void *data, size_t size);
bool http_client_send_text(HttpClient *client, const char *text);

/* The same, but false also when the server takes nothing for @timeout_us; some may have been sent then. */
bool http_client_send_within(HttpClient *client, const void *data, size_t size, int64_t timeout_us);

/**
 * http_client_request() - send one whole request
 * @headers:  "Name: value\r\n…" or NULL; Host and Content-Length are added
 * @body:     NULL for none
 */
bool http_client_request(HttpClient *client, const char *method, const char *target,
                         const char *headers, const char *body);

/**
 * http_client_read() - read the next answer
 * @to_head:  whether it answers HEAD, so that no body follows
 *
 * What @answer held before is forgotten. "100 Continue" is skipped, chunks are put together.
 * Return: false when the server closed before the end of the answer, or did not answer in time.
 */
bool http_client_read(HttpClient *client, HttpAnswer *answer, bool to_head);

/* Only the head of the next answer; and wait for @text, byte for byte, as what comes next. */
bool http_client_read_head(HttpClient *client, HttpAnswer *answer);
bool http_client_expect(HttpClient *client, const char *text);

/* Say that nothing more is sent; answers can still be read. */
void http_client_end(HttpClient *client);

/* Wait for "100 Continue": the server has read the head and wants the body. */
bool http_client_wait_continue(HttpClient *client);

/* http_client_request() and http_client_read(): the status, or 0 without an answer. */
int http_client_exchange(HttpClient *client, HttpAnswer *answer, const char *method,
                         const char *target, const char *headers, const char *body);

/* Wait until the server has closed the connection, and append to @ret_rest (or not, when NULL) what it
 * sent beyond the answers read; false when it does not close. */
bool http_client_wait_closed(HttpClient *client, Buffer *ret_rest);
