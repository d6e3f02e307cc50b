#pragma once

/*
 * test_schema_literal.h — a schema written in a test.
 */

#include <check.h>
#include <string.h>

#include "common/model/model.h"

/* The schema that @text says; fails the test when it says none. */
static inline Schema *schema_literal(const char *text)
{
        Schema *schema = NULL;
        Error err = ERROR_INIT;

        ck_assert_msg(schema_parse(&schema, "test", text, strlen(text), &err) == ERROR_NONE, "%s",
                      err.message);
        return schema;
}
