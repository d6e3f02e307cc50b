#include "common/base/json_writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"

/* A comma is due unless this is the first member: the last byte tells. */
static void write_key(Buffer *buffer, const char *key)
{
        if (buffer->size) {
                char last = buffer->data[buffer->size - 1];

                if (last != '{' && last != '[' && last != ':' && last != '\n')
                        buffer_append_char(buffer, ',');
        }
        if (key) {
                json_string_encode(buffer, key, strlen(key));
                buffer_append_char(buffer, ':');
        }
}

void json_write_object(Buffer *buffer, const char *key)
{
        write_key(buffer, key);
        buffer_append_char(buffer, '{');
}

void json_write_object_end(Buffer *buffer)
{
        buffer_append_char(buffer, '}');
}

void json_write_array(Buffer *buffer, const char *key)
{
        write_key(buffer, key);
        buffer_append_char(buffer, '[');
}

void json_write_array_end(Buffer *buffer)
{
        buffer_append_char(buffer, ']');
}

void json_write_string_n(Buffer *buffer, const char *key, const char *text, size_t size)
{
        write_key(buffer, key);
        json_string_encode(buffer, text, size);
}

void json_write_string(Buffer *buffer, const char *key, const char *text)
{
        if (text)
                json_write_string_n(buffer, key, text, strlen(text));
        else
                json_write_null(buffer, key);
}

void json_write_int(Buffer *buffer, const char *key, int64_t value)
{
        write_key(buffer, key);
        buffer_printf(buffer, "%" PRId64, value);
}

void json_write_double(Buffer *buffer, const char *key, double value)
{
        char text[32];

        if (!isfinite(value)) {
                json_write_null(buffer, key);
                return;
        }
        for (int precision = 15; precision <= 17; precision++) {
                (void)snprintf(text, sizeof text, "%.*g", precision, value);
                if (strtod(text, NULL) == value)
                        break;
        }
        write_key(buffer, key);
        buffer_append_string(buffer, text);
}

void json_write_bool(Buffer *buffer, const char *key, bool value)
{
        write_key(buffer, key);
        buffer_append_string(buffer, value ? "true" : "false");
}

void json_write_null(Buffer *buffer, const char *key)
{
        write_key(buffer, key);
        buffer_append_string(buffer, "null");
}

void json_write_time(Buffer *buffer, const char *key, int64_t time_us)
{
        char text[CLOCK_TEXT_SIZE];

        clock_format(time_us, text);
        json_write_string_n(buffer, key, text, strlen(text));
}

void json_write_raw(Buffer *buffer, const char *key, JsonSpan value)
{
        if (!value.text)
                return;
        write_key(buffer, key);
        buffer_append(buffer, value.text, value.size);
}
