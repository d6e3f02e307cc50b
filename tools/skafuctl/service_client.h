#pragma once

/*
 * service_client.h — asking a service over HTTP, as an operator.
 */

#include "common/base/buffer.h"
#include "common/base/error.h"

typedef struct ServiceAnswer {
        long status;
        Buffer body;
} ServiceAnswer;

void service_answer_deinit(ServiceAnswer *answer);

/**
 * service_ask() - one request
 * @url:    of the service, e.g. http://127.0.0.1:8083, with or without a slash at its end
 * @path:   with its query, begins with a slash
 * @token:  bearer token; NULL or "": none
 * @body:   JSON; NULL: none
 *
 * Blocks until there is an answer, 30 s at most.
 * Return: ERROR_NONE with any status; ERROR_UNAVAILABLE when there is no answer.
 */
_must_check_ ErrorCode service_ask(const char *url, const char *method, const char *path,
                                   const char *token, const char *body, ServiceAnswer *ret,
                                   Error *err);

/* As service_ask(); a status other than 2xx is an error too: what the problem in the body says. */
_must_check_ ErrorCode service_ask_for(const char *url, const char *method, const char *path,
                                       const char *token, const char *body, ServiceAnswer *ret,
                                       Error *err);
