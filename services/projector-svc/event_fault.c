#include "event_fault.h"

#include <stddef.h>
#include <string.h>

bool event_fault_of_values(const Error *err)
{
        /* clang-format off: a table */
        static const char *const states[] = {
                "22",    /* data exception */
                "23",    /* integrity constraint violation */
                "54000", /* program limit exceeded: such as the size of an index row */
        };
        /* clang-format on */

        for (size_t i = 0; i < ARRAY_SIZE(states); i++)
                if (strncmp(err->sqlstate, states[i], strlen(states[i])) == 0)
                        return true;
        return false;
}
