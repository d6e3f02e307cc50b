#pragma once

/*
 * uuid.h — 16-byte identifiers; new ones are version 7, so that they sort by the time they were made.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_TEXT_SIZE 37 /* 36 characters and the NUL */

typedef struct Uuid {
        uint8_t bytes[16];
} Uuid;

/* A new UUIDv7; never the same twice, ascending within a thread and millisecond. Thread: any. */
Uuid uuid_new(void);

void uuid_format(const Uuid *uuid, char ret_text[UUID_TEXT_SIZE]);

/* Read the 36-character form, any case, any version. @text need not be NUL-terminated. */
bool uuid_parse(const char *text, size_t size, Uuid *ret);

/**
 * uuid_from_name() - the same 16 bytes for the same @name, for keys that are not UUIDs themselves
 *
 * A version 8 UUID over SHA-256 of the bytes: two names meet with the probability that 122 bits allow.
 */
Uuid uuid_from_name(const void *name, size_t size);
