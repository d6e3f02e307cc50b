#include "common/domain/event_list.h"

#include <assert.h>
#include <stdlib.h>

#include "common/base/json_writer.h"

void event_list_deinit(EventList *list)
{
        buffer_deinit(&list->text);
        list->n_events = 0;
}

void event_list_clear(EventList *list)
{
        buffer_clear(&list->text);
        list->n_events = 0;
}

size_t event_room(const EventList *list)
{
        return EVENT_LIST_MAX - list->n_events;
}

void event_begin(EventList *list, const char *type, int version)
{
        assert(event_room(list) > 0 && version >= 1);
        assert(!list->n_events || list->events[list->n_events - 1].data_size > 0);

        list->events[list->n_events++] = (NewEvent){
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

void event_end(EventList *list)
{
        NewEvent *event;

        assert(list->n_events > 0);
        event = &list->events[list->n_events - 1];
        assert(event->data_size == 0);
        json_write_object_end(&list->text);
        event->data_size = list->text.size - event->data_start;
}

JsonSpan event_list_data(const EventList *list, size_t index)
{
        assert(index < list->n_events);
        return (JsonSpan){ list->text.data + list->events[index].data_start,
                           list->events[index].data_size };
}
