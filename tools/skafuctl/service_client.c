#include "service_client.h"

#include <stdio.h>
#include <string.h>
#include <ulfius.h>

#include "common/base/json_fields.h"

#define TIMEOUT_S 30L

void service_answer_deinit(ServiceAnswer *answer)
{
        buffer_deinit(&answer->body);
}

static ErrorCode send_request(struct _u_request *request, const char *url, ServiceAnswer *ret,
                              Error *err)
{
        struct _u_response response;
        ErrorCode code = ERROR_NONE;

        if (ulfius_init_response(&response) != U_OK)
                return error_no_memory(err);
        if (ulfius_send_http_request(request, &response) != U_OK) {
                code = error_set(err, ERROR_UNAVAILABLE, "no answer from %s", url);
        } else {
                ret->status = response.status;
                buffer_clear(&ret->body);
                buffer_append(&ret->body, response.binary_body, response.binary_body_length);
        }
        ulfius_clean_response(&response);
        return code;
}

ErrorCode service_ask(const char *url, const char *method, const char *path, const char *token,
                      const char *body, ServiceAnswer *ret, Error *err)
{
        _cleanup_(buffer_deinit) Buffer full = BUFFER_INIT, bearer = BUFFER_INIT;
        struct _u_request request;
        size_t size = strlen(url);
        ErrorCode code;

        buffer_append(&full, url, size && url[size - 1] == '/' ? size - 1 : size);
        buffer_append_string(&full, path);
        if (ulfius_init_request(&request) != U_OK)
                return error_no_memory(err);
        (void)ulfius_set_request_properties(&request, U_OPT_HTTP_VERB, method, U_OPT_HTTP_URL,
                                            full.data, U_OPT_TIMEOUT, TIMEOUT_S, U_OPT_NONE);
        if (token && *token) {
                buffer_printf(&bearer, "Bearer %s", token);
                (void)u_map_put(request.map_header, "Authorization", bearer.data);
        }
        if (body) {
                (void)u_map_put(request.map_header, "Content-Type", "application/json");
                (void)ulfius_set_binary_body_request(&request, body, strlen(body));
        }
        code = send_request(&request, url, ret, err);
        ulfius_clean_request(&request);
        return code;
}

ErrorCode service_ask_for(const char *url, const char *method, const char *path, const char *token,
                          const char *body, ServiceAnswer *ret, Error *err)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        const char *detail = NULL;
        ErrorCode code = service_ask(url, method, path, token, body, ret, err);

        if (code || ret->status / 100 == 2)
                return code;
        if (!json_fields_parse(&fields, buffer_text(&ret->body), ret->body.size, NULL)) {
                detail = json_fields_string(&fields, "detail");
                if (!detail)
                        detail = json_fields_string(&fields, "title");
        }
        return error_set(err, ERROR_INVALID, "%s %s: %ld%s%s", method, path, ret->status,
                         detail ? ": " : "", detail ? detail : "");
}
