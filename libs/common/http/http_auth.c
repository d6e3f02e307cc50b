#include <string.h>
#include <strings.h>

#include "common/auth/auth.h"
#include "common/http/http_exchange.h"

/* The token of "Bearer <token>"; NULL when @header is of another scheme. */
static const char *bearer_token(const char *header)
{
        size_t scheme = strcspn(header, " ");

        if (scheme != strlen("Bearer") || strncasecmp(header, "Bearer", scheme) != 0 ||
            !header[scheme])
                return NULL;
        return header + scheme + strspn(header + scheme, " ");
}

ErrorCode http_authenticate(HttpRequest *req, HttpResponse *res, const AuthVerifier *verifier,
                            Error *err)
{
        const char *authorization = http_request_header(req, "Authorization");
        const char *key = http_request_header(req, "x-api-key");
        const char *token = authorization ? bearer_token(authorization) : NULL;
        ErrorCode code;

        if (!verifier || (!authorization && !key)) {
                http_response_header(res, "WWW-Authenticate", "Bearer realm=\"skafu\"");
                return error_set(err, ERROR_UNAUTHENTICATED,
                                 "credentials are needed: a bearer token or an API key");
        }
        if (authorization && key)
                code = error_set(err, ERROR_UNAUTHENTICATED,
                                 "send a bearer token or an API key, not both");
        else if (token)
                code = auth_verify_bearer(verifier, token, &req->principal, err);
        else if (key)
                code = auth_verify_api_key(verifier, key, &req->principal, err);
        else
                code = error_set(err, ERROR_UNAUTHENTICATED, "Authorization is not \"Bearer …\"");
        if (code)
                http_response_header(res, "WWW-Authenticate",
                                     "Bearer realm=\"skafu\", error=\"invalid_token\"");
        return code;
}

ErrorCode http_authorize(const HttpRequest *req, Error *err)
{
        const char *group = req->entry->route->group;

        if (!group || principal_in_group(req->principal, group))
                return ERROR_NONE;
        return error_set(err, ERROR_FORBIDDEN, "only members of the group \"%s\" may do this",
                         group);
}
