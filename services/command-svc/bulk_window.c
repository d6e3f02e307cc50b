#include "bulk_window.h"

#include <assert.h>

#define KEPT_BYTES_MAX 16384 /* a larger line's memory is given back at once */

struct BulkWindow {
        pthread_mutex_t lock;
        pthread_cond_t added, removed;
        size_t items_max, bytes_max;
        size_t first, n_items, n_bytes;
        bool is_ended;
        BulkItem items[]; /* a ring */
};

ErrorCode bulk_window_new(BulkWindow **ret, size_t items_max, size_t bytes_max, Error *err)
{
        BulkWindow *window = calloc(1, sizeof *window + items_max * sizeof window->items[0]);

        if (!window)
                return error_no_memory(err);
        (void)pthread_mutex_init(&window->lock, NULL);
        (void)pthread_cond_init(&window->added, NULL);
        (void)pthread_cond_init(&window->removed, NULL);
        window->items_max = items_max;
        window->bytes_max = bytes_max;
        *ret = window;
        return ERROR_NONE;
}

void bulk_window_free(BulkWindow *window)
{
        if (!window)
                return;
        assert(!window->n_items);
        for (size_t i = 0; i < window->items_max; i++) {
                buffer_deinit(&window->items[i].text);
                bulk_line_deinit(&window->items[i].line);
                command_intake_deinit(&window->items[i].intake);
        }
        (void)pthread_cond_destroy(&window->removed);
        (void)pthread_cond_destroy(&window->added);
        (void)pthread_mutex_destroy(&window->lock);
        free(window);
}

BulkItem *bulk_window_place(BulkWindow *window)
{
        BulkItem *item;

        MUTEX_GUARD(&window->lock);
        while (window->n_items == window->items_max || window->n_bytes > window->bytes_max)
                (void)pthread_cond_wait(&window->removed, &window->lock);
        item = &window->items[(window->first + window->n_items) % window->items_max];
        item->is_submitted = item->is_end = false;
        item->refusal = ERROR_INIT;
        item->refusal_status = 0;
        return item;
}

void bulk_window_add(BulkWindow *window)
{
        MUTEX_GUARD(&window->lock);
        window->n_bytes +=
                window->items[(window->first + window->n_items) % window->items_max].text.size;
        /* whoever answers takes all that is there, so only the first has to wake it */
        if (window->n_items++ == 0)
                (void)pthread_cond_signal(&window->added);
}

void bulk_window_end(BulkWindow *window)
{
        MUTEX_GUARD(&window->lock);
        window->is_ended = true;
        (void)pthread_cond_signal(&window->added);
}

bool bulk_window_wait_answered(BulkWindow *window)
{
        bool had_some;

        MUTEX_GUARD(&window->lock);
        had_some = window->n_items > 0;
        while (window->n_items > 0)
                (void)pthread_cond_wait(&window->removed, &window->lock);
        return had_some;
}

BulkItem *bulk_window_first(BulkWindow *window)
{
        MUTEX_GUARD(&window->lock);
        return window->n_items ? &window->items[window->first] : NULL;
}

BulkItem *bulk_window_wait_first(BulkWindow *window)
{
        MUTEX_GUARD(&window->lock);
        while (!window->n_items && !window->is_ended)
                (void)pthread_cond_wait(&window->added, &window->lock);
        return window->n_items ? &window->items[window->first] : NULL;
}

void bulk_window_remove(BulkWindow *window)
{
        BulkItem *item = &window->items[window->first];
        size_t size = item->text.size;

        if (item->text.capacity > KEPT_BYTES_MAX)
                buffer_deinit(&item->text);
        bulk_line_deinit(&item->line); /* what was decoded of it, and what was found in it */
        MUTEX_GUARD(&window->lock);
        window->first = (window->first + 1) % window->items_max;
        window->n_items--;
        window->n_bytes -= size;
        (void)pthread_cond_signal(&window->removed);
}
