#pragma once

/*
 * event_trace.h — the trace context that an event carries.
 */

#include "common/event/event.h"

#define EVENT_TRACE_SIZE 56 /* a traceparent of W3C, version 00, and its NUL */

/* traceparent of the event's metadata, as text in @ret_text; NULL when there is none. */
const char *event_traceparent(const Event *event, char ret_text[EVENT_TRACE_SIZE]);
