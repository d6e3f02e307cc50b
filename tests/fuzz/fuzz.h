#pragma once

/*
 * fuzz.h — the one function of a fuzz target, and the check that ends it.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Feed @size bytes of anything to the decoder; returns 0. A fault ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* NOLINT: libFuzzer's name */

/* What must hold for every input. */
#define FUZZ_CHECK(condition)                                                                 \
        do {                                                                                  \
                if (!(condition)) {                                                           \
                        (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
                        abort();                                                              \
                }                                                                             \
        } while (0)
