#pragma once

/*
 * event_list.h — the events that one decision makes, in order; eventData is written field by field.
 */

#include "common/base/buffer.h"
#include "common/domain/command.h"

#define EVENT_LIST_MAX 64 /* events of one command */

typedef struct NewEvent {
        const char *type;  /* static text */
        int version;       /* schema version */
        size_t data_start; /* offset of its eventData in the list's text */
        size_t data_size;
} NewEvent;

typedef struct EventList {
        NewEvent events[EVENT_LIST_MAX];
        size_t n_events;
        Buffer text;
} EventList;

#define EVENT_LIST_INIT ((EventList){ .n_events = 0 })

void event_list_deinit(EventList *list);
void event_list_clear(EventList *list);

/**
 * event_begin() - add an event; write its eventData fields, then call event_end()
 * @type:  static text, one of the aggregate's event types
 *
 * event_string() and friends write one field each; a NULL string is written as null.
 * event_copy() passes a payload field on byte for byte and writes nothing when it is absent.
 * Asserts that there is room: a decision makes at most EVENT_LIST_MAX events (check with event_room()).
 */
void event_begin(EventList *list, const char *type, int version);
void event_string(EventList *list, const char *field, const char *value);
void event_int(EventList *list, const char *field, int64_t value);
void event_time(EventList *list, const char *field, int64_t time_us);
void event_raw(EventList *list, const char *field, JsonSpan value);
void event_copy(EventList *list, const Command *command, const char *field);
void event_end(EventList *list);

/* How many more events fit. */
size_t event_room(const EventList *list);

JsonSpan event_list_data(const EventList *list, size_t index);
