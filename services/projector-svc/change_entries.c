#include "change_entries.h"

#include <inttypes.h>
#include <string.h>

#define ABSENT         '-'
#define DIGITS_MAX     20
#define FIELD_SIZE_MAX ((size_t)1 << 30) /* PostgreSQL's */

static size_t format_number(char text[DIGITS_MAX], uint64_t number)
{
        size_t n = 0;

        for (uint64_t rest = number; rest || n == 0; rest /= 10)
                n++;
        for (size_t i = n; i-- > 0; number /= 10)
                text[i] = (char)('0' + number % 10);
        return n;
}

static void append_bytes(Buffer *entry, const char *text, size_t size)
{
        char digits[DIGITS_MAX];

        buffer_append(entry, digits, format_number(digits, size));
        buffer_append_char(entry, ':');
        buffer_append(entry, text, size);
}

static void append_field(Buffer *entry, const char *text)
{
        if (text)
                append_bytes(entry, text, strlen(text));
        else
                buffer_append_char(entry, ABSENT);
}

static void append_number(Buffer *entry, int64_t number)
{
        char digits[DIGITS_MAX];

        append_bytes(entry, digits, format_number(digits, (uint64_t)number));
}

void change_entry_begin(Buffer *entry, const Change *change)
{
        append_field(entry, change->id);
        append_field(entry, change->aggregate_id);
        append_field(entry, change->aggregate_type);
        append_number(entry, change->partition);
        append_number(entry, change->position);
        append_field(entry, change->event_id);
        append_field(entry, change->traceparent);
}

void change_entry_image(Buffer *entry, const char *text, size_t size)
{
        if (text)
                append_bytes(entry, text, size);
        else
                buffer_append_char(entry, ABSENT);
}

void change_entries_init(ChangeEntries *entries, const char *text, size_t size, int64_t first,
                         int64_t last, int64_t changed_us)
{
        buffer_clear(&entries->texts);
        entries->at = text;
        entries->end = text + size;
        entries->next = first;
        entries->left = last - first + 1;
        entries->changed_us = changed_us;
}

void change_entries_deinit(ChangeEntries *entries)
{
        buffer_deinit(&entries->texts);
        *entries = (ChangeEntries){ 0 };
}

/* @ret: no text when the field is absent. */
static bool read_field(ChangeEntries *entries, JsonSpan *ret)
{
        const char *at = entries->at;
        size_t size = 0;

        *ret = (JsonSpan){ 0 };
        if (at < entries->end && *at == ABSENT) {
                entries->at = at + 1;
                return true;
        }
        for (; at < entries->end && *at >= '0' && *at <= '9' && size < FIELD_SIZE_MAX; at++)
                size = size * 10 + (size_t)(*at - '0');
        if (at == entries->at || at == entries->end || *at != ':' ||
            size > (size_t)(entries->end - at - 1))
                return false;
        *ret = (JsonSpan){ at + 1, size };
        entries->at = at + 1 + size;
        return true;
}

enum {
        ID,
        AGGREGATE,
        AGGREGATE_TYPE,
        PARTITION,
        POSITION,
        EVENT_ID,
        TRACEPARENT,
        OLD,
        NEW,
        N_FIELDS
};

/* Texts that end, for those who want them so: room is made first, so that they stay where they are. */
static const char *keep(Buffer *texts, JsonSpan field)
{
        const char *kept = texts->data + texts->size;

        if (!field.text)
                return NULL;
        buffer_append(texts, field.text, field.size);
        buffer_append_char(texts, '\0');
        return kept;
}

static int64_t read_number(JsonSpan field)
{
        int64_t number = 0;

        for (size_t i = 0; i < field.size; i++)
                number = number * 10 + (field.text[i] - '0');
        return number;
}

static bool is_number(JsonSpan field)
{
        for (size_t i = 0; i < field.size; i++)
                if (field.text[i] < '0' || field.text[i] > '9')
                        return false;
        return field.size < DIGITS_MAX - 1;
}

ErrorCode change_entries_read(ChangeEntries *entries, Change *ret, Error *err)
{
        JsonSpan fields[N_FIELDS];
        size_t size = 0;
        bool ok = entries->left > 0;

        for (size_t i = 0; ok && i < N_FIELDS; i++)
                ok = read_field(entries, &fields[i]);
        if (!ok || !is_number(fields[PARTITION]) || !is_number(fields[POSITION]) ||
            (entries->left == 1 && entries->at != entries->end))
                return error_set(err, ERROR_INTERNAL, "change %" PRId64 " is not readable",
                                 entries->next);
        for (size_t i = ID; i <= TRACEPARENT; i++)
                size += fields[i].size + 1;
        buffer_clear(&entries->texts);
        (void)buffer_reserve(&entries->texts, size);
        entries->left--;
        *ret = (Change){ .change_position = entries->next++,
                         .id = keep(&entries->texts, fields[ID]),
                         .aggregate_id = keep(&entries->texts, fields[AGGREGATE]),
                         .aggregate_type = keep(&entries->texts, fields[AGGREGATE_TYPE]),
                         .partition = (int32_t)read_number(fields[PARTITION]),
                         .position = read_number(fields[POSITION]),
                         .event_id = keep(&entries->texts, fields[EVENT_ID]),
                         .traceparent = keep(&entries->texts, fields[TRACEPARENT]),
                         .changed_us = entries->changed_us,
                         .old_row = fields[OLD],
                         .new_row = fields[NEW] };
        return ERROR_NONE;
}
