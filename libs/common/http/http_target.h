#pragma once

/*
 * http_target.h — the request target, split and decoded: "/v1/x/a%2Fb?limit=10".
 *
 * The path is split before it is decoded, so an id may hold any character, '/' included.
 */

#include "common/http/http.h"

typedef struct HttpTarget {
        char *memory; /* all of the text below */
        size_t n_segments;
        const char *segments[HTTP_PATH_SEGMENTS_MAX + 1]; /* decoded */
        size_t n_query;
        struct {
                const char *name, *value; /* decoded; "" for a name without a value */
        } query[HTTP_QUERY_PARAMS_MAX];
} HttpTarget;

#define HTTP_TARGET_INIT ((HttpTarget){ .memory = NULL })

/**
 * http_target_parse() - take @text apart
 * @text:  as it stands in the request line; the absolute form "http://host/path" is understood
 *
 * A path of more segments than any route has keeps one more than HTTP_PATH_SEGMENTS_MAX, so that it
 * matches nothing. Fill only a HTTP_TARGET_INIT. Thread: any.
 *
 * Return: ERROR_NONE; ERROR_MALFORMED for a broken escape, an encoded NUL, text that is not UTF-8,
 *         or too many parameters.
 */
_must_check_ ErrorCode http_target_parse(HttpTarget *target, const char *text, Error *err);
void http_target_deinit(HttpTarget *target);
