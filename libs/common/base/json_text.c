#include "common/base/json_text.h"
#include "common/base/utf8.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>

#define SCAN_DEPTH_MAX 64

/* Nesting depth of well-formed JSON; strings are skipped. */
static unsigned text_depth(const char *p, const char *end)
{
        unsigned depth = 0, deepest = 0;
        bool in_string = false;

        for (; p < end; p++) {
                if (in_string) {
                        if (*p == '\\' && p + 1 < end)
                                p++;
                        else if (*p == '"')
                                in_string = false;
                } else if (*p == '"') {
                        in_string = true;
                } else if (*p == '{' || *p == '[') {
                        if (++depth > deepest)
                                deepest = depth;
                } else if ((*p == '}' || *p == ']') && depth) {
                        depth--;
                }
        }
        return deepest;
}

ErrorCode json_text_check(const char *text, size_t size, unsigned max_depth, Error *err)
{
        json_error_t fault;
        json_t *json;

        if (size == 0)
                return error_set(err, ERROR_MALFORMED, "expected a JSON object, got nothing");
        /* jansson drops a NUL byte that follows a number. */
        if (memchr(text, '\0', size))
                return error_set(err, ERROR_MALFORMED, "not valid JSON: holds a NUL byte");
        if (text_depth(text, text + size) > max_depth)
                return error_set(err, ERROR_MALFORMED, "nested more than %u levels deep",
                                 max_depth);
        json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &fault);
        if (!json)
                return error_set(err, ERROR_MALFORMED, "not valid JSON at line %d, column %d: %s",
                                 fault.line, fault.column, fault.text);
        if (!json_is_object(json)) {
                json_decref(json);
                return error_set(err, ERROR_MALFORMED, "expected a JSON object");
        }
        json_decref(json);
        return ERROR_NONE;
}

JsonKind json_span_kind(JsonSpan span)
{
        if (!span.size)
                return JSON_KIND_ABSENT;
        switch (span.text[0]) {
        case 'n':
                return JSON_KIND_NULL;
        case 't':
        case 'f':
                return JSON_KIND_BOOLEAN;
        case '"':
                return JSON_KIND_STRING;
        case '[':
                return JSON_KIND_ARRAY;
        case '{':
                return JSON_KIND_OBJECT;
        default:
                return JSON_KIND_NUMBER;
        }
}

const char *json_kind_name(JsonKind kind)
{
        static const char *const names[] = {
                [JSON_KIND_ABSENT] = "absent",     [JSON_KIND_NULL] = "null",
                [JSON_KIND_BOOLEAN] = "a boolean", [JSON_KIND_NUMBER] = "a number",
                [JSON_KIND_STRING] = "a string",   [JSON_KIND_ARRAY] = "an array",
                [JSON_KIND_OBJECT] = "an object",
        };

        return names[kind];
}

const char *json_scan_space(const char *p, const char *end)
{
        while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
                p++;
        return p;
}

static bool is_digit(const char *p, const char *end)
{
        return p < end && *p >= '0' && *p <= '9';
}

static const char *scan_digits(const char *p, const char *end)
{
        if (!is_digit(p, end))
                return NULL;
        while (is_digit(p, end))
                p++;
        return p;
}

static const char *scan_number(const char *p, const char *end)
{
        if (p < end && *p == '-')
                p++;
        if (p < end && *p == '0')
                p++;
        else
                p = scan_digits(p, end);
        if (p && p < end && *p == '.')
                p = scan_digits(p + 1, end);
        if (p && p < end && (*p == 'e' || *p == 'E')) {
                p++;
                if (p < end && (*p == '+' || *p == '-'))
                        p++;
                p = scan_digits(p, end);
        }
        return p;
}

/* Four hexadecimal digits; -1 when there are not. */
static int read_hex4(const char *p, const char *end)
{
        int value = 0;

        if (end - p < 4)
                return -1;
        for (int i = 0; i < 4; i++) {
                char c = p[i];
                int digit;

                if (c >= '0' && c <= '9')
                        digit = c - '0';
                else if (c >= 'a' && c <= 'f')
                        digit = c - 'a' + 10;
                else if (c >= 'A' && c <= 'F')
                        digit = c - 'A' + 10;
                else
                        return -1;
                value = value << 4 | digit;
        }
        return value;
}

/* The first byte that means something in a string: a quote, a backslash, a control character. */
static const char *skip_plain(const char *p, const char *end)
{
        const uint64_t ones = UINT64_MAX / 255, highs = ones << 7;

        /* Eight at a time: a byte's high bit comes out set when the byte is one of those. Bytes behind
         * such a one may come out set by mistake, hence the second look below. */
        for (; end - p >= 8; p += 8) {
                uint64_t word, quotes, backslashes, found;

                memcpy(&word, p, sizeof word);
                quotes = word ^ (ones * '"');
                backslashes = word ^ (ones * '\\');
                found = ((quotes - ones) & ~quotes) | ((backslashes - ones) & ~backslashes) |
                        ((word - ones * 0x20) & ~word);
                if (found & highs)
                        break;
        }
        while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
                p++;
        return p;
}

static const char *scan_string(const char *p, const char *end)
{
        for (p++; (p = skip_plain(p, end)) < end; p++) {
                if (*p == '"')
                        return p + 1;
                if ((unsigned char)*p < 0x20)
                        return NULL;
                if (*p != '\\')
                        continue;
                if (++p >= end || !*p || !strchr("\"\\/bfnrtu", *p))
                        return NULL;
                if (*p == 'u') {
                        if (read_hex4(p + 1, end) < 0)
                                return NULL;
                        p += 4;
                }
        }
        return NULL;
}

