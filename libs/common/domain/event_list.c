#include "common/domain/event_list.h"

#include <assert.h>
#include <stdlib.h>

#include "common/base/json_writer.h"

void event_list_deinit(EventList *list)
{
        buffer_deinit(&list->text);
        list->n_events = 0;
        list->excess = EVENT_EXCESS_NONE;
}

void event_list_clear(EventList *list)
{
        buffer_clear(&list->text);
        list->n_events = 0;
        list->excess = EVENT_EXCESS_NONE;
}

size_t event_room(const EventList *list)
{
        return EVENT_LIST_MAX - list->n_events;
}

void event_begin(EventList *list, const char *type, int version)
{
        assert(version >= 1 && !list->open.type);

        list->open = (NewEvent){
                .type = type,
                .version = version,
                .data_start = list->text.size,
        };
        /* Not json_write_object(): what is before it belongs to another event. */
        buffer_append_char(&list->text, '{');
}

void event_string(EventList *list, const char *field, const char *value)
{
        json_write_string(&list->text, field, value);
}

void event_int(EventList *list, const char *field, int64_t value)
{
        json_write_int(&list->text, field, value);
}

void event_time(EventList *list, const char *field, int64_t time_us)
{
        json_write_time(&list->text, field, time_us);
}

void event_raw(EventList *list, const char *field, JsonSpan value)
{
        json_write_raw(&list->text, field, value);
}

void event_copy(EventList *list, const Command *command, const char *field)
{
        json_write_raw(&list->text, field, json_fields_get(command->payload, field));
}

static EventExcess excess_with(const EventList *list, size_t data_size)
{
        if (list->excess)
                return list->excess;
        if (event_room(list) == 0)
                return EVENT_EXCESS_COUNT;
        if (list->event_bytes_max && data_size > list->event_bytes_max)
                return EVENT_EXCESS_ONE;
        if (list->bytes_max && list->text.size > list->bytes_max)
                return EVENT_EXCESS_ALL;
        return EVENT_EXCESS_NONE;
}

void event_end(EventList *list)
{
        NewEvent *event = &list->open;

        assert(event->type);
        json_write_object_end(&list->text);
        event->data_size = list->text.size - event->data_start;
        list->excess = excess_with(list, event->data_size);
        if (list->excess)
                buffer_truncate(&list->text, event->data_start);
        else
                list->events[list->n_events++] = *event;
        *event = (NewEvent){ .type = NULL };
}

ErrorCode event_list_check(const EventList *list, Error *err)
{
        switch (list->excess) {
        case EVENT_EXCESS_NONE:
                return ERROR_NONE;
        case EVENT_EXCESS_COUNT:
                return error_set(err, ERROR_INVALID, "the command makes more than %d events",
                                 EVENT_LIST_MAX);
        case EVENT_EXCESS_ONE:
                return error_set(err, ERROR_TOO_LARGE,
                                 "the command makes an event of more than %zu bytes",
                                 list->event_bytes_max);
        case EVENT_EXCESS_ALL:
                return error_set(err, ERROR_TOO_LARGE,
                                 "the command makes events of more than %zu bytes together",
                                 list->bytes_max);
        }
        return ERROR_NONE;
}

JsonSpan event_list_data(const EventList *list, size_t index)
{
        assert(index < list->n_events);
        return (JsonSpan){ list->text.data + list->events[index].data_start,
                           list->events[index].data_size };
}
