#include "change_window.h"

#include <assert.h>
#include <stdlib.h>

void change_window_init(ChangeWindow *window, size_t n)
{
        *window = (ChangeWindow){ .capacity = 1 };
        while (window->capacity < n)
                window->capacity *= 2;
        window->missing = calloc(window->capacity, sizeof *window->missing);
        if (!window->missing)
                abort();
}

void change_window_deinit(ChangeWindow *window)
{
        free(window->missing);
        window->missing = NULL;
}

static uint32_t *missing_at(const ChangeWindow *window, int64_t position)
{
        return &window->missing[(size_t)position & (window->capacity - 1)];
}

void change_window_reset(ChangeWindow *window, int64_t arrived)
{
        window->arrived = window->sent = arrived;
}

size_t change_window_room(const ChangeWindow *window)
{
        return window->capacity - (size_t)(window->sent - window->arrived);
}

int64_t change_window_add(ChangeWindow *window, uint32_t n_messages)
{
        assert(change_window_room(window) > 0 && n_messages > 0);

        *missing_at(window, ++window->sent) = n_messages;
        return window->sent;
}

void change_window_ack(ChangeWindow *window, int64_t position)
{
        assert(position > window->arrived && position <= window->sent);
        assert(*missing_at(window, position) > 0);

        --*missing_at(window, position);
        while (window->arrived < window->sent && *missing_at(window, window->arrived + 1) == 0)
                window->arrived++;
}