static const char *scan_literal(const char *p, const char *end, const char *literal)
{
        size_t size = strlen(literal);

        return (size_t)(end - p) >= size && memcmp(p, literal, size) == 0 ? p + size : NULL;
}

static const char *scan_scalar(const char *p, const char *end)
{
        switch (*p) {
        case '"':
                return scan_string(p, end);
        case 't':
                return scan_literal(p, end, "true");
        case 'f':
                return scan_literal(p, end, "false");
        case 'n':
                return scan_literal(p, end, "null");
        default:
                return scan_number(p, end);
        }
}

/* "key" : — at the start of an object's member. */
static const char *scan_key(const char *p, const char *end)
{
        p = json_scan_space(p, end);
        if (p >= end || *p != '"')
                return NULL;
        p = scan_string(p, end);
        if (!p)
                return NULL;
        p = json_scan_space(p, end);
        return p < end && *p == ':' ? p + 1 : NULL;
}

/* The containers that are open around the place of a scan. */
typedef struct Nesting {
        char closers[SCAN_DEPTH_MAX]; /* '}' or ']' of each */
        unsigned depth;
} Nesting;

/* The container that opens at @p: behind it when it is empty, else at its first value, one level deeper. */
static const char *scan_open(Nesting *nesting, const char *p, const char *end)
{
        char closer = *p == '{' ? '}' : ']';

        if (nesting->depth == SCAN_DEPTH_MAX)
                return NULL;
        p = json_scan_space(p + 1, end);
        if (p < end && *p == closer)
                return p + 1;
        nesting->closers[nesting->depth++] = closer;
        return closer == '}' ? scan_key(p, end) : p;
}

/* A value ended at @p: close what closes there, and go to the next value when one must follow. */
static const char *scan_behind(Nesting *nesting, const char *p, const char *end)
{
        for (; nesting->depth; nesting->depth--, p++) {
                char closer = nesting->closers[nesting->depth - 1];

                p = json_scan_space(p, end);
                if (p >= end)
                        return NULL;
                if (*p == closer)
                        continue;
                if (*p != ',')
                        return NULL;
                return closer == '}' ? scan_key(p + 1, end) : p + 1;
        }
        return p;
}

const char *json_scan_value(const char *p, const char *end)
{
        Nesting nesting;

        nesting.depth = 0;
        do {
                unsigned depth = nesting.depth;

                p = json_scan_space(p, end);
                if (p >= end)
                        return NULL;
                p = *p == '{' || *p == '[' ? scan_open(&nesting, p, end) : scan_scalar(p, end);
                if (p && nesting.depth == depth)
                        p = scan_behind(&nesting, p, end);
        } while (p && nesting.depth);
        return p;
}

/* @c is a character: no half of a surrogate pair. */
static void append_utf8(Buffer *buffer, uint32_t c)
{
        buffer->size += utf8_encode(c, buffer_reserve(buffer, 4));
        buffer->data[buffer->size] = '\0';
}

/* The escape at @p ("\n", "\u00e9", a surrogate pair); returns the byte behind it, NULL when bad. */
static const char *decode_escape(Buffer *buffer, const char *p, const char *end)
{
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        const char *at;
        int unit, low;

        if (end - p < 2)
                return NULL;
        if (p[1] != 'u') {
                at = p[1] ? strchr(from, p[1]) : NULL;
                if (!at)
                        return NULL;
                buffer_append_char(buffer, to[at - from]);
                return p + 2;
        }
        unit = read_hex4(p + 2, end);
        if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
                return NULL;
        if (unit < 0xd800 || unit > 0xdbff) {
                append_utf8(buffer, (uint32_t)unit);
                return p + 6;
        }
        if (end - p < 12 || p[6] != '\\' || p[7] != 'u')
                return NULL;
        low = read_hex4(p + 8, end);
        if (low < 0xdc00 || low > 0xdfff)
                return NULL;
        append_utf8(buffer, 0x10000U + (((uint32_t)unit & 0x3ff) << 10) + ((uint32_t)low & 0x3ff));
        return p + 12;
}

bool json_string_decode(Buffer *buffer, JsonSpan span)
{
        const char *p, *end;

        if (span.size < 2 || span.text[0] != '"' || span.text[span.size - 1] != '"')
                return false;
        p = span.text + 1;
        end = span.text + span.size - 1;
        (void)buffer_reserve(buffer, span.size);
        while (p < end) {
                const char *escape = memchr(p, '\\', (size_t)(end - p));

                buffer_append(buffer, p, (size_t)((escape ? escape : end) - p));
                if (!escape)
                        break;
                p = decode_escape(buffer, escape, end);
                if (!p)
                        return false;
        }
        return true;
}

void json_string_encode(Buffer *buffer, const char *text, size_t size)
{
        static const char hex[] = "0123456789abcdef";
        const char *plain = text, *end = text + size;

        buffer_append_char(buffer, '"');
        for (const char *p = text; p < end; p++) {
                unsigned char c = (unsigned char)*p;
                char escape[6] = { '\\', 'u', '0', '0', 0, 0 };
                size_t n = 2;

                if (c >= 0x20 && c != '"' && c != '\\')
                        continue;
                if (c == '"' || c == '\\') {
                        escape[1] = (char)c;
                } else if (c == '\n') {
                        escape[1] = 'n';
                } else if (c == '\t') {
                        escape[1] = 't';
                } else {
                        escape[4] = hex[c >> 4];
                        escape[5] = hex[c & 15];
                        n = 6;
                }
                buffer_append(buffer, plain, (size_t)(p - plain));
                buffer_append(buffer, escape, n);
                plain = p + 1;
        }
        buffer_append(buffer, plain, (size_t)(end - plain));
        buffer_append_char(buffer, '"');
}
