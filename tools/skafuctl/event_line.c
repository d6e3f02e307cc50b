#include "event_line.h"

#include <inttypes.h>

#include "common/base/clock.h"
#include "common/base/json_fields.h"
#include "common/base/json_writer.h"
#include "common/event/event_codec.h"

/* A string in JSON cannot hold a line feed, so the ones that are there are between values. */
static void flatten(Buffer *buffer, size_t from)
{
        for (size_t i = from; i < buffer->size; i++)
                if (buffer->data[i] == '\n' || buffer->data[i] == '\r')
                        buffer->data[i] = ' ';
}

static void append_actor(Buffer *buffer, const Event *event)
{
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        const char *actor = NULL;

        if (!json_fields_parse(&fields, event->metadata.text, event->metadata.size, NULL))
                actor = json_fields_string(&fields, "actor");
        buffer_append_string(buffer, actor ? actor : "-");
}

void event_line_text(Buffer *buffer, const Event *event)
{
        char time[CLOCK_TEXT_SIZE];
        size_t from = buffer->size;

        clock_format(event->timestamp_us, time);
        buffer_printf(buffer, "%s  %s/%" PRId32 ":%" PRId64 "  %s#%" PRId64 "  %s  ", time,
                      event->aggregate_type, event->partition, event->position, event->aggregate_id,
                      event->sequence, event->type);
        append_actor(buffer, event);
        buffer_append_string(buffer, "  ");
        buffer_append(buffer, event->data.text, event->data.size);
        flatten(buffer, from);
        buffer_append_char(buffer, '\n');
}

void event_line_json(Buffer *buffer, const Event *event)
{
        size_t from = buffer->size;

        json_write_object(buffer, NULL);
        json_write_int(buffer, "partition", event->partition);
        json_write_int(buffer, "position", event->position);
        event_encode(buffer, "event", event);
        json_write_object_end(buffer);
        flatten(buffer, from);
        buffer_append_char(buffer, '\n');
}
