#pragma once

/*
 * clock.h — time is int64_t microseconds everywhere inside; text is RFC 3339, UTC, microseconds.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

#define CLOCK_TEXT_SIZE 28 /* "2026-01-31T23:59:59.123456Z" and its NUL */

#define US_PER_MS       INT64_C(1000)
#define US_PER_SEC      INT64_C(1000000)

/* Wall clock, microseconds since 1970-01-01T00:00:00Z. Thread: any. */
int64_t clock_now_us(void);

/* Monotonic clock, microseconds since some fixed moment; for durations and deadlines. Thread: any. */
int64_t clock_monotonic_us(void);

/* Let @duration_us pass in this thread. For pauses between tries; tests wait for conditions instead. */
void clock_wait_us(int64_t duration_us);

/* Write @time_us (years 0001 to 9999) as RFC 3339 text with a Z. */
void clock_format(int64_t time_us, char ret_text[CLOCK_TEXT_SIZE]);

/**
 * clock_parse() - read an RFC 3339 date-time, any offset, 0 to 9 digits of fraction
 * @text:  not NUL-terminated, @size bytes; digits after the sixth are dropped
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED.
 */
_must_check_ ErrorCode clock_parse(const char *text, size_t size, int64_t *ret_time_us, Error *err);
