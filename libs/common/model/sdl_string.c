#include "common/model/sdl_string.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/base/utf8.h"

#define INDENT_NONE SIZE_MAX

/* Append @code as UTF-8; false when it is no character, or NUL. */
static bool append_utf8(Buffer *value, uint32_t code)
{
        char bytes[4];
        size_t n = code ? utf8_encode(code, bytes) : 0;

        buffer_append(value, bytes, n);
        return n > 0;
}

/* Up to @max hexadecimal digits; returns how many, 0 when there is none. */
static size_t read_hex(const char *p, const char *end, size_t max, uint32_t *ret)
{
        size_t n = 0;

        *ret = 0;
        for (; p < end && n < max; p++, n++) {
                uint32_t digit;

                if (*p >= '0' && *p <= '9')
                        digit = (uint32_t)(*p - '0');
                else if (*p >= 'a' && *p <= 'f')
                        digit = (uint32_t)(*p - 'a' + 10);
                else if (*p >= 'A' && *p <= 'F')
                        digit = (uint32_t)(*p - 'A' + 10);
                else
                        break;
                *ret = *ret << 4 | digit;
        }
        return n;
}

/* The escape whose 'u' is at @p: \uXXXX, a surrogate pair of two of them, or \u{X…}. */
static const char *decode_unicode(Buffer *value, const char *p, const char *end)
{
        uint32_t code, low;

        p++;
        if (p < end && *p == '{') {
                size_t n = read_hex(p + 1, end, 6, &code);

                p += 1 + n;
                if (n == 0 || p == end || *p != '}' || !append_utf8(value, code))
                        return NULL;
                return p + 1;
        }
        if (read_hex(p, end, 4, &code) != 4)
                return NULL;
        p += 4;
        if (code >= 0xd800 && code <= 0xdbff) {
                if (end - p < 6 || p[0] != '\\' || p[1] != 'u' ||
                    read_hex(p + 2, end, 4, &low) != 4 || low < 0xdc00 || low > 0xdfff)
                        return NULL;
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                p += 6;
        }
        return append_utf8(value, code) ? p : NULL;
}

/* The escape behind a backslash at @p - 1. */
static const char *decode_escape(Buffer *value, const char *p, const char *end)
{
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        const char *found;

        if (p == end)
                return NULL;
        if (*p == 'u')
                return decode_unicode(value, p, end);
        found = *p ? strchr(from, *p) : NULL;
        if (!found)
                return NULL;
        buffer_append_char(value, to[found - from]);
        return p + 1;
}

static const char *decode_plain(Buffer *value, const char *p, const char *end,
                                const char **ret_fault)
{
        while (p < end && *p != '"') {
                unsigned char c = (unsigned char)*p;

                if (c == '\n' || c == '\r')
                        break;
                if (c < 0x20 && c != '\t') {
                        *ret_fault = "control character in a string";
                        return NULL;
                }
                if (c == '\\') {
                        p = decode_escape(value, p + 1, end);
                        if (!p) {
                                *ret_fault = "bad escape in a string";
                                return NULL;
                        }
                        continue;
                }
                buffer_append_char(value, *p++);
        }
        if (p == end || *p != '"') {
                *ret_fault = "string is not closed";
                return NULL;
        }
        return p + 1;
}

/* The end of the line at @p, and where the next one starts (@end when there is none). */
static const char *line_end(const char *p, const char *end, const char **ret_next)
{
        const char *q = p;

        while (q < end && *q != '\n' && *q != '\r')
                q++;
        *ret_next = q;
        if (q < end)
                *ret_next = q + (*q == '\r' && q + 1 < end && q[1] == '\n' ? 2 : 1);
        return q;
}

static size_t indent_of(const char *line, const char *end)
{
        const char *p = line;

        while (p < end && (*p == ' ' || *p == '\t'))
                p++;
        return p == end ? INDENT_NONE : (size_t)(p - line);
}

/* What the lines of a block string have in common. */
typedef struct Block {
        size_t indent;      /* of all lines but the first; INDENT_NONE: they are blank */
        size_t first, last; /* lines that are not blank */
} Block;

static Block measure_block(const char *raw, const char *end)
{
        Block block = { .indent = INDENT_NONE, .first = SIZE_MAX };
        const char *stop = NULL, *next = raw;

        for (size_t i = 0; stop != end; i++) {
                const char *line = next;
                size_t indent;

                stop = line_end(line, end, &next);
                indent = indent_of(line, stop);
                if (indent == INDENT_NONE)
                        continue;
                if (i && indent < block.indent)
                        block.indent = indent;
                if (block.first == SIZE_MAX)
                        block.first = i;
                block.last = i;
        }
        return block;
}

/* Take common indent and blank outer lines away from @raw. */
static void append_block(Buffer *value, const char *raw, const char *end)
{
        const Block block = measure_block(raw, end);
        const char *stop = NULL, *next = raw;

        for (size_t i = 0; stop != end; i++) {
                const char *line = next;

                stop = line_end(line, end, &next);
                if (i < block.first || i > block.last)
                        continue;
                if (i && block.indent != INDENT_NONE)
                        line = (size_t)(stop - line) > block.indent ? line + block.indent : stop;
                if (i > block.first)
                        buffer_append_char(value, '\n');
                buffer_append(value, line, (size_t)(stop - line));
        }
}

static const char *decode_block(Buffer *value, const char *p, const char *end,
                                const char **ret_fault)
{
        _cleanup_(buffer_deinit) Buffer raw = BUFFER_INIT;

        for (;;) {
                unsigned char c;

                if (p == end) {
                        *ret_fault = "block string is not closed";
                        return NULL;
                }
                if (end - p >= 3 && memcmp(p, "\"\"\"", 3) == 0)
                        break;
                if (end - p >= 4 && memcmp(p, "\\\"\"\"", 4) == 0) {
                        buffer_append_string(&raw, "\"\"\"");
                        p += 4;
                        continue;
                }
                c = (unsigned char)*p;
                if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
                        *ret_fault = "control character in a block string";
                        return NULL;
                }
                buffer_append_char(&raw, *p++);
        }
        append_block(value, buffer_text(&raw), buffer_text(&raw) + raw.size);
        return p + 3;
}

const char *sdl_string_decode(Buffer *value, const char *p, const char *end, const char **ret_fault)
{
        if (end - p >= 3 && memcmp(p, "\"\"\"", 3) == 0)
                return decode_block(value, p + 3, end, ret_fault);
        return decode_plain(value, p + 1, end, ret_fault);
}
