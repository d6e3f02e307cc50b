#pragma once

/*
 * test_main.h — the main() of a file of libcheck tests, which only has to list them:
 *
 *     TEST_MAIN("order", placing_an_order, shipping_it)
 */

#include <check.h>

#include "common/base/cleanup.h"

#define TEST_MAIN(name, ...)                                        \
        int main(void)                                              \
        {                                                           \
                const TTest *const tests[] = { __VA_ARGS__ };       \
                return test_main((name), tests, ARRAY_SIZE(tests)); \
        }

/* Run the tests as one suite. Return: the exit code. */
int test_main(const char *name, const TTest *const *tests, size_t n_tests);
