#include "common/event/event_trace.h"

#include <string.h>

#define LENGTH (EVENT_TRACE_SIZE - 1)

/* It has plain characters only, so nothing has to be decoded. */
const char *event_traceparent(const Event *event, char ret_text[EVENT_TRACE_SIZE])
{
        static const char key[] = "\"traceparent\":\"";
        const size_t before = sizeof key - 1;
        const char *end = event->metadata.text + event->metadata.size, *at;

        if (!event->metadata.text)
                return NULL;
        at = memmem(event->metadata.text, event->metadata.size, key, before);
        if (!at || (size_t)(end - at) <= before + LENGTH || at[before + LENGTH] != '"')
                return NULL;
        memcpy(ret_text, at + before, LENGTH);
        ret_text[LENGTH] = '\0';
        return ret_text;
}
