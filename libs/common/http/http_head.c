#include "common/http/http_head.h"

#include <string.h>

size_t http_head_size(const char *data, size_t size)
{
        const char *end = size ? memmem(data, size, "\r\n\r\n", 4) : NULL;

        return end ? (size_t)(end - data) + 4 : 0;
}

/* RFC 9110's tchar. */
static bool is_token_char(char c)
{
        char lower = (char)(c | 0x20);

        return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
               (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* The end of the token at @p. */
static char *skip_token(char *p)
{
        while (is_token_char(*p))
                p++;
        return p;
}

/* Visible characters and bytes beyond ASCII, as targets and values are made of. */
static bool is_visible(char c)
{
        return (unsigned char)c > ' ' && c != 0x7f;
}

/* "HTTP/2.0" and the like. */
static bool is_version(const char *text)
{
        return strlen(text) == 8 && strncmp(text, "HTTP/", 5) == 0 && text[5] >= '0' &&
               text[5] <= '9' && text[6] == '.' && text[7] >= '0' && text[7] <= '9';
}

static ErrorCode parse_first_line(HttpHead *head, char *line, int *ret_status, Error *err)
{
        char *p = skip_token(line);

        head->method = line;
        if (p == line || *p != ' ')
                return error_set(err, ERROR_MALFORMED, "the request line has no method");
        *p++ = '\0';
        head->target = p;
        while (is_visible(*p))
                p++;
        if (p == head->target || *p != ' ')
                return error_set(err, ERROR_MALFORMED, "the request line has no target");
        *p++ = '\0';
        head->is_http_1_0 = strcmp(p, "HTTP/1.0") == 0;
        if (head->is_http_1_0 || strcmp(p, "HTTP/1.1") == 0)
                return ERROR_NONE;
        if (is_version(p))
                *ret_status = 505;
        return error_set(err, ERROR_MALFORMED, "the request is not of HTTP/1.1");
}

static ErrorCode parse_header(HttpHead *head, char *line, int *ret_status, Error *err)
{
        char *p = skip_token(line), *end;

        if (head->n_headers == HTTP_HEADERS_MAX) {
                *ret_status = 431;
                return error_set(err, ERROR_TOO_LARGE, "more than %d headers", HTTP_HEADERS_MAX);
        }
        /* white space before the colon, and a folded line, stop here */
        if (p == line || *p != ':')
                return error_set(err, ERROR_MALFORMED, "a header's name is no token");
        *p++ = '\0';
        p += strspn(p, " \t");
        end = p + strlen(p);
        while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
                *--end = '\0';
        for (const char *c = p; *c; c++) {
                if (!is_visible(*c) && *c != ' ' && *c != '\t')
                        return error_set(err, ERROR_MALFORMED,
                                         "header \"%.64s\" has a control character", line);
        }
        head->headers[head->n_headers].name = line;
        head->headers[head->n_headers++].value = p;
        return ERROR_NONE;
}

ErrorCode http_head_parse(HttpHead *head, char *text, size_t size, int *ret_status, Error *err)
{
        char *line = text, *end = text + size - 2; /* the empty line */
        ErrorCode code = ERROR_NONE;

        *head = (HttpHead){ .n_headers = 0 };
        if (memchr(text, '\0', size))
                return error_set(err, ERROR_MALFORMED, "the head has a NUL");
        while (!code && line < end) {
                char *line_end = memmem(line, (size_t)(end - line), "\r\n", 2);

                *line_end = '\0';
                if (strpbrk(line, "\r\n"))
                        return error_set(err, ERROR_MALFORMED,
                                         "a line of the head ends in no CRLF");
                code = line == text ? parse_first_line(head, line, ret_status, err)
                                    : parse_header(head, line, ret_status, err);
                line = line_end + 2;
        }
        return code;
}
