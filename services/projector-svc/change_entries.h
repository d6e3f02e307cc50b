#pragma once

/*
 * change_entries.h — the changes of a transaction as the store keeps them: one text, an entry per change.
 *
 * An entry is nine fields in the order of "Change": id, aggregate, aggregate type, partition, position, event id,
 * traceparent, old image, new image; each as its bytes, a colon and the text ("2:p1"), or "-" when there is none.
 * projection.reset_changes() writes the same, projection.read_changes() shows it to people.
 */

#include "change_message.h"

/* All fields of an entry but the images. */
void change_entry_begin(Buffer *entry, const Change *change);

/* An image; no @text when there is none. */
void change_entry_image(Buffer *entry, const char *text, size_t size);

/* The changes of one transaction, or a part of it, one after the other. Zero-initialize. */
typedef struct ChangeEntries {
        const char *at, *end; /* what is still to be read; borrowed */
        int64_t next;         /* position */
        int64_t left;         /* how many */
        int64_t changed_us;
        Buffer texts; /* of the change read last */
} ChangeEntries;

/* Changes @first to @last are in @text, made at @changed_us; @text outlives their reading. */
void change_entries_init(ChangeEntries *entries, const char *text, size_t size, int64_t first,
                         int64_t last, int64_t changed_us);
void change_entries_deinit(ChangeEntries *entries);

/**
 * change_entries_read() - the next change, while entries->left > 0
 * @ret:  its texts live until the next call, its images as long as the text
 *
 * Return: ERROR_NONE, or ERROR_INTERNAL when this is not what was written.
 */
_must_check_ ErrorCode change_entries_read(ChangeEntries *entries, Change *ret, Error *err);
