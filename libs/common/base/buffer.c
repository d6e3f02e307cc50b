#include "common/base/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buffer_deinit(Buffer *buffer)
{
        free(buffer->data);
        *buffer = BUFFER_INIT;
}

void buffer_clear(Buffer *buffer)
{
        buffer_truncate(buffer, 0);
}

char *buffer_reserve(Buffer *buffer, size_t size)
{
        size_t need = buffer->size + size + 1;

        if (need > buffer->capacity) {
                size_t capacity = buffer->capacity ? buffer->capacity : 64;
                char *data;

                while (capacity < need)
                        capacity *= 2;
                data = realloc(buffer->data, capacity);
                if (!data) {
                        (void)fprintf(stderr, "out of memory\n");
                        abort();
                }
                if (!buffer->capacity)
                        data[0] = '\0';
                buffer->data = data;
                buffer->capacity = capacity;
        }
        return buffer->data + buffer->size;
}

void buffer_truncate(Buffer *buffer, size_t size)
{
        assert(size <= buffer->size);
        buffer->size = size;
        if (buffer->data)
                buffer->data[size] = '\0';
}

void buffer_append(Buffer *buffer, const void *data, size_t size)
{
        char *end = buffer_reserve(buffer, size);

        if (size)
                memcpy(end, data, size);
        end[size] = '\0';
        buffer->size += size;
}

void buffer_append_string(Buffer *buffer, const char *text)
{
        buffer_append(buffer, text, strlen(text));
}

void buffer_append_char(Buffer *buffer, char c)
{
        buffer_append(buffer, &c, 1);
}

void buffer_printf(Buffer *buffer, const char *fmt, ...)
{
        va_list args, again;
        int size;

        va_start(args, fmt);
        va_copy(again, args);
        size = vsnprintf(NULL, 0, fmt, args);
        assert(size >= 0);
        (void)vsnprintf(buffer_reserve(buffer, (size_t)size), (size_t)size + 1, fmt, again);
        buffer->size += (size_t)size;
        va_end(again);
        va_end(args);
}

const char *buffer_text(const Buffer *buffer)
{
        return buffer->data ? buffer->data : "";
}

char *buffer_take(Buffer *buffer)
{
        char *data;

        (void)buffer_reserve(buffer, 0);
        data = buffer->data;
        *buffer = BUFFER_INIT;
        return data;
}
