#include "common/http/http_target.h"

#include <string.h>
#include <strings.h>

#include "common/base/utf8.h"

/* The size of a piece that ends at one of @ends, or with the text. */
static size_t piece_size(const char *text, const char *ends)
{
        return strcspn(text, ends);
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode @size bytes of @text to @*p with a NUL behind, and move @*p past it. */
static ErrorCode decode(char **p, const char *text, size_t size, bool plus_is_space,
                        const char **ret, Error *err)
{
        char *start = *p, *out = start;

        for (size_t i = 0; i < size; i++) {
                int high, low;

                if (text[i] == '+' && plus_is_space) {
                        *out++ = ' ';
                        continue;
                }
                if (text[i] != '%') {
                        *out++ = text[i];
                        continue;
                }
                high = i + 1 < size ? hex_digit(text[i + 1]) : -1;
                low = i + 2 < size ? hex_digit(text[i + 2]) : -1;
                if (high < 0 || low < 0)
                        return error_set(err, ERROR_MALFORMED,
                                         "the request target has a '%%' without two hex digits");
                if (high == 0 && low == 0)
                        return error_set(err, ERROR_MALFORMED,
                                         "the request target has an encoded NUL");
                *out++ = (char)(high * 16 + low);
                i += 2;
        }
        if (!utf8_valid(start, (size_t)(out - start)))
                return error_set(err, ERROR_MALFORMED, "the request target is not UTF-8");
        *out++ = '\0';
        *p = out;
        *ret = start;
        return ERROR_NONE;
}

/* Where the path begins: absolute form names scheme and host first. */
static const char *path_of(const char *text)
{
        size_t scheme = strncasecmp(text, "http://", 7) == 0    ? 7
                        : strncasecmp(text, "https://", 8) == 0 ? 8
                                                                : 0;

        return scheme ? text + scheme + piece_size(text + scheme, "/?") : text;
}

static ErrorCode parse_path(HttpTarget *target, const char *text, size_t size, char **p, Error *err)
{
        const char *end = text + size;
        ErrorCode code = ERROR_NONE;

        /* "/a/b" is the segments "a" and "b"; what does not begin with '/' is one segment */
        if (text < end && *text == '/')
                text++;
        while (!code && target->n_segments <= HTTP_PATH_SEGMENTS_MAX) {
                size_t n = piece_size(text, "/?");

                code = decode(p, text, n, false, &target->segments[target->n_segments++], err);
                text += n;
                if (text >= end)
                        break;
                text++;
        }
        return code;
}

static ErrorCode parse_query(HttpTarget *target, const char *text, char **p, Error *err)
{
        while (*text) {
                size_t size = piece_size(text, "&");
                size_t name_size = piece_size(text, "=&");
                size_t skip = name_size < size ? 1 : 0;
                ErrorCode code = ERROR_NONE;

                if (size && target->n_query == HTTP_QUERY_PARAMS_MAX)
                        return error_set(err, ERROR_MALFORMED, "more than %d query parameters",
                                         HTTP_QUERY_PARAMS_MAX);
                if (size) {
                        code = decode(p, text, name_size, true,
                                      &target->query[target->n_query].name, err);
                        if (!code)
                                code = decode(p, text + name_size + skip, size - name_size - skip,
                                              true, &target->query[target->n_query].value, err);
                        target->n_query++;
                }
                if (code)
                        return code;
                text += size + (text[size] ? 1 : 0);
        }
        return ERROR_NONE;
}

ErrorCode http_target_parse(HttpTarget *target, const char *text, Error *err)
{
        size_t path_size;
        ErrorCode code;
        char *p;

        text = path_of(text);
        path_size = piece_size(text, "?");
        /* decoding never grows, and each piece has a separator to give for its NUL, but for a last
         * one and a name without '=' */
        target->memory = malloc(strlen(text) + 2 + HTTP_QUERY_PARAMS_MAX);
        if (!target->memory)
                return error_no_memory(err);
        p = target->memory;
        code = parse_path(target, text, path_size, &p, err);
        if (!code && text[path_size])
                code = parse_query(target, text + path_size + 1, &p, err);
        return code;
}

void http_target_deinit(HttpTarget *target)
{
        free(target->memory);
        target->memory = NULL;
        target->n_segments = target->n_query = 0;
}
