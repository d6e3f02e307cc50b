#pragma once

/*
 * backoff.h — growing, jittered pauses between tries; a value without invariants.
 */

#include <stdint.h>

typedef struct Backoff {
        int64_t first_us; /* the first pause */
        int64_t max_us;   /* no pause is longer */
        int64_t next_us;  /* 0 before the first failure */
} Backoff;

#define BACKOFF_INIT(first, max) ((Backoff){ .first_us = (first), .max_us = (max) })

/* How long to wait before the next try: doubles each time, less up to a quarter at random. */
int64_t backoff_next_us(Backoff *backoff);

/* A try succeeded: the next failure waits the first pause again. */
void backoff_reset(Backoff *backoff);
