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

/* What a decision made more of than it may. */
typedef enum EventExcess {
        EVENT_EXCESS_NONE,
        EVENT_EXCESS_COUNT,
        EVENT_EXCESS_ONE, /* bytes of one event */
        EVENT_EXCESS_ALL, /* bytes of all of them */
} EventExcess;

typedef struct EventList {
        NewEvent events[EVENT_LIST_MAX];
        size_t n_events;
        Buffer text;
        NewEvent open;          /* between event_begin() and event_end() */
        size_t event_bytes_max; /* of one event's data; 0: any */
        size_t bytes_max;       /* of all events' data; 0: any */
        EventExcess excess;     /* the first; no event is kept since */
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
 * A decision makes at most EVENT_LIST_MAX events, and no more bytes than the list's limits; what is beyond
 * is left out, and the engine refuses the command. A rule with a better word for it asks event_room() first.
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

/* Return: ERROR_NONE; ERROR_INVALID for too many events, ERROR_TOO_LARGE for too many bytes: the command
 * must be refused. */
_must_check_ ErrorCode event_list_check(const EventList *list, Error *err);
